"""Boxes go through the preprocessing with the pixels: a box that is painted into the picture stays on its paint."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms._presets import ImageClassification
from torchvision.transforms.v2 import functional as VF
from torchvision.tv_tensors import BoundingBoxes

from audit.datasets.preprocessing import Framed, Preprocessing
from audit.datasets.sample import Box

LENGTH = st.integers(17, 90)
SIZE = st.tuples(LENGTH, LENGTH)


@st.composite
def boxes_in_pictures(draw: st.DrawFn) -> tuple[tuple[int, int], tuple[int, int, int, int]]:
    width, height = draw(SIZE)
    x0, y0 = draw(st.integers(0, width - 6)), draw(st.integers(0, height - 6))
    return (width, height), (x0, y0, draw(st.integers(x0 + 6, width)), draw(st.integers(y0 + 6, height)))


PREPROCESSING = st.builds(
    Preprocessing,
    resize=st.none() | LENGTH | SIZE,
    letterbox=st.none() | SIZE,
    crop=st.none() | SIZE,
    interpolation=st.sampled_from(["nearest", "bilinear", "bicubic"]),
)


def framed(preprocessing: Preprocessing, size: tuple[int, int], box: tuple[int, int, int, int]) -> Framed:
    picture = Image.new("RGB", size, (0, 0, 255))
    picture.paste((255, 0, 0), box)
    return preprocessing.frame(picture, (box,))


def painted(pixels: torch.Tensor) -> Box | None:
    """Bounds of the red pixels: at least half as red as the reddest, since small boxes blend with what is beside."""
    red = pixels[0].float() - pixels[1]
    if red.amax() < 64:
        return None
    ys, xs = torch.nonzero(red >= red.amax() / 2, as_tuple=True)
    return float(xs.min()), float(ys.min()), float(xs.max() + 1), float(ys.max() + 1)


@pytest.mark.slow
@pytest.mark.tor("TOR-011")
@given(PREPROCESSING, boxes_in_pictures())
@example(Preprocessing(crop=(40, 41)), ((20, 20), (0, 0, 20, 20)))
@example(Preprocessing(crop=(23, 41)), ((20, 50), (0, 0, 20, 20)))
@example(Preprocessing(resize=50, letterbox=(31, 44), crop=(40, 30)), ((80, 37), (10, 10, 40, 30)))
@example(Preprocessing(resize=17, letterbox=(69, 69), interpolation="nearest"), ((65, 68), (0, 0, 6, 6)))
@example(Preprocessing(resize=(45, 53), letterbox=(17, 17), interpolation="nearest"), ((17, 69), (0, 56, 6, 62)))
def test_paint_and_box_agree_to_one_pixel(
    preprocessing: Preprocessing, case: tuple[tuple[int, int], tuple[int, int, int, int]]
) -> None:
    size, box = case
    tolerance = 1.0
    if preprocessing.resize and preprocessing.letterbox:
        # Each resampling leaves the painted edge, not the box, half a pixel off, and the second scales the first's.
        shortest = preprocessing.resize if isinstance(preprocessing.resize, int) else min(preprocessing.resize)
        tolerance = max(2.0, 1 + max(preprocessing.letterbox) / shortest / 2)
    pixels, boxes, *_ = framed(preprocessing, size, box)
    height, width = pixels.shape[1:]
    assert pixels.dtype == torch.uint8
    assert boxes.dtype == torch.float32
    x0, y0, x1, y1 = boxes[0].tolist()
    assert 0 <= x0 <= x1 <= width
    assert 0 <= y0 <= y1 <= height
    paint = painted(pixels)
    if paint is None:  # nothing is left but slivers that are blended with what is beside them
        assert min(x1 - x0, y1 - y0) <= tolerance
    else:
        assert (x0, y0, x1, y1) == pytest.approx(paint, abs=tolerance)


@pytest.mark.slow
@pytest.mark.tor("TOR-013")
@given(PREPROCESSING, boxes_in_pictures())
def test_visible_is_the_share_that_the_crop_leaves(
    preprocessing: Preprocessing, case: tuple[tuple[int, int], tuple[int, int, int, int]]
) -> None:
    size, box = case
    whole = framed(Preprocessing(preprocessing.resize, preprocessing.letterbox, None), size, box)
    result = framed(preprocessing, size, box)
    assert 0 <= result.visible <= 1
    (wx0, wy0, wx1, wy1), (x0, y0, x1, y1) = whole.boxes[0].tolist(), result.boxes[0].tolist()
    area = (wx1 - wx0) * (wy1 - wy0)
    assume(area > 1e-3)
    assert result.visible == pytest.approx((x1 - x0) * (y1 - y0) / area, abs=1e-4)


def test_half_of_the_box_is_cropped_away() -> None:
    result = framed(Preprocessing(crop=(20, 20)), (40, 20), (0, 0, 20, 20))
    assert result.visible == 0.5
    assert result.boxes.tolist() == [[0, 0, 10, 20]]


@pytest.mark.tor("TOR-013")
def test_a_box_that_is_cropped_away_is_empty() -> None:
    preprocessing = Preprocessing(crop=(10, 10))
    result = framed(preprocessing, (40, 20), (0, 0, 12, 20))
    assert result.visible == 0
    x0, y0, x1, y1 = result.boxes[0].tolist()
    assert (x1 - x0) * (y1 - y0) == 0
    two = preprocessing.frame(Image.new("RGB", (40, 20)), ((0, 0, 12, 20), (15, 5, 25, 15)))
    assert two.boxes[1].tolist() == [0, 0, 10, 10]
    assert two.visible == pytest.approx(100 / 340)


@pytest.mark.tor("TOR-011")
@pytest.mark.parametrize("crop", [(20, 23), (23, 20), (25, 25), (23, 10), (10, 23)])
def test_a_crop_larger_than_the_picture_pads_both_alike(crop: tuple[int, int]) -> None:
    pixels, boxes, *_ = framed(Preprocessing(crop=crop), (20, 20), (0, 0, 20, 20))
    assert pixels.shape[1:] == crop
    assert tuple(boxes[0].tolist()) == painted(pixels)


def test_no_boxes() -> None:
    result = Preprocessing(resize=8, crop=(8, 8)).frame(Image.new("RGB", (40, 20)), ())
    assert result.boxes.shape == (0, 4)
    assert result.visible == 0


def test_letterbox_shows_the_whole_picture_on_grey() -> None:
    pixels, boxes, visible, *_ = framed(Preprocessing(letterbox=(32, 32), fill=114), (64, 32), (0, 0, 64, 32))
    assert boxes.tolist() == [[0, 8, 32, 24]]
    assert visible == 1
    assert (pixels[:, :8] == 114).all()
    assert (pixels[:, 24:] == 114).all()
    assert (pixels[0, 8:24] == 255).all()


@pytest.mark.slow
@pytest.mark.tor("TOR-012")
@given(SIZE, st.sampled_from([InterpolationMode.BILINEAR, InterpolationMode.BICUBIC, InterpolationMode.NEAREST]))
def test_equals_the_preset_of_torchvision(size: tuple[int, int], mode: InterpolationMode) -> None:
    noise = np.random.default_rng(size[0] * 100 + size[1]).integers(0, 256, (size[1], size[0], 3), np.uint8)
    picture = Image.fromarray(noise)
    preset = ImageClassification(crop_size=24, resize_size=32, interpolation=mode)
    ours = Preprocessing(resize=32, crop=(24, 24), interpolation=mode.value)
    result = ours.normalise(ours.frame(picture, ()).pixels.unsqueeze(0))
    torch.testing.assert_close(result, preset(picture).unsqueeze(0), rtol=0, atol=1e-6)


def of_torchvision(ours: Preprocessing, part: Any) -> Any:
    """The same, as torchvision's transforms do it; without a crop that is larger than the picture."""
    if ours.resize:
        size = [ours.resize] if isinstance(ours.resize, int) else list(ours.resize)
        part = VF.resize(part, size, InterpolationMode(ours.interpolation), antialias=True)
    if ours.letterbox:
        old, room = VF.get_size(part), ours.letterbox
        scale = min(room[0] / old[0], room[1] / old[1])
        down, across = (max(1, round(side * scale)) for side in old)
        part = VF.resize(part, [down, across], InterpolationMode(ours.interpolation), antialias=True)
        top, left = (room[0] - down) // 2, (room[1] - across) // 2
        part = VF.pad(part, [left, top, room[1] - across - left, room[0] - down - top], fill=ours.fill)
    if ours.crop and all(new <= old for new, old in zip(ours.crop, VF.get_size(part), strict=True)):
        part = VF.center_crop(part, list(ours.crop))
    return part


@pytest.mark.slow
@pytest.mark.tor("TOR-012")
@given(PREPROCESSING, boxes_in_pictures(), st.sampled_from(["RGB", "L"]))
def test_equals_the_transforms_of_torchvision_bit_by_bit(
    ours: Preprocessing, case: tuple[tuple[int, int], tuple[int, int, int, int]], mode: str
) -> None:
    (width, height), box = case
    ours = replace(ours, mean=(0.5,) * len(mode), std=(0.5,) * len(mode))
    noise = np.random.default_rng(width * 100 + height).integers(0, 256, (height, width, 3), np.uint8)
    picture = Image.fromarray(noise)
    theirs = VF.pil_to_tensor(of_torchvision(ours, picture.convert(mode)))
    result = ours.frame(picture, (box,))
    assume(result.pixels.shape == theirs.shape)  # a larger crop is ours
    assert torch.equal(result.pixels, theirs)
    given_box = BoundingBoxes([box], format="XYXY", canvas_size=(height, width), dtype=torch.float32)
    moved = VF.clamp_bounding_boxes(of_torchvision(ours, given_box))
    assert torch.equal(result.boxes, moved.as_subclass(torch.Tensor))
    scaled = VF.normalize(VF.to_dtype(theirs, torch.float32, scale=True), list(ours.mean), list(ours.std))
    assert torch.equal(ours.normalise(result.pixels[None])[0], scaled)
