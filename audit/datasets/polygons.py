"""A polygon as rectangles, so that whatever is done with boxes can be done with it."""

import numpy as np
from numpy.typing import NDArray

from audit.datasets.exclusions import Reason, Rejected
from audit.datasets.masks import Points, Rectangles

MOST_CROSSINGS = 4_000_000
"""Of edges and rows, for which memory is taken at once."""
DETAILED = 4_000
"""Points up to which each one begins a row of its own."""


def rectangles_of(ring: Points, top: float, bottom: float) -> Rectangles:
    """(R, 4) float64: rectangles whose union holds just the centres of pixels that the ring encloses.

    Nothing above `top` and below `bottom` is looked at.

    A pixel belongs to the polygon if its centre does: if a line from the left edge to the centre crosses an odd number
    of edges. A centre on an edge belongs to what lies to the right of it or below, so that an upright rectangle is
    half-open as a box is. Each row of pixels is cut further where a point of the ring lies in it, so that upright
    rectangles are exact between the centres too; a slanted edge is a stair there, whose steps are at most a row high.

    Raises Rejected where the edges cross more rows than memory holds.
    """
    x, y = ring.T
    rows = _rows(y.clip(top, bottom))
    low, high = rows[:-1], rows[1:]
    centre = np.floor(low) + 0.5
    at = np.where((low <= centre) & (centre < high), centre, (low + high) / 2)
    row, across = _crossings(x, y, at)
    order = np.lexsort((across, row))
    left, right = across[order].reshape(-1, 2).T  # of a ring, an even number in each row
    place = row[order][::2]
    made = np.stack([left, low[place], right, high[place]], axis=1)
    return np.asarray(made[left < right])


def _rows(y: NDArray[np.float64]) -> NDArray[np.float64]:
    """The edges of rows: of the pixels' and, where there are not too many points, at every point."""
    low, high = y.min(), y.max()
    whole = np.arange(np.floor(low) + 1, np.ceil(high))
    return np.unique(np.concatenate([whole, y if len(y) <= DETAILED else [low, high]]))


def _crossings(
    x: NDArray[np.float64], y: NDArray[np.float64], at: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The rows in which edges cross the lines `at`, which rise, and where."""
    next_x, next_y = np.roll(x, -1), np.roll(y, -1)
    first = np.searchsorted(at, np.minimum(y, next_y), side="left")
    counts = np.searchsorted(at, np.maximum(y, next_y), side="left") - first
    total = int(counts.sum())
    if total > MOST_CROSSINGS:
        detail = f"a polygon of {len(x):,} points crosses {total:,} rows of pixels; need an outline."
        raise Rejected(Reason.BROKEN_MASK, detail)
    edge = np.repeat(np.arange(len(x)), counts)
    row = np.arange(total) - np.repeat(counts.cumsum() - counts, counts) + first[edge]
    along = (at[row] - y[edge]) / (next_y - y)[edge]
    return row, x[edge] + along * (next_x - x)[edge]
