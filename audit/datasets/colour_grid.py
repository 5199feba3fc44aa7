"""The colours that a picture uses, where they are few or coarse, and pixels moved to the nearest of them.

Whatever kept a picture's colours apart, as a palette, a file of few bits or one of grey alone, shows in its pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
"""(H, W, 3), or (H, W) where the network takes grey pictures."""
MOST_COLOURS = 256
"""As many as a palette holds."""
RECURRENCE = 4
"""Pixels of each colour, on average, from which on colours recur: those of a tiny picture are few in any case."""


@dataclass(frozen=True)
class ColourGrid:
    """The colours that pixels of one picture may have."""

    grey: bool = False
    """All channels are equal."""
    levels: tuple[tuple[int, ...], ...] = ()
    """The values of each channel, ascending; one channel where it is grey. Empty where values are no coarser than 8
    bits."""
    palette: tuple[tuple[int, ...], ...] = ()
    """The colours; empty where they are many."""

    def nearest(self, pixels: Pixels) -> Pixels:
        """The pixels, each moved to the nearest colour of the grid; those that lie on it keep every bit."""
        if self.grey and pixels.ndim == 3:
            grey = np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).convert("L"))
            return np.repeat(self.nearest(grey)[..., None], 3, axis=2)
        if self.palette:
            from scipy.spatial import KDTree  # noqa: PLC0415 who explains one picture does not wait for SciPy

            colours, (distinct, each) = np.array(self.palette, dtype=np.uint8), _distinct(pixels)
            return np.asarray(colours[KDTree(colours).query(distinct)[1]][each])
        if self.levels:
            columns = pixels.reshape(-1, len(self.levels)).T
            moved = [_to_nearest(values)[column] for values, column in zip(self.levels, columns, strict=True)]
            return np.stack(moved, axis=-1).reshape(pixels.shape)
        return pixels


EVERY_COLOUR = ColourGrid()


def colour_grid(pixels: Pixels) -> ColourGrid:
    """The grid on which the pixels of a picture lie."""
    if not pixels.size:
        return EVERY_COLOUR
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    if pixels.ndim == 2:
        return ColourGrid(levels=_coarse(picture))
    if np.array_equal(pixels[..., 0], pixels[..., 1]) and np.array_equal(pixels[..., 0], pixels[..., 2]):
        return ColourGrid(grey=True, levels=_coarse(picture.getchannel(0)))
    most = min(MOST_COLOURS, pixels[..., 0].size // RECURRENCE)
    counted = picture.getcolors(most) if most else None
    if counted:
        return ColourGrid(palette=tuple(sorted(map(tuple, np.array([colour for _, colour in counted]).tolist()))))
    return ColourGrid(levels=_coarse(picture))


def _distinct(pixels: Pixels) -> tuple[Pixels, NDArray[np.intp]]:
    """(n, 3) the colours of pixels (H, W, 3), which altering leaves few of, and (H, W) the place of each pixel's."""
    packed = pixels.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.int32)
    values, places = np.unique(packed, return_inverse=True)
    colours = np.stack([values >> 16, values >> 8 & 255, values & 255], axis=1)
    return colours.astype(np.uint8), places.reshape(packed.shape)


def _coarse(picture: Image.Image) -> tuple[tuple[int, ...], ...]:
    """The values of each channel; of one with neighbouring values all 256, and empty where that is all channels."""
    every, pixels = tuple(range(256)), picture.width * picture.height
    used = np.reshape(picture.histogram(), (-1, 256)) > 0
    coarse = (np.count_nonzero(used, axis=1) * RECURRENCE <= pixels) & ~(used[:, 1:] & used[:, :-1]).any(axis=1)
    if not coarse.any():
        return ()
    return tuple(
        tuple(values.nonzero()[0].tolist()) if few else every for values, few in zip(used, coarse.tolist(), strict=True)
    )


def _to_nearest(values: Sequence[int]) -> Pixels:
    """(256,) for each value the nearest of these; of two as near the lower."""
    known, every = np.array(values), np.arange(256)
    return np.asarray(known[np.abs(every[:, None] - known).argmin(axis=1)], dtype=np.uint8)
