"""What a descriptor sees of a picture: its pixels, which of them no box touches, its file and its annotation."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from audit.datasets.picture_files import Opened
from audit.datasets.sample import Box, Sample
from audit.inspection.findings import Quantity

Pixels = NDArray[np.uint8]
Numbers = NDArray[np.float32]
Value = NDArray[Any] | float | str
"""Bytes (d,), floats (d,), one float, or text."""

GRID = 7
"""Cells along each side of the picture."""
PER_CELL = 4
THUMBNAIL = GRID * PER_CELL
"""Pixels along each side of the thumbnail, which squashes the picture."""
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""ITU-R BT.601."""
FEWEST_OUTSIDE = 0.05
"""Share of the picture that the boxes must leave for a quantity of all that lies outside them."""
_THIRDS = (("top", "middle", "bottom"), ("left", "centre", "right"))


@dataclass(frozen=True)
class Canvas:
    """The pixels of one picture, whichever of its samples is looked at, and where its boxes lie."""

    opened: Opened
    boxes: tuple[Box, ...]
    """Of all labels, in pixels of the picture as shown."""

    @cached_property
    def rgb(self) -> Pixels:
        """(H, W, 3)."""
        return np.asarray(self.opened.picture)

    @cached_property
    def luma(self) -> NDArray[np.int16]:
        """(H, W): brightness, 0 to 255."""
        return np.asarray(self.opened.picture.convert("L")).astype(np.int16)

    @cached_property
    def thumbnail(self) -> Pixels:
        """(THUMBNAIL, THUMBNAIL, 3): means over the pixels."""
        return self._shrunk(THUMBNAIL)

    @cached_property
    def free(self) -> NDArray[np.bool_]:
        """(H, W): the pixels that no box touches, nor lies beside: resampling and differences reach one pixel far."""
        height, width = self.rgb.shape[:2]
        return _untouched(self.boxes, (width, height), (width, height))

    @cached_property
    def outside(self) -> NDArray[np.bool_]:
        """(THUMBNAIL, THUMBNAIL): the pixels of the thumbnail that no box touches."""
        return _untouched(self.boxes, self.opened.picture.size, (THUMBNAIL, THUMBNAIL))

    @cached_property
    def free_cells(self) -> NDArray[np.bool_]:
        """(GRID, GRID): the cells that no box touches."""
        return np.asarray(self.outside.reshape(GRID, PER_CELL, GRID, PER_CELL).all(axis=(1, 3)), dtype=np.bool_)

    @cached_property
    def colours_outside(self) -> Pixels:
        """(m, 3): the thumbnail's pixels that no box touches; none where the boxes leave too little."""
        chosen: Pixels = self.thumbnail[self.outside]
        return chosen if self.outside.mean() >= FEWEST_OUTSIDE else chosen[:0]

    def whole(self, side: int) -> Pixels:
        """(side, side, 3): the whole picture, object and all, for telling copies."""
        return self._shrunk(side)

    def _shrunk(self, side: int) -> Pixels:
        return np.asarray(self.opened.picture.resize((side, side), Image.Resampling.BOX))


@dataclass(frozen=True)
class View:
    """One sample of a picture."""

    sample: Sample
    canvas: Canvas
    boxes: tuple[Box, ...]
    """Of the sample's label, in pixels of the picture as shown."""

    @property
    def hull(self) -> Box:
        """The smallest box around those of the label, in shares of the picture's width and height.

        Where there are no boxes, the whole picture.
        """
        if not self.boxes:
            return 0.0, 0.0, 1.0, 1.0
        width, height = self.canvas.opened.picture.size
        x0, y0, x1, y1 = np.array(self.boxes).T
        return float(x0.min() / width), float(y0.min() / height), float(x1.max() / width), float(y1.max() / height)


@cache
def cells(what: str) -> tuple[tuple[Quantity, ...], ...]:
    """The quantity `what` of every cell, by row and column."""
    return tuple(tuple(_cell(what, row, column) for column in range(GRID)) for row in range(GRID))


def _cell(what: str, row: int, column: int) -> Quantity:
    down, across = (_THIRDS[axis][(3 * at) // GRID] for axis, at in enumerate((row, column)))
    region = column / GRID, row / GRID, (column + 1) / GRID, (row + 1) / GRID
    return Quantity(f"{what} of cell {row + 1},{column + 1} ({down} {across})", "place", region)


def _untouched(boxes: Sequence[Box], size: tuple[int, int], frame: tuple[int, int]) -> NDArray[np.bool_]:
    """(frame's height, width): what no box touches, grown by a pixel of the picture; size, frame: (width, height)."""
    free = np.ones(frame[::-1], dtype=np.bool_)
    scale = np.array(frame) / np.array(size)
    for box in boxes:
        low = np.floor((np.array(box[:2]) - 1) * scale).astype(int).clip(0)
        high = np.ceil((np.array(box[2:]) + 1) * scale).astype(int).clip(0)
        free[low[1] : high[1], low[0] : high[0]] = False
    return free
