"""Fills: what takes the place of hidden pixels."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from audit.experiments.fills import blur, blurred, elsewhere, mean

Floats = NDArray[np.float64]


def coarser(value: Floats, share: Floats) -> tuple[Floats, Floats]:
    """Cell by cell: the mean of the known part of 2 x 2 cells, and how large that part is of those in the frame."""
    height, width = value.shape
    size = -(-height // 2), -(-width // 2)
    means, parts = np.zeros(size), np.zeros(size)
    for y in range(size[0]):
        for x in range(size[1]):
            cells = [(b, a) for b in (2 * y, 2 * y + 1) for a in (2 * x, 2 * x + 1) if b < height and a < width]
            known = sum(share[cell] for cell in cells)
            means[y, x] = sum(share[cell] * value[cell] for cell in cells) / known if known else 0
            parts[y, x] = known / len(cells)
    return means, parts


def between(value: Floats, y: int, x: int) -> float:
    """The value at the centre of cell (y, x) of the next finer level, linear between the coarse cells' centres."""
    height, width = value.shape
    down, across = max((y + 0.5) / 2 - 0.5, 0), max((x + 0.5) / 2 - 0.5, 0)
    top, left = int(down), int(across)
    below, right = min(top + 1, height - 1), min(left + 1, width - 1)
    v, u = down - top, across - left
    upper = (1 - u) * value[top, left] + u * value[top, right]
    return float((1 - v) * upper + v * ((1 - u) * value[below, left] + u * value[below, right]))


def pushed(value: Floats, share: Floats) -> Floats:
    filled = value.copy()
    if value.shape == (1, 1):
        return filled
    coarse = pushed(*coarser(value, share))
    for y in range(value.shape[0]):
        for x in range(value.shape[1]):
            if not share[y, x]:
                filled[y, x] = between(coarse, y, x)
    return filled


def slow_blurred(value: Floats, share: Floats) -> Floats:
    if min(value.shape) <= 8 * 2**0.5:
        return pushed(value, share)
    coarse = slow_blurred(*coarser(value, share))
    return np.array([[between(coarse, y, x) for x in range(value.shape[1])] for y in range(value.shape[0])])


def scene(height: int, width: int, seed: int, holes: float = 0.5) -> tuple[Tensor, Tensor]:
    """Two pictures with ragged holes of any shape, of which some pixel is known."""
    rng = np.random.default_rng(seed)
    x = torch.tensor(rng.normal(size=(2, 3, height, width)), dtype=torch.float32)
    hole = torch.tensor(rng.random((2, 1, height, width)) < holes)
    top, left = int(rng.integers(height)), int(rng.integers(width))
    hole[1, :, top:, left:] = True
    hole[:, :, rng.integers(height), rng.integers(width)] = False
    return x, hole


sides, seeds = st.integers(1, 13), st.integers(0, 10**6)


@settings(max_examples=25, deadline=None)
@given(sides, sides, seeds, st.sampled_from([0.1, 0.5, 0.95]))
def test_blur_is_the_pyramid_cell_by_cell(height: int, width: int, seed: int, holes: float) -> None:
    x, hole = scene(height, width, seed, holes)
    found = blur(x, hole)
    for n in range(2):
        for c in range(3):
            value = np.where(hole[n, 0], 0, x[n, c]).astype(np.float64)
            expected = pushed(value, (~hole[n, 0]).double().numpy())
            np.testing.assert_allclose(found[n, c].numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("size", [(12, 12), (23, 30), (48, 17), (9, 40)])
def test_blurred_is_the_normalised_convolution_cell_by_cell(size: tuple[int, int]) -> None:
    x, hole = scene(*size, seed=3)
    found = blurred(x, hole)
    for n in range(2):
        value = np.where(hole[n, 0], 0, x[n, 1]).astype(np.float64)
        np.testing.assert_allclose(found[n, 1].numpy(), slow_blurred(value, (~hole[n, 0]).double().numpy()), atol=1e-5)


@pytest.mark.tor("TOR-024")
@settings(max_examples=25, deadline=None)
@given(sides, sides, seeds)
def test_no_fill_sees_what_it_covers_or_leaves_the_range_of_the_rest(height: int, width: int, seed: int) -> None:
    x, hole = scene(height, width, seed)
    other = torch.where(hole, x * 9 + 5, x)
    for fill in (mean, blur, blurred):
        assert torch.equal(fill(x, hole), fill(other, hole))
    for fill in (mean, blur):
        assert torch.equal(fill(x, hole).where(~hole, x), x)
    for fill in (blur, blurred):
        for n, picture in enumerate(fill(x, hole)):
            for c, channel in enumerate(picture):
                known = x[n, c][~hole[n, 0]]
                assert bool((channel >= known.min() - 1e-5).all())
                assert bool((channel <= known.max() + 1e-5).all())


def test_blur_carries_each_side_inward() -> None:
    x = torch.zeros(1, 3, 32, 32)
    x[..., 16:] = 1
    hole = torch.zeros(1, 1, 32, 32, dtype=torch.bool)
    hole[..., 8:24, 4:28] = True
    row = blur(x, hole)[0, 0, 16]
    assert bool((row.diff() >= -1e-6).all())
    assert row[4] < 0.1
    assert row[27] > 0.9


def test_a_hole_without_surroundings_is_nan_throughout() -> None:
    x, hole = scene(10, 9, seed=0)
    hole[0] = True
    for fill in (blur, blurred):
        assert bool(fill(x, hole)[0].isnan().all())
        assert not bool(fill(x, hole)[1].isnan().any())


@pytest.mark.parametrize("fill", [mean, blur, blurred])
def test_a_picture_is_filled_alike_in_any_batch(fill: object) -> None:
    assert callable(fill)
    x, hole = scene(37, 29, seed=5)
    together = fill(x, hole)
    for n in range(2):
        torch.testing.assert_close(fill(x[n : n + 1], hole[n : n + 1])[0], together[n], rtol=0, atol=1e-6)
    nested = fill(x.contiguous(memory_format=torch.channels_last), hole)
    torch.testing.assert_close(nested, together, rtol=0, atol=1e-6)


def slow_overlaps(mask: NDArray[np.bool_], avoid: NDArray[np.bool_]) -> NDArray[np.int64]:
    height, width = mask.shape
    return np.array([[(np.roll(mask, (y, x), (0, 1)) & avoid).sum() for x in range(width)] for y in range(height)])


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 9), st.integers(2, 9), seeds, st.floats(0.1, 0.9), st.booleans())
def test_elsewhere_is_a_place_with_the_least_overlap(
    height: int, width: int, seed: int, holes: float, itself: bool
) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.random((3, 1, height, width)) < holes
    avoid = mask if itself else rng.random((3, 1, height, width)) < holes
    found = elsewhere(torch.tensor(mask), torch.tensor(avoid), (1, 2, seed)).numpy()
    for n in range(3):
        overlaps = slow_overlaps(mask[n, 0], avoid[n, 0])
        best = [np.roll(mask[n, 0], (y, x), (0, 1)) & ~avoid[n, 0] for y, x in np.argwhere(overlaps == overlaps.min())]
        assert any(np.array_equal(found[n, 0], place) for place in best)
        assert found[n].sum() == mask[n].sum() - overlaps.min()


def test_each_picture_chooses_among_equally_good_places_by_its_seed() -> None:
    mask = torch.zeros(400, 1, 6, 5, dtype=torch.bool)
    mask[:, :, 2:4, 1:3] = True
    found = elsewhere(mask, mask, tuple(range(400)))
    assert torch.equal(found[7:9], elsewhere(mask[7:9], mask[7:9], (7, 8)))
    places = {tuple(place) for place in found.flatten(1).tolist()}
    assert len(places) == 30 - 9  # all offsets but those at which two squares of 2 x 2 touch
    counts = found.flatten(1).double().mean(dim=0).view(6, 5)
    assert counts[0, 4] > 0.1
    assert counts[5, 0] > 0.1
