"""Masks in the frame of the network's input: as rectangles, which are treated there as boxes are."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from audit.datasets.geometry import Places, Size
from audit.datasets.masks import Points, Rectangles
from audit.datasets.polygons import rectangles_of
from audit.datasets.sample import Box

Into = Callable[[Places], Places]
"""From the picture into the frame, beyond whose edges points may then lie."""


class Shape(NamedTuple):
    """A mask in the pixels of a picture as shown."""

    rings: tuple[Points, ...] = ()
    rectangles: Rectangles = np.empty((0, 4))


def objects_in_frame(
    boxes: Sequence[Box], shapes: Sequence[Shape | None], size: tuple[int, int], into: Into
) -> tuple[Tensor, float]:
    """(R, 4) float32: rectangles in the frame whose union is the objects, and the share of their area that is there.

    boxes: of the objects, which are the object itself where the shape is None. size: (width, height) of the picture, to
    which the objects are clipped.
    """
    corners = [box for box, shape in zip(boxes, shapes, strict=True) if shape is None]
    drawn = [shape for shape in shapes if shape is not None]
    frame, extent = _moved(np.array([[0, 0, *size]], dtype=np.float64), size, into)
    upright = np.concatenate([np.array(corners).reshape(-1, 4), *(shape.rectangles for shape in drawn)])
    _, moved = _moved(upright, size, into)
    rings = [_moved_points(ring, size, into) for shape in drawn for ring in shape.rings]
    top, bottom = extent[0, 1], extent[0, 3]
    whole = _clipped(np.concatenate([moved, *(rectangles_of(ring, top, bottom) for ring in rings)]), extent[0])
    inside = _clipped(whole, np.array([0, 0, frame[1], frame[0]], dtype=np.float64))
    before, after = _area(whole), _area(inside)
    visible = min(after / before, 1.0) if before else 0.0
    return torch.from_numpy(_single(inside[(inside[:, 2:] > inside[:, :2]).all(axis=1)])), visible


def _moved(rectangles: Rectangles, size: tuple[int, int], into: Into) -> tuple[Size, Rectangles]:
    """The size of the frame, and the rectangles there."""
    places = into(Places(torch.from_numpy(rectangles.reshape(-1, 2)).float(), size[::-1]))
    return places.size, places.points.double().numpy().reshape(-1, 4)


def _moved_points(ring: Points, size: tuple[int, int], into: Into) -> Points:
    return np.asarray(into(Places(torch.tensor(ring, dtype=torch.float32), size[::-1])).points.double().numpy())


def _clipped(rectangles: Rectangles, extent: NDArray[np.float64]) -> Rectangles:
    low, high = np.tile(extent[:2], 2), np.tile(extent[2:], 2)
    return np.asarray(rectangles.clip(low, high))


def _area(rectangles: Rectangles) -> float:
    return float((rectangles[:, 2:] - rectangles[:, :2]).prod(axis=1).sum())


def _single(corners: Rectangles) -> NDArray[np.float32]:
    """As float32, with no pixel's centre on another side of an edge than before."""
    rounded = corners.astype(np.float32)
    wrong = np.ceil(rounded.astype(np.float64) - 0.5) != np.ceil(corners - 0.5)
    towards = np.where(corners > rounded, np.inf, -np.inf).astype(np.float32)
    return np.where(wrong, np.nextafter(rounded, towards), rounded)
