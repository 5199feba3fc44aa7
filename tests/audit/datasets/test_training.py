"""Lists of training pictures: what they hold, what is refused, and which pictures they know again."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from audit.datasets.content import Content, content_of, copies
from audit.datasets.perceptual_hash import NO_HASH, hash_words
from audit.datasets.training import DIGITS, Training, hashes_text, overlap, read_training
from audit.errors import AuditError

WIDTH, HEIGHT = 90, 60


def picture(seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    soft = Image.fromarray(rng.integers(0, 256, (8, 12, 3), dtype=np.uint8)).resize((WIDTH, HEIGHT))
    return Image.fromarray((0.9 * np.asarray(soft) + rng.integers(0, 25, (HEIGHT, WIDTH, 3))).astype(np.uint8))


def seen(of: Image.Image) -> Content:
    """As the audit sees it: with a box."""
    return content_of(of, [(0.1 * of.width, 0.1 * of.height, 0.4 * of.width, 0.4 * of.height)])


def listed(tmp_path: Path, *pictures: Image.Image, unread: int = 0) -> Training:
    path = tmp_path / "training.csv"
    path.write_text(hashes_text([content_of(one, ()) for one in pictures], unread))
    return read_training(path)


@pytest.mark.tor("TOR-128")
def test_pictures_are_known_again_whatever_their_boxes(tmp_path: Path) -> None:
    training = listed(tmp_path, picture(0), picture(1), Image.new("RGB", (WIDTH, HEIGHT)), unread=2)
    assert (len(training.pixels), len(training.looks), training.unread) == (3, 2, 2)
    audited = [picture(1), picture(2), picture(0).resize((45, 30)), Image.new("RGB", (WIDTH, HEIGHT)), picture(3)]
    contents = [seen(one) for one in audited]
    found = overlap(training, [c.pixels_sha256 for c in contents], [c.perceptual_hash for c in contents])
    assert found.same.tolist() == [True, False, False, True, False]
    assert found.alike.tolist() == [True, False, True, True, False], "a plain picture has no look, but pixels"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 5), max_size=6), st.lists(st.integers(0, 5), min_size=1, max_size=6), st.integers(1, 9))
def test_block_by_block_as_all_at_once(audited: list[int], trained: list[int], at_once: int) -> None:
    """Against `copies`, which compares every pair, of pictures as wholes."""
    whole = {seed: content_of(picture(seed) if seed else Image.new("RGB", (9, 9)), ()) for seed in range(6)}
    one, other = ([whole[seed] for seed in seeds] for seeds in (audited, trained))
    looks = sorted({c.perceptual_hash for c in other if c.perceptual_hash != NO_HASH})
    words = hash_words([2 * look[:DIGITS] for look in looks])
    known = Training(frozenset(c.pixels_sha256 for c in other), words, 0, "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("audit.datasets.training.COMPARED", at_once)
        found = overlap(known, [c.pixels_sha256 for c in one], [c.perceptual_hash for c in one])
    assert found.same.tolist() == [c.pixels_sha256 in known.pixels for c in one]
    assert found.alike.tolist() == copies(one, other).any(axis=1).tolist()


def test_a_list_says_nothing_of_names_order_and_number_of_copies() -> None:
    one, other = content_of(picture(0), ()), content_of(picture(1), ())
    assert hashes_text([one, other], 0) == hashes_text([other, one, one], 0)
    assert hashes_text([one], 3).splitlines()[0] == "pixels_sha256,perceptual_hash"
    assert hashes_text([one], 3).endswith("\nunread,3\n")


BROKEN = {
    "": r"begins with ''; need 'pixels_sha256,perceptual_hash'\. Make it with: saliency-audit hashes FOLDER",
    "sha,look\nunread,0\n": r"begins with 'sha,look'",
    "pixels_sha256,perceptual_hash\n": r"does not end with 'unread'; need the whole list",
    f"pixels_sha256,perceptual_hash\n{'0' * 64},{'0' * 64}\n": r"does not end with 'unread'; need the whole list",
    "pixels_sha256,perceptual_hash\nunread,0\n": r"lists no picture; need the hashes of the training pictures",
    f"pixels_sha256,perceptual_hash\n{'0' * 63},\nunread,0\n": r"line 2 is '0+,'; need two hashes of 64 digits",
    f"pixels_sha256,perceptual_hash\n{'0' * 64}\nunread,0\n": r"line 2 is",
    f"pixels_sha256,perceptual_hash\n{'0' * 64},{'x' * 64}\nunread,0\n": r"line 2 is",
    "pixels_sha256,perceptual_hash\nü,\nunread,0\n": r"cannot be read",
}


@pytest.mark.tor("TOR-128")
@pytest.mark.parametrize("text", BROKEN)
def test_what_is_no_whole_list_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "training.csv").write_text(text, encoding="utf-8")
    with pytest.raises(AuditError, match=BROKEN[text]):
        read_training(tmp_path / "training.csv")
    with pytest.raises(AuditError, match=r"none\.csv: cannot be read"):
        read_training(tmp_path / "none.csv")
