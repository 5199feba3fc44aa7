"""The frame cut into pieces: the cells of a grid, and beside each of those at its edge a strip of the edge.

A cell and its strip are told apart so that a frame around the picture is not taken for all that lies within.
"""

from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from audit.datasets.sample import Box
from audit.inspection.findings import Quantity
from audit.inspection.view import GRID, PER_CELL, THUMBNAIL, cells

STRIP = 2
"""Pixels of the thumbnail by which a strip reaches into the frame."""
Pieces = tuple[int, ...]


SIDE = np.arange(THUMBNAIL) // PER_CELL
CELL = SIDE[:, None] * GRID + SIDE
"""(THUMBNAIL, THUMBNAIL): the cell of each pixel of the thumbnail, by row and column."""


def _numbered() -> NDArray[np.int64]:
    """(THUMBNAIL, THUMBNAIL): the piece of each pixel of the thumbnail; cells by row and column come first."""
    inner = np.zeros(CELL.shape, bool)
    inner[STRIP:-STRIP, STRIP:-STRIP] = True
    numbered = CELL.copy()
    numbered[~inner] = GRID**2 + np.unique(CELL[~inner], return_inverse=True)[1]
    return numbered


PIECE = _numbered()
COUNT = int(PIECE.max()) + 1


@cache
def quantities(what: str) -> tuple[Quantity, ...]:
    """The quantity `what` of every piece."""
    of_cells = [quantity for row in cells(what) for quantity in row]
    beside = [of_cells[at] for at in np.unique(CELL[PIECE >= GRID**2])]
    strips = [Quantity(quantity.name.replace(" cell ", " edge by cell "), "place") for quantity in beside]
    return tuple(
        Quantity(quantity.name, quantity.about, box_of((piece,))) for piece, quantity in enumerate((*of_cells, *strips))
    )


def mask_of(pieces: Iterable[int], frame: tuple[int, int] = (THUMBNAIL, THUMBNAIL)) -> NDArray[np.bool_]:
    """(H, W): the pixels of a frame whose middle lies in the pieces."""
    rows, columns = (((np.arange(side) + 0.5) * THUMBNAIL / side).astype(int) for side in frame)
    return np.asarray(np.isin(PIECE, list(pieces))[np.ix_(rows, columns)])


def box_of(pieces: Iterable[int]) -> Box:
    """x0, y0, x1, y1 around the pieces in shares of the frame."""
    rows, columns = mask_of(pieces).nonzero()
    ends = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    x0, y0, x1, y1 = (float(end / THUMBNAIL) for end in ends)
    return x0, y0, x1, y1


def connected(pieces: Iterable[int], to: int) -> Pieces:
    """Those that hang together with the piece `to`, over corners too; itself among them."""
    parts, _ = ndimage.label(mask_of(pieces), structure=np.ones((3, 3)))
    own = parts[to == PIECE].max()
    return tuple(np.unique(PIECE[parts == own]).tolist()) if own else (to,)


def with_neighbours(pieces: Iterable[int]) -> Pieces:
    """These and all that touch one of them, over corners too."""
    reached = ndimage.binary_dilation(mask_of(pieces), structure=np.ones((3, 3), bool))
    return tuple(np.unique(PIECE[reached]).tolist())
