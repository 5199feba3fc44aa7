"""Hiding and pasting windows, against slices one picture at a time."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.experiments.grid import GRID
from audit.experiments.windows import corners_of, cut, mask_of, paste, size_of

sides = st.integers(GRID, 120)


@given(sides, sides, st.integers(1, GRID), st.integers(1, GRID), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_no_pixel_leaves_the_cells(height: int, width: int, across: int, down: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    low = np.stack([rng.integers(0, GRID - across + 1, 5), rng.integers(0, GRID - down + 1, 5)], axis=1)
    windows = np.concatenate([low, low + np.array([across, down])], axis=1)
    size, corners = size_of(windows, (height, width)), corners_of(windows, (height, width))
    cell = np.array([width, height]) / GRID
    assert (corners + 0.5 >= windows[:, :2] * cell - 1e-9).all()
    assert (corners + np.array(size) - 0.5 <= windows[:, 2:] * cell + 1e-9).all()
    assert (corners + np.array(size) <= [width, height]).all()
    assert (np.array(size) > (windows[0, 2:] - windows[0, :2]) * cell - 1).all()


def test_windows_are_cut_hidden_and_pasted() -> None:
    x = torch.rand(3, 3, 40, 50, generator=torch.Generator().manual_seed(0))
    corners, size = np.array([[0, 0], [44, 31], [10, 20]]), (6, 9)
    crops, mask = cut(x, corners, size), mask_of(x, corners, size)
    donors = torch.rand(crops.shape)
    pasted = paste(x, corners, donors)
    for i, (left, top) in enumerate(corners.tolist()):
        where = np.s_[top : top + 9, left : left + 6]
        assert torch.equal(crops[i].permute(2, 0, 1), x[i][:, *where])
        assert mask[i, 0].sum() == mask[i, 0][where].sum() == 54
        expected = x[i].clone()
        expected[:, *where] = donors[i].permute(2, 0, 1)
        assert torch.equal(pasted[i], expected)
    assert not torch.equal(x, pasted)
