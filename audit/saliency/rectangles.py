"""Objects of many rectangles on a frame of pixels: masks, where a loop over them would take too long."""

import numpy as np
from numpy.typing import NDArray

Corners = NDArray[np.float32]
"""(R, 4) x0, y0, x1, y1, half-open, in pixels of the frame."""
Pixels = NDArray[np.bool_]
"""(H, W)."""
Size = tuple[int, int]
"""(height, width)"""


def union(corners: Corners, size: Size) -> Pixels:
    """The pixels whose centre lies in a rectangle."""
    edges = np.ceil(corners.astype(np.float64) - 0.5).clip(0, [size[1], size[0], size[1], size[0]]).astype(np.intp)
    x0, y0, x1, y1 = edges[(edges[:, 0] < edges[:, 2]) & (edges[:, 1] < edges[:, 3])].T
    steps = np.zeros((size[0] + 1, size[1] + 1), np.int32)  # whose sums up to a place count the rectangles there
    for rows, columns, step in ((y0, x0, 1), (y0, x1, -1), (y1, x0, -1), (y1, x1, 1)):
        np.add.at(steps, (rows, columns), step)
    counts = steps.cumsum(axis=0, dtype=np.int32).cumsum(axis=1, dtype=np.int32)
    return np.asarray(counts[:-1, :-1] > 0)


def within(corners: Corners, size: Size, tolerance: float) -> Pixels:
    """The pixels whose centre is no farther from a rectangle than the tolerance, by the same float32 as for one box."""
    y0, y1 = corners[:, 1].astype(np.float64), corners[:, 3].astype(np.float64)
    first = np.ceil(y0 - tolerance - 1).clip(0, size[0]).astype(np.intp)
    last = np.floor(y1 + tolerance + 1).clip(0, size[0]).astype(np.intp)
    counts = (last - first).clip(0)
    which = np.repeat(np.arange(len(corners)), counts)
    row = np.arange(int(counts.sum())) - np.repeat(counts.cumsum() - counts, counts) + first[which]
    x0, low, x1, high = corners[which].T
    centre = row.astype(np.float32) + np.float32(0.5)
    down = (low - centre).clip(0) + (centre - high).clip(0)
    near = down * down <= np.float32(tolerance**2)
    which, row, down, x0, x1 = (values[near] for values in (which, row, down, x0, x1))
    reach = np.sqrt((tolerance**2 - down.astype(np.float64) ** 2).clip(0))
    start, end = np.ceil(x0 - reach - 0.5), np.floor(x1 + reach - 0.5)
    # the root is rounded: the ends are those that the sum of squares says
    start += (~_near(start, x0, x1, down, tolerance)).astype(int) - _near(start - 1, x0, x1, down, tolerance)
    end -= (~_near(end, x0, x1, down, tolerance)).astype(int) - _near(end + 1, x0, x1, down, tolerance)
    steps = np.zeros((size[0], size[1] + 1), np.int32)
    kept = start <= end
    for columns, step in ((start, 1), (end + 1, -1)):
        np.add.at(steps, (row[kept], columns[kept].clip(0, size[1]).astype(np.intp)), step)
    return np.asarray(steps.cumsum(axis=1, dtype=np.int32)[:, :-1] > 0)


def _near(
    column: NDArray[np.float64], x0: Corners, x1: Corners, down: NDArray[np.float32], tolerance: float
) -> NDArray[np.bool_]:
    """The centres of these columns are near enough. down: how far their rows are."""
    centre = column.astype(np.float32) + np.float32(0.5)
    across = (x0 - centre).clip(0) + (centre - x1).clip(0)
    return np.asarray(across * across + down * down <= np.float32(tolerance**2))
