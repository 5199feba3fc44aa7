"""The grid of a picture's outside relevance, against a slow mean over pixels."""

import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.datasets.sample import Sample
from audit.experiments.grid import GRID, Spots, grid_rows, read_spots, spots
from audit.record.schema import PictureRow
from audit.record.writer import add_rows, create_record

sides = st.integers(5, 90)


def slow(relevance: np.ndarray) -> np.ndarray:
    """Each cell's mean over the frame scaled up so that every cell holds whole pixels."""
    height, width = relevance.shape
    fine = np.repeat(np.repeat(relevance, GRID, axis=0), GRID, axis=1)
    return np.asarray(fine.reshape(GRID, height, GRID, width).mean(axis=(1, 3)))


@given(sides, sides, st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_cells_are_means_over_their_area(height: int, width: int, seed: int) -> None:
    maps = torch.rand(2, height, width, generator=torch.Generator().manual_seed(seed))
    inside = torch.zeros(2, height, width, dtype=torch.bool)
    inside[:, : height // 2, : width // 2] = True
    found = spots({"gradient": maps}, inside).numpy()
    for picture in range(2):
        expected = slow(np.where(inside[picture], 0, maps[picture]))
        np.testing.assert_allclose(found[picture], expected / expected.max() * 255, atol=0.51)


def test_maps_count_alike_and_dead_ones_not_at_all() -> None:
    inside = torch.zeros(3, GRID, GRID, dtype=torch.bool)
    one, other = torch.zeros(3, GRID, GRID), torch.zeros(3, GRID, GRID)
    one[:, 2, 3], other[:, 5, 7] = 1000.0, 0.001
    other[1] = 0
    other[2, 0, 0] = torch.nan
    found = spots({"a": one, "b": other}, inside)
    assert found[0, 2, 3] == found[0, 5, 7] == 255
    assert found[0].sum() == 510
    assert found[1].sum() == found[2].sum() == 255


def test_where_all_lies_inside_the_grid_is_empty() -> None:
    relevance = torch.rand(1, 30, 40)
    assert spots({"a": relevance}, torch.ones(1, 30, 40, dtype=torch.bool)).sum() == 0


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    maps, inside = torch.rand(2, 56, 56), torch.zeros(2, 56, 56, dtype=torch.bool)
    inside[:, 10:20, 30:44] = True
    samples = [(Sample(f"{i}.png", "cat", ((0, 0, 1, 1),)), 4 + i) for i in range(2)]
    with create_record(tmp_path / "audit.sqlite", {}, samples, []) as record:
        boxes = "[[30, 10, 44, 20]]"
        pictures = [
            PictureRow(i, f"{i}" * 64, f"{i}" * 64, "", 56, 56, boxes, 0.1, 0.9, 1, predicted, 0.9)
            for i, predicted in ((0, 4), (1, None))
        ]
        rows = grid_rows([0, 1], {"a": maps}, inside)
        assert len(zlib.decompress(rows[0].cells)) == GRID**2
        add_rows(record, {"picture": pictures, "grid": rows})
        found, grown = (read_spots(record, (56, 56), margin) for margin in (0, 2.5))
    assert found.sample.tolist() == [0, 1]
    assert found.class_index.tolist() == [4, 5]
    assert found.right.tolist() == [True, False]
    assert found.predicted.tolist() == [4, -1]
    np.testing.assert_array_equal(found.grid, spots({"a": maps}, inside).numpy())
    expected = np.ones((GRID, GRID), bool)
    expected[5:10, 15:22] = False
    np.testing.assert_array_equal(found.outside[1], expected)
    expected[3:12, 13:24] = False
    np.testing.assert_array_equal(grown.outside[1], expected)


def test_lift_is_a_multiple_of_the_mean_outside() -> None:
    grid, outside = np.zeros((1, GRID, GRID), np.uint8), np.ones((1, GRID, GRID), bool)
    outside[:, :14] = False
    grid[0, :14], grid[0, 20, 5], grid[0, 27, 27] = 90, 200, 100
    nothing = np.zeros(1, np.int64)
    found = Spots(nothing, nothing, np.ones(1, bool), nothing, np.array(["a"], dtype=object), grid, outside)
    lift = found.lift(np.array([0]))[0]
    assert lift[:14].sum() == 0
    assert lift[14:].mean() == pytest.approx(1)
    assert lift[20, 5] == pytest.approx(2 * lift[27, 27])
