"""How much fine detail the cells of a grid hold, and which way it runs: a texture, a printed word, a blurred patch."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from audit.inspection.findings import Quantity
from audit.inspection.view import GRID, Numbers, Value, View, cells


def cell_detail(view: View) -> Mapping[Quantity, Value]:
    """The strength of edges in each cell of a 7 x 7 grid, in four directions."""
    luma = view.canvas.luma
    if min(luma.shape) <= GRID:
        return {}
    across, down = luma[:-1, 1:] - luma[:-1, :-1], luma[1:, :-1] - luma[:-1, :-1]
    falling, rising = luma[1:, 1:] - luma[:-1, :-1], luma[1:, :-1] - luma[:-1, 1:]
    strength = np.log1p(np.stack([_means(edges) for edges in (across, down, falling, rising)], axis=-1))
    names, free = cells("detail"), view.canvas.free_cells
    return {names[row][column]: strength[row, column] for row, column in zip(*free.nonzero(), strict=True)}


def _means(edges: NDArray[np.int16]) -> Numbers:
    """(GRID, GRID): the mean magnitude in each cell."""
    rows, columns = (np.linspace(0, side, GRID, endpoint=False).astype(int) for side in edges.shape)
    sums = np.add.reduceat(np.abs(edges), rows, axis=0, dtype=np.float32)
    sums = np.add.reduceat(sums, columns, axis=1)
    sizes = np.outer(*(np.diff([*starts, side]) for starts, side in zip((rows, columns), edges.shape, strict=True)))
    return np.asarray(sums / sizes, dtype=np.float32)
