"""Where the evidence outside the boxes lies: a coarse grid of each picture, small enough to keep for every one."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from audit.datasets.masks import rectangles_of
from audit.record.map_readers import read_grids
from audit.record.record import Record
from audit.record.sample_readers import read_masks, read_pictures
from audit.record.schema import GridRow
from audit.saliency.batch import dead

GRID = 28
"""Cells along each side of the frame."""


def spots(maps: Mapping[str, Tensor], inside: Tensor) -> Tensor:
    """(N, GRID, GRID) uint8 on the CPU: the mean of the maps' relevance outside the boxes, averaged over each cell.

    maps: (N, H, W) of each method, non-negative; each is normalised to sum 1, and dead ones are left out. inside:
    (N, H, W) bool, the union of the boxes. Each grid is scaled by its own maximum, and zero where nothing lies outside.
    """
    total = torch.zeros(inside.shape, dtype=torch.float64, device=inside.device)
    for relevance in maps.values():
        living = ~dead(relevance).view(-1, 1, 1)
        values = torch.where(living, relevance.double(), 0)
        top = values.amax(dim=(1, 2), keepdim=True)
        values = values / torch.where(living, top, 1)
        total += values / torch.where(living, values.sum(dim=(1, 2), keepdim=True), 1)
    outside = torch.where(inside, 0, total)
    rows, columns = (_averages(side).to(inside.device) for side in outside.shape[1:])
    grid = rows @ outside @ columns.T
    top = grid.amax(dim=(1, 2), keepdim=True)
    return (grid / torch.where(top > 0, top, 1) * 255).round().to(torch.uint8).cpu()


def _averages(side: int) -> Tensor:
    """(GRID, side): each cell's mean over the pixels that it covers, by the length that they share."""
    edges = torch.arange(GRID + 1, dtype=torch.float64) * side / GRID
    pixels = torch.arange(side, dtype=torch.float64)
    shared = torch.minimum(edges[1:, None], pixels + 1) - torch.maximum(edges[:-1, None], pixels)
    return shared.clamp(min=0) * GRID / side


def grid_rows(numbers: Sequence[int], maps: Mapping[str, Tensor], inside: Tensor) -> list[GridRow]:
    """Rows for the table `grid`. numbers: of the samples; maps, inside: as for `spots`."""
    grids = spots(maps, inside).numpy()
    return [GridRow(number, zlib.compress(grid.tobytes())) for number, grid in zip(numbers, grids, strict=True)]


@dataclass(frozen=True, eq=False)
class Spots:
    """The spots of n measured samples, in the order of their numbers."""

    sample: NDArray[np.int64]
    class_index: NDArray[np.int64]
    right: NDArray[np.bool_]
    """(n,): the label is predicted."""
    predicted: NDArray[np.int64]
    """(n,), -1 where the network yields no number."""
    picture: NDArray[np.object_]
    """(n,): SHA-256 of the pixels of each."""
    grid: NDArray[np.uint8]
    """(n, GRID, GRID)."""
    outside: NDArray[np.bool_]
    """(n, GRID, GRID): the cell meets no box or mask of the sample."""

    def lift(self, chosen: NDArray[np.int64]) -> NDArray[np.float32]:
        """(m, GRID, GRID) of the samples at these places: a cell's relevance as a multiple of its picture's mean.

        The mean is over the cells outside the boxes; the others are zero.
        """
        values = np.where(self.outside[chosen], self.grid[chosen], 0).astype(np.float32)
        cells = self.outside[chosen].sum(axis=(1, 2), keepdims=True)
        total = values.sum(axis=(1, 2), keepdims=True)
        return np.asarray(values * cells / np.maximum(total, 1), dtype=np.float32)


def read_spots(record: Record, frame: tuple[int, int], margin: float) -> Spots:
    """The spots that a run left. frame: (H, W) in pixels, as the boxes; margin: pixels by which the boxes grow."""
    rows = read_grids(record)
    pictures = read_pictures(record)
    pictures = pictures.at(np.isin(pictures.number, [row.sample for row in rows]))
    cells = b"".join(zlib.decompress(row.cells) for row in rows)
    masks = {number: rectangles_of(mask) for number, mask in read_masks(record).items()}
    objects = zip(pictures.number.tolist(), pictures.frame_boxes, strict=True)
    outside = [_outside(masks.get(number, boxes), frame, margin) for number, boxes in objects]
    return Spots(
        sample=pictures.number,
        class_index=pictures.class_index,
        right=pictures.right,
        predicted=pictures.predicted,
        picture=pictures.pixels_sha256,
        grid=np.frombuffer(cells, np.uint8).reshape(len(rows), GRID, GRID),
        outside=np.array(outside, dtype=bool).reshape(len(rows), GRID, GRID),
    )


def _outside(
    boxes: Sequence[Sequence[float]] | NDArray[np.int64], frame: tuple[int, int], margin: float
) -> NDArray[np.bool_]:
    """(GRID, GRID): the cells that meet none of the boxes, which are x0, y0, x1, y1 in pixels of the frame."""
    free = np.ones((GRID, GRID), bool)
    scale = np.array([GRID / frame[1], GRID / frame[0]] * 2)
    grown = (np.array(boxes) + np.array([-margin, -margin, margin, margin])) * scale
    low, high = np.floor(grown[:, :2]).astype(int).clip(0), np.ceil(grown[:, 2:]).astype(int).clip(0)
    for (x0, y0), (x1, y1) in zip(low, high, strict=True):
        free[y0:y1, x0:x1] = False
    return free
