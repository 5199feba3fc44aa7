"""Exclusions that are known before a picture is decoded: the same as those of loading."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from audit.datasets.exclusions import Reason
from audit.datasets.foreseen import foreseen
from audit.datasets.geometry import covered_share
from audit.datasets.loader import Loader
from audit.datasets.preprocessing import Preprocessing
from audit.datasets.sample import Box, Sample
from audit.saliency.localisation import region

CROPPED = Preprocessing(resize=32, crop=(32, 32))


def loader(folder: Path, samples: list[Sample], preprocessing: Preprocessing = CROPPED) -> Loader:
    return Loader(folder, samples, preprocessing, 0.9, 0.25, 0, workers=1, ahead=0)


def sample(image: str, *boxes: Box) -> Sample:
    return Sample(image, "x", boxes)


def reasons(loader: Loader) -> dict[int, str]:
    return {number: exclusion.reason for number, exclusion in foreseen(loader).items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Wide pictures of 64x32, one that is stored on its side, and one of which only the header is left."""
    wide = Image.new("RGB", (64, 32))
    wide.save(tmp_path / "wide.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    wide.save(tmp_path / "turned.jpg", exif=exif)
    Image.new("RGB", (32, 32)).save(tmp_path / "square.png")
    (tmp_path / "broken.png").write_bytes((tmp_path / "wide.png").read_bytes()[:60])
    (tmp_path / "text.png").write_text("no picture")
    return tmp_path


@pytest.mark.tor("TOR-080")
@pytest.mark.parametrize(
    ("image", "box", "reason"),
    [
        ("wide.png", (20, 4, 40, 20), None),
        ("wide.png", (0, 0, 64, 32), Reason.BOX_COVERS_FRAME),
        ("broken.png", (0, 0, 64, 32), Reason.BOX_COVERS_FRAME),
        ("wide.png", (0, 4, 18, 20), Reason.OBJECT_CROPPED),
        ("wide.png", (30.6, 4, 31.4, 20), Reason.OBJECT_CROPPED),
        ("turned.jpg", (20, 4, 40, 20), None),
        ("turned.jpg", (0, 0, 10, 32), Reason.OBJECT_CROPPED),
        ("wide.png", (60, 4, 80, 20), Reason.BOX_OUTSIDE),
        ("absent.png", (0, 0, 8, 8), Reason.MISSING_PICTURE),
        ("text.png", (0, 0, 8, 8), None),
    ],
)
def test_boxes_sizes_and_crop_decide_before_a_picture_is_decoded(
    folder: Path, image: str, box: Box, reason: Reason | None
) -> None:
    assert reasons(loader(folder, [sample(image, box)])) == ({0: reason} if reason else {})


@pytest.mark.slow
def test_they_are_those_of_loading_word_for_word(folder: Path) -> None:
    boxes: list[Box] = [(x, y, x + w, y + h) for x in (0, 17, 50) for y in (0, 9) for w in (3, 33, 64) for h in (5, 32)]
    samples = [
        Sample(image, "x", (box,), size=size)
        for image in ("wide.png", "turned.jpg", "absent.png")
        for box in boxes
        for size in (None, (64, 32), (32, 64), (9, 9))
    ]
    every = loader(folder, samples)
    batch = next(every.batches([range(len(samples))]))
    assert foreseen(every) == dict(batch.exclusions)
    assert len({exclusion.reason for _, exclusion in batch.exclusions}) == 5


@pytest.mark.parametrize(("first", "out"), [("wide.png", {1}), ("broken.png", {0, 2})])
def test_the_frame_is_that_of_the_first_picture_that_can_be_decoded(folder: Path, first: str, out: set[int]) -> None:
    samples = [sample(image, (8, 8, 20, 20)) for image in (first, "square.png", "wide.png")]
    others = reasons(loader(folder, samples, Preprocessing(resize=32)))
    assert others == dict.fromkeys(out, Reason.OTHER_FRAME)


@pytest.mark.slow
@settings(max_examples=100)
@given(
    boxes=st.lists(st.tuples(*[st.floats(-2, 22, width=32)] * 4), max_size=5),
    size=st.sampled_from([(20, 20), (7, 19), (1, 1)]),
)
def test_the_share_is_that_of_the_mask(boxes: list[Box], size: tuple[int, int]) -> None:
    corners = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
    assert covered_share(corners, size) == region([corners], size, 0, "cpu").area_share.item()


def test_a_large_frame_takes_no_more_time(folder: Path) -> None:
    vast = Preprocessing(resize=(4_096, 4_096))
    inside = loader(folder, [sample("wide.png", (20, 4, 40, 20))] * 20, vast)
    assert reasons(inside) == {}
    assert set(reasons(replace(inside, max_box_share=0.1))) == set(range(20))


def test_very_many_boxes_in_a_large_frame_take_little_memory() -> None:
    corners = torch.rand(1_000, 4).mul(4_000).sort(dim=1).values
    tracemalloc.start()
    assert 0 < covered_share(corners, (4_096, 4_096)) <= 1
    assert tracemalloc.get_traced_memory()[1] < 100 * 2**20
    tracemalloc.stop()
