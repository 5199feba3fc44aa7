"""Copies of a picture are known by their pixels, or by what they look like; other pictures are no copies."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps
from scipy.fft import dctn

from audit.datasets.content import Content, content_of, copies
from audit.datasets.perceptual_hash import (
    BITS,
    LOWEST,
    MOST_BITS,
    NO_HASH,
    PLAIN,
    SIDE,
    alike,
    hash_words,
    perceptual_hash,
)

WIDTH, HEIGHT = 150, 100


def picture(seed: int) -> Image.Image:
    """Soft blobs, as blurred photographs are, with noise on them."""
    rng = np.random.default_rng(seed)
    soft = Image.fromarray(rng.integers(0, 256, (12, 18, 3), dtype=np.uint8)).resize((WIDTH, HEIGHT))
    return Image.fromarray((0.9 * np.asarray(soft) + rng.integers(0, 25, (HEIGHT, WIDTH, 3))).astype(np.uint8))


def recoded(of: Image.Image, quality: int, comment: bytes = b"") -> Image.Image:
    file = BytesIO()
    of.save(file, "JPEG", quality=quality, comment=comment)
    return Image.open(BytesIO(file.getvalue())).convert("RGB")


ORIGINAL = picture(0)
COPIES = {
    "the same": ORIGINAL,
    "poor JPEG": recoded(ORIGINAL, 20),
    "smaller": ORIGINAL.resize((60, 40)),
    "squashed": ORIGINAL.resize((120, 120)),
    "cropped": ORIGINAL.crop((2, 1, WIDTH - 2, HEIGHT - 1)),
    "brighter": ImageEnhance.Brightness(ORIGINAL).enhance(1.3),
    "flatter": ImageEnhance.Contrast(ORIGINAL).enhance(0.6),
    "grey": ORIGINAL.convert("L").convert("RGB"),
    "mirrored": ImageOps.mirror(ORIGINAL),
    "mirrored and smaller": ImageOps.mirror(ORIGINAL).resize((75, 50)),
    **{turn.name.lower(): ORIGINAL.transpose(turn) for turn in Image.Transpose},
    "negative": ImageOps.invert(ORIGINAL),
    "negative, turned and poor": recoded(ImageOps.invert(ORIGINAL).transpose(Image.Transpose.ROTATE_270), 20),
}


def test_the_pixels_decide_whatever_else_the_file_holds() -> None:
    one, other = (content_of(recoded(ORIGINAL, 90, comment), ()) for comment in (b"one", b"another"))
    assert one == other
    assert content_of(recoded(ORIGINAL, 89), ()).pixels_sha256 != one.pixels_sha256
    assert content_of(ORIGINAL, ()) == content_of(Image.fromarray(np.asarray(ORIGINAL)), ())
    tall, wide = (content_of(Image.new("RGB", size), ()) for size in ((10, 20), (20, 10)))
    assert tall.pixels_sha256 != wide.pixels_sha256, "the same bytes in another shape"


def test_tall_pictures_are_hashed_to_their_last_row() -> None:
    tall = np.zeros((1000, 3, 3), np.uint8)
    changed = tall.copy()
    changed[-1, -1, -1] = 1
    assert content_of(Image.fromarray(tall), ()) != content_of(Image.fromarray(changed), ())


@pytest.mark.tor("TOR-074")
@pytest.mark.parametrize("name", COPIES)
def test_copies_are_found(name: str) -> None:
    found = copies([content_of(picture(1), ()), content_of(ORIGINAL, ())], [content_of(COPIES[name], ())])
    assert found.tolist() == [[False], [True]]


def test_other_pictures_are_no_copies() -> None:
    contents = [content_of(picture(seed), ()) for seed in range(40)]
    assert copies(contents, contents).tolist() == np.eye(40, dtype=bool).tolist()


@pytest.mark.parametrize("plain", [Image.new("RGB", (50, 40), colour) for colour in ("red", "white")])
def test_plain_pictures_have_no_hash_and_are_copies_by_their_pixels_alone(plain: Image.Image) -> None:
    ramp = Image.linear_gradient("L").convert("RGB")
    assert perceptual_hash(plain, ()) == perceptual_hash(ramp, ()) == NO_HASH
    contents = [content_of(shown, ()) for shown in (plain, ramp, ORIGINAL)]
    assert copies(contents, contents).tolist() == np.eye(3, dtype=bool).tolist()
    assert copies([], contents).shape == (0, 3)


def test_a_fixed_camera_takes_no_copies_of_other_objects() -> None:
    """The scene is the same; the objects, which lie elsewhere or look otherwise, are not."""
    places = ((20, 20, 40, 40), (20, 20, 40, 40), (90, 40, 110, 60))
    scenes = []
    for seed, (x0, y0, x1, y1) in enumerate(places):
        scene = ORIGINAL.copy()
        scene.paste(picture(50 + seed).resize((x1 - x0, y1 - y0)), (x0, y0))
        scenes.append((scene, ((float(x0), float(y0), float(x1), float(y1)),)))
    without = [content_of(scene, ()) for scene, _ in scenes]
    contents = [content_of(*scene) for scene in scenes]
    assert copies(without, without).all()
    assert copies(contents, contents).tolist() == np.eye(3, dtype=bool).tolist()
    smaller = scenes[0][0].resize((75, 50)), ((10.0, 10.0, 20.0, 20.0),)
    assert copies(contents, [content_of(*smaller)])[:, 0].tolist() == [True, False, False]


def test_the_surroundings_of_all_objects_are_hashed_too() -> None:
    boxes = ((30.0, 20.0, 50.0, 40.0), (60.0, 30.0, 70.0, 60.0))
    found = perceptual_hash(ORIGINAL, boxes)
    part = ORIGINAL.crop((10, 0, 90, 80))  # half of 40 x 40 on each side
    assert found[BITS // 4 :] == perceptual_hash(part, ())[: BITS // 4]
    assert found[: BITS // 4] == perceptual_hash(ORIGINAL, ())[: BITS // 4]
    plain = ORIGINAL.copy()
    plain.paste((90, 90, 90), (0, 0, 80, 80))
    whole = perceptual_hash(plain, ((30.0, 20.0, 50.0, 40.0),))
    assert whole[BITS // 4 :] == whole[: BITS // 4], "no hash of its own"


def test_the_hash_is_that_of_the_definition() -> None:
    """The signs of the 16 × 16 lowest frequencies by parity of rows, then of columns."""
    small = ORIGINAL.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    grey = np.asarray(small, dtype=np.float64)
    amplitude = dctn(grey, norm="ortho")
    bits = [
        bool(amplitude[row, column] >= PLAIN) and (row, column) != (0, 0)
        for down in (0, 1)
        for across in (0, 1)
        for row in range(down, LOWEST, 2)
        for column in range(across, LOWEST, 2)
    ]
    assert int(perceptual_hash(ORIGINAL, ())[: BITS // 4], 16) == sum(
        bit << (BITS - 1 - place) for place, bit in enumerate(bits)
    )


@pytest.mark.slow
def test_alike_counts_the_bits_that_differ_turned_as_suits_best() -> None:
    """Against each of the eight turns of a picture and of its negative, one after the other."""
    rng = np.random.default_rng(0)
    first = rng.random((48, LOWEST, LOWEST)) < 0.5
    turns = [[turned(one, number) for number in range(16)] for one in first]
    second = np.array([turns[place][place % 16] for place in range(48)])
    second ^= rng.random(second.shape) < np.linspace(0, 0.35, 48)[:, None, None]
    one, other = alike(words_of(first), words_of(second))
    expected = {
        (i, j) for i in range(48) for j in range(48) if min((second[j] != turn).sum() for turn in turns[i]) <= MOST_BITS
    }
    assert sorted(zip(one.tolist(), other.tolist(), strict=True)) == sorted(expected)
    assert 12 < len(expected) < 48


def test_a_picture_that_is_its_own_mirror_image_is_one_copy() -> None:
    signs = np.random.default_rng(0).random((1, LOWEST, LOWEST)) < 0.5
    words = words_of(signs | signs.transpose(0, 2, 1))
    assert [side.tolist() for side in alike(words, words)] == [[0], [0]]


def turned(signs: NDArray[np.bool_], number: int) -> NDArray[np.bool_]:
    """One of 16: mirrored, upside down, negative and with rows for columns, or not."""
    odd = np.arange(LOWEST) % 2 == 1
    mirrored, upside_down, negative, swapped = (bool(number >> place & 1) for place in range(4))
    upright = signs ^ (odd & mirrored) ^ (odd & upside_down)[:, None] ^ negative
    return np.asarray(upright.T if swapped else upright)


def words_of(signs: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Of pictures (n, 16, 16) that are all object."""
    words = [signs[:, down::2, across::2].reshape(len(signs), -1) for down in (0, 1) for across in (0, 1)]
    return hash_words([2 * row.tobytes().hex() for row in np.packbits(np.concatenate(words, axis=1), axis=1)])


@pytest.mark.parametrize("broken", ["ab", "z" * 128, "0" * 126])
def test_what_is_no_hash_is_refused(broken: str) -> None:
    with pytest.raises(ValueError, match=r"perceptual hash has 2 x 256 bits|hexadecimal"):
        hash_words([broken])


def test_contents_without_a_hash_are_told_apart_by_their_pixels() -> None:
    assert copies([Content("a", NO_HASH)], [Content("a", NO_HASH), Content("b", NO_HASH)]).tolist() == [[True, False]]


@pytest.mark.real
def test_of_real_photographs_none_is_a_copy_of_another_and_every_copy_is_found(real: Path) -> None:
    files = sorted((real / "images").glob("*"))
    photographs = [Image.open(file).convert("RGB") for file in files]
    contents = [content_of(photograph, ()) for photograph in photographs]
    assert copies(contents, contents).tolist() == np.eye(len(files), dtype=bool).tolist()
    for change in (
        lambda p: recoded(p, 20),
        lambda p: p.resize((p.width // 2, p.height // 2)),
        ImageOps.mirror,
        lambda p: ImageOps.invert(p).transpose(Image.Transpose.ROTATE_90),
        lambda p: Image.merge("RGB", p.split()[::-1]),
    ):
        changed = [content_of(change(photograph), ()) for photograph in photographs]
        assert copies(contents, changed).tolist() == np.eye(len(files), dtype=bool).tolist()
