"""What the cells of a grid look like: a mark, a tag, a watermark, a place where the scene goes with the label."""

from collections.abc import Mapping

from audit.inspection.findings import Quantity
from audit.inspection.view import GRID, PER_CELL, Value, View, cells


def cell_colour(view: View) -> Mapping[Quantity, Value]:
    """The colours of each cell of a 7 x 7 grid, 4 x 4 pixels of a thumbnail."""
    blocks = view.canvas.thumbnail.reshape(GRID, PER_CELL, GRID, PER_CELL, 3).swapaxes(1, 2).reshape(GRID, GRID, -1)
    names, free = cells("colour"), view.canvas.free_cells
    return {names[row][column]: blocks[row, column] for row, column in zip(*free.nonzero(), strict=True)}
