"""The picture's edge: a frame, a black bar, a scanner's margin."""

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from audit.inspection.findings import Quantity
from audit.inspection.view import THUMBNAIL, Pixels, Value, View

LINE = Quantity("outermost line of pixels", "place")


def border(view: View) -> Mapping[Quantity, Value]:
    """The mean colours along the four edges: the outermost line of pixels, and two rings of 1/28 of the side."""
    canvas, measured = view.canvas, dict[Quantity, Value]()
    for quantity, pixels, free, depth in (
        (LINE, canvas.rgb, canvas.free, 0),
        (_ring(1), canvas.thumbnail, canvas.outside, 0),
        (_ring(2), canvas.thumbnail, canvas.outside, 1),
    ):
        colours = [_mean(pixels[side], free[side]) for side in _sides(depth)]
        if all(colour is not None for colour in colours):
            measured[quantity] = np.concatenate([colour for colour in colours if colour is not None])
    return measured


@cache
def _ring(number: int) -> Quantity:
    return Quantity(f"border ring {number} (of 1/{THUMBNAIL} of the side)", "place")


def _sides(depth: int) -> tuple[tuple[slice | int, ...], ...]:
    """Left, right, upper and lower side of the ring so deep inside."""
    all_of_it = slice(None)
    return (all_of_it, depth), (all_of_it, -1 - depth), (depth,), (-1 - depth,)


def _mean(colours: Pixels, free: NDArray[np.bool_]) -> Pixels | None:
    """(3,), or None where the boxes leave less than half of the side."""
    return np.rint(colours[free].mean(axis=0)).astype(np.uint8) if free.mean() >= 0.5 else None
