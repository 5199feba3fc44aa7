"""Masks are carried through the preprocessing as boxes are, and end as the same region."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from audit.datasets.displayed_boxes import displayed_boxes, displayed_masks
from audit.datasets.exclusions import Rejected
from audit.datasets.geometry import covered_share
from audit.datasets.masks import Mask, Polygons, Raster
from audit.datasets.picture_header import Header
from audit.datasets.polygons import rectangles_of
from audit.datasets.preprocessing import FramedBoxes, Preprocessing
from audit.datasets.sample import Box, Sample
from audit.saliency.localisation import Region, region
from audit.saliency.rectangles import union, within
from tests.audit.datasets.test_preprocessing import PREPROCESSING, SIZE

NUMBER = st.floats(-3, 23, width=32) | st.integers(-6, 46).map(lambda n: n / 2)
RING = st.lists(st.tuples(NUMBER, NUMBER), min_size=3, max_size=9)
TRIANGLE = ((0.0, 0.0), (10.0, 0.0), (0.0, 10.0))
CROSSED = ((0.0, 0.0), (10.0, 10.0), (10.0, 0.0), (0.0, 10.0))


def encloses(ring: NDArray[np.float64], x: float, y: float) -> bool:
    """The oracle: how many edges a line from far left to the point crosses, one edge after the other."""
    odd = False
    for (ax, ay), (bx, by) in zip(ring.tolist(), np.roll(ring, -1, axis=0).tolist(), strict=True):
        if (ay <= y) != (by <= y) and ax + (y - ay) / (by - ay) * (bx - ax) <= x:
            odd = not odd
    return odd


@pytest.mark.tor("TOR-094")
@given(RING)
def test_a_polygon_holds_the_pixels_whose_centre_it_encloses(points: list[tuple[float, float]]) -> None:
    ring = np.array(points)
    drawn = union(rectangles_of(ring, 0, 20).astype(np.float64), (20, 20))
    expected = [[encloses(ring, column + 0.5, row + 0.5) for column in range(20)] for row in range(20)]
    assert drawn.tolist() == expected


@pytest.mark.tor("TOR-094")
@pytest.mark.parametrize("ring", [TRIANGLE, CROSSED])
def test_the_area_of_a_polygon_is_that_of_its_rectangles(ring: tuple[tuple[float, float], ...]) -> None:
    """Both enclose half of a square with sides of 100."""
    made = rectangles_of(np.array(ring) * 10 + 0.3, -1e3, 1e3)
    assert (made[:, 2:] - made[:, :2]).prod(axis=1).sum() == pytest.approx(5000, rel=0.002)


@pytest.mark.tor("TOR-094")
def test_a_polygon_far_beyond_its_picture_takes_no_memory() -> None:
    """As of another label, whose box may leave the picture."""
    made = rectangles_of(np.array([(-1e9, -1e9), (1e9, -1e9), (1e9, 1e9), (-1e9, 1e9)]), 0, 3)
    assert made[:, 1].tolist() == [0, 1, 2]
    with pytest.raises(Rejected, match="a polygon of 9,000 points crosses 4,500,000 rows of pixels; need an outline"):
        rectangles_of(np.array([(i, 500 * (i % 2)) for i in range(9000)], dtype=float), 0, 500)


@pytest.mark.tor("TOR-094")
@given(RING, st.integers(0, 6) | st.floats(0, 6, width=32))
def test_many_rectangles_are_the_union_of_each(points: list[tuple[float, float]], tolerance: float) -> None:
    corners = torch.from_numpy(rectangles_of(np.array(points), -9, 29).astype(np.float32))
    single = region([corners[i : i + 1] for i in range(len(corners))] or [corners], (20, 20), tolerance, "cpu")
    assert union(corners.numpy(), (20, 20)).tolist() == single.inside.any(dim=0).tolist()
    reached = within(corners.numpy(), (20, 20), tolerance) | union(corners.numpy(), (20, 20))
    assert reached.tolist() == single.near.any(dim=0).tolist()


@pytest.mark.tor("TOR-094")
@given(st.lists(st.tuples(*[st.integers(0, 1)] * 12), min_size=1, max_size=9))
def test_a_raster_is_the_rectangles_that_it_is_packed_as(rows: list[tuple[int, ...]]) -> None:
    inside = np.array(rows, dtype=bool)
    raster = Raster.of(inside)
    drawn = np.zeros_like(inside, dtype=int)
    for x0, y0, x1, y1 in raster.rectangles.astype(int):
        drawn[y0:y1, x0:x1] += 1
    assert (drawn == inside).all()
    assert bool(raster.fault) == (not inside.any())
    if inside.any():
        down, across = np.nonzero(inside)
        assert raster.box == (across.min(), down.min(), across.max() + 1, down.max() + 1)


@st.composite
def samples(draw: st.DrawFn) -> tuple[Header, tuple[float, ...]]:
    """A picture, stored in any orientation, and a box in it, as stored, of whole or of other pixels."""
    width, height = draw(SIZE)
    x0, y0 = draw(st.integers(0, width - 6)), draw(st.integers(0, height - 6))
    x1, y1 = draw(st.integers(x0 + 6, width)), draw(st.integers(y0 + 6, height))
    return Header((width, height), draw(st.integers(1, 8))), (x0, y0, x1, y1)


def as_polygon(box: Box, clockwise: bool = True) -> Polygons:
    x0, y0, x1, y1 = box
    ring = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    return Polygons.of([ring if clockwise else ring[::-1]])


def as_raster(box: Box, size: tuple[int, int]) -> Raster:
    inside = np.zeros(size[::-1], dtype=bool)
    x0, y0, x1, y1 = map(int, box)
    inside[y0:y1, x0:x1] = True
    return Raster.of(inside)


def framed(header: Header, box: Box, mask: Mask | None, preprocessing: Preprocessing) -> FramedBoxes:
    sample = Sample("a.png", "x", (box,), masks=(mask,) if mask else ())
    boxes, _ = displayed_boxes(sample, header)
    return preprocessing.frame_boxes(header.shown, boxes, shapes=displayed_masks(sample, header)[0])


def on_frame(at: FramedBoxes, tolerance: float = 3.3) -> Region:
    return region([at.objects], at.size, tolerance, "cpu")


def near(at: FramedBoxes) -> torch.Tensor:
    """Of what lies wholly beyond the frame, which is excluded, nothing."""
    where = on_frame(at)
    return where.near & where.inside.any()


@pytest.mark.tor("TOR-094")
@given(samples(), PREPROCESSING)
def test_a_rectangle_is_the_same_region_as_box_polygon_and_raster(
    drawn: tuple[Header, Box], preprocessing: Preprocessing
) -> None:
    header, box = drawn
    plain = framed(header, box, None, preprocessing)
    for mask in (as_polygon(box), as_polygon(box, clockwise=False), as_raster(box, header.stored)):
        masked = framed(header, box, mask, preprocessing)
        assert masked.boxes.tolist() == plain.boxes.tolist()
        assert masked.visible == pytest.approx(plain.visible, abs=1e-4)
        assert covered_share(masked.objects, masked.size) == covered_share(plain.objects, plain.size)
        assert on_frame(masked).inside.equal(on_frame(plain).inside)
        assert near(masked).equal(near(plain))


@pytest.mark.tor("TOR-094")
@given(samples(), PREPROCESSING, st.tuples(*[st.floats(0, 0.99)] * 4))
def test_a_rectangle_between_pixels_is_the_same_region_as_box_and_polygon(
    drawn: tuple[Header, Box], preprocessing: Preprocessing, shift: tuple[float, float, float, float]
) -> None:
    header, (x0, y0, x1, y1) = drawn
    box = x0 + shift[0], y0 + shift[1], x1 - shift[2], y1 - shift[3]
    plain, masked = (framed(header, box, mask, preprocessing) for mask in (None, as_polygon(box)))
    assert masked.visible == pytest.approx(plain.visible, abs=1e-4)
    assert on_frame(masked).inside.equal(on_frame(plain).inside)
    assert near(masked).equal(near(plain))
