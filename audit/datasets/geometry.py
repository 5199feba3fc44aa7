"""Resizing, padding and cropping, of a picture and of the boxes and points in it alike.

The tests hold it to torchvision's transforms, bit by bit. They are not used here because importing torchvision takes as
long as importing torch itself, and most networks are none of its.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar, final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from audit.choices import Interpolation

Size = tuple[int, int]
"""(height, width)"""
_FILTERS: Mapping[Interpolation, Image.Resampling] = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}


@final
@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes in the pixels of a picture."""

    corners: Tensor
    """(B, 4) float32: x0, y0, x1, y1, half-open."""
    size: Size
    """Of the picture."""

    def clamped(self) -> "Boxes":
        """No part of them lies outside the picture."""
        height, width = self.size
        return Boxes(self.corners.clamp(min=0).minimum(torch.tensor([width, height, width, height])), self.size)

    def moved(self, across: int, down: int, size: Size) -> "Boxes":
        """In a picture of another size, in which the old one's corner lies there."""
        return Boxes(self.corners + torch.tensor([across, down, across, down]), size).clamped()

    def scaled(self, across: float, down: float, size: Size) -> "Boxes":
        """In the picture when it is squashed to another size."""
        return Boxes(self.corners * torch.tensor([across, down, across, down]), size)


@final
@dataclass(frozen=True, eq=False)
class Places:
    """Points in the pixels of a picture, which move as the corners of boxes do, but may leave it."""

    points: Tensor
    """(P, 2) float32: x, y."""
    size: Size
    """Of the picture."""

    def moved(self, across: int, down: int, size: Size) -> "Places":
        """As of `Boxes`."""
        return Places(self.points + torch.tensor([across, down]), size)

    def scaled(self, across: float, down: float, size: Size) -> "Places":
        """As of `Boxes`."""
        return Places(self.points * torch.tensor([across, down]), size)


def covered_share(corners: Tensor, size: Size) -> float:
    """The share of a frame (height, width) that the union of boxes (B, 4) covers, by the pixels whose centre they hold.

    It counts no pixel: between the edges of the boxes, all pixels are alike.
    """
    edges = np.ceil(corners.double().numpy() - 0.5)  # the first pixel inside, and the first beyond
    edges = edges.clip(0, [size[1], size[0], size[1], size[0]])
    x0, y0, x1, y1 = edges[(edges[:, 0] < edges[:, 2]) & (edges[:, 1] < edges[:, 3])].T
    across, down = np.unique([x0, x1]), np.unique([y0, y1])
    left, right = np.searchsorted(across, [x0, x1])
    top, bottom = np.searchsorted(down, [y0, y1])
    steps = np.zeros((len(down), len(across)), np.int32)  # whose sums up to a place count the boxes there
    for rows, columns, step in ((top, left, 1), (top, right, -1), (bottom, left, -1), (bottom, right, 1)):
        np.add.at(steps, (rows, columns), step)
    covered = steps.cumsum(axis=0, dtype=np.int32).cumsum(axis=1, dtype=np.int32)[:-1, :-1] > 0
    return float(np.diff(down) @ covered @ np.diff(across)) / (size[0] * size[1])


Part = TypeVar("Part", Image.Image, Boxes, Places)


def hull_of(boxes: Tensor) -> Tensor:
    """(4,) x0, y0, x1, y1 of the smallest box around boxes (M, 4), of which there is one at least."""
    if not len(boxes):
        return boxes.new_full((4,), torch.nan)
    return torch.cat([boxes[:, :2].amin(dim=0), boxes[:, 2:].amax(dim=0)])


def size_of(part: Image.Image | Boxes | Places) -> Size:
    return (part.height, part.width) if isinstance(part, Image.Image) else part.size


def with_shorter_side(size: Size, side: int) -> Size:
    """The size of a picture after its shorter side was brought to `side`."""
    height, width = size
    return (side, int(side * width / height)) if height <= width else (int(side * height / width), side)


def resized(part: Part, size: Size, interpolation: Interpolation) -> Part:
    """Squashed to (height, width)."""
    if size_of(part) == size:
        return part
    if isinstance(part, Image.Image):
        return part.resize(size[::-1], _FILTERS[interpolation])
    down, across = (new / old for new, old in zip(size, part.size, strict=True))
    return part.scaled(across, down, size)


def padded(part: Part, left: int, top: int, size: Size, fill: int) -> Part:
    """On a ground of (height, width) in the colour `fill`, with its corner at left, top."""
    if not isinstance(part, Image.Image):
        return part.moved(left, top, size)
    ground = Image.new(part.mode, size[::-1], (fill,) * len(part.getbands()))
    ground.paste(part, (left, top))
    return ground


def cropped(part: Part, size: Size) -> Part:
    """The centre, of (height, width); the part is at least as large."""
    top, left = (round((old - new) / 2) for old, new in zip(size_of(part), size, strict=True))
    if not isinstance(part, Image.Image):
        return part.moved(-left, -top, size)
    return part.crop((left, top, left + size[1], top + size[0]))
