"""The network's own preprocessing, applied to the picture and its boxes alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from audit.bounds import MOST_SIDE
from audit.choices import Interpolation
from audit.datasets import geometry
from audit.datasets.exclusions import Reason, Rejected
from audit.datasets.framed_objects import Shape, objects_in_frame
from audit.datasets.geometry import Boxes, Part, Size, size_of, with_shorter_side
from audit.datasets.picture_header import times
from audit.datasets.sample import Box
from audit.errors import AuditError


class Framed(NamedTuple):
    """A picture in the frame of the network's input."""

    pixels: Tensor
    """(C, H, W) uint8, a view of (H, W, C) memory."""
    boxes: Tensor
    """(B, 4) float32, half-open, in the new frame and clipped to it."""
    visible: float
    """Share of the boxes' area that the crop left."""
    forbidden: Tensor
    """(F, 4) as `boxes`, grown by the reach of the interpolation: the pixels that must not matter."""
    drawn: Tensor | None = None
    """(R, 4) as `boxes`: rectangles whose union is the objects, where masks draw them; None where the boxes do."""

    @property
    def objects(self) -> Tensor:
        """(R, 4): what the object is the union of."""
        return self.boxes if self.drawn is None else self.drawn


class FramedBoxes(NamedTuple):
    """What the frame's size and a picture's own say of its boxes there; as in `Framed`."""

    size: Size
    """Of the frame."""
    boxes: Tensor
    visible: float
    forbidden: Tensor
    drawn: Tensor | None = None

    @property
    def objects(self) -> Tensor:
        return self.boxes if self.drawn is None else self.drawn

    def with_pixels(self, pixels: Tensor) -> Framed:
        return Framed(pixels, self.boxes, self.visible, self.forbidden, self.drawn)


COLOURS = 3
MAX_MADE = 25_000_000
"""Pixels that preprocessing may make of a smaller picture."""

_REACH: Mapping[Interpolation, float] = {"nearest": 0.0, "bilinear": 1.0, "bicubic": 2.0}
"""How far from a pixel's centre the interpolation reads, in pixels of the coarser of the two pictures."""
_ROUNDING = 1e-3
"""Pixels by which a pixel's centre may seem to lie beside the edge of a box on which it lies."""


@dataclass(frozen=True)
class Preprocessing:
    """Resize or fit, then crop, then scale to [0, 1], then normalise.

    resize: the shorter side in pixels, or (height, width), which squashes. letterbox: (height, width) into which the
    whole picture is fitted, padded with the grey value `fill`. crop: (height, width) of the centre crop.
    mean, std: of each channel, in [0, 1] units, or one number for all. One channel means a network that takes grey
    pictures, which are made of colours by their luminance.
    """

    resize: int | tuple[int, int] | None = None
    letterbox: tuple[int, int] | None = None
    crop: tuple[int, int] | None = None
    fill: int = 114
    interpolation: Interpolation = "bilinear"
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)

    def __post_init__(self) -> None:
        for name in ("resize", "letterbox", "crop"):
            _check_sides(name, getattr(self, name))
        whole = [value for value in (self.mean, self.std) if not isinstance(value, int | float)]
        channels = len(whole[0]) if whole else COLOURS
        for name in ("mean", "std"):
            value = getattr(self, name)
            each = (float(value),) * channels if isinstance(value, int | float) else tuple(map(float, value))
            if len(each) != channels:
                raise AuditError("preprocessing", f"{len(each)} numbers in {name}, {channels} in mean", "need as many")
            object.__setattr__(self, name, each)

    @property
    def channels(self) -> int:
        """How many the network's input has: 3, or 1 for grey pictures."""
        return len(self.mean)

    def frame(self, picture: Image.Image, boxes: tuple[Box, ...], forbidden: tuple[Box, ...] = ()) -> Framed:
        """An RGB picture and the boxes in its pixels, moved into the frame of the network's input together."""
        return self.frame_boxes(picture.size, boxes, forbidden).with_pixels(self.frame_pixels(picture))

    def frame_pixels(self, picture: Image.Image) -> Tensor:
        """(C, H, W) uint8: an RGB picture in the frame of the network's input. Check its growth first."""
        pixels = self._crop(self._scale(picture if self.channels == COLOURS else picture.convert("L")))
        lines = torch.from_numpy(np.array(pixels)).view(pixels.height, pixels.width, self.channels)
        return lines.permute(2, 0, 1)

    def frame_boxes(
        self,
        size: tuple[int, int],
        boxes: tuple[Box, ...],
        forbidden: tuple[Box, ...] = (),
        shapes: tuple[Shape | None, ...] = (),
    ) -> FramedBoxes:
        """The boxes of a picture of this size (width, height), moved as its pixels are. shapes: of each box, or none.

        Masks are moved by the very arithmetic of the boxes: their points, and the corners of their pixels.
        Resizing blends pixels with those beside them, so that forbidden ones are seen beyond their box. Where the
        picture was resized, the forbidden boxes therefore hold every pixel that the interpolation may have carried them
        into. What the file's own compression carried further, as JPEG does within its blocks, they do not hold.
        Raises Rejected where the picture would become too large.
        """
        self.check_growth(size)
        scaled = self._scale(_corners(boxes, size))
        moved = self._crop(scaled)
        before, after = _area(scaled), _area(moved)
        outlawed = torch.empty(0, 4)
        if forbidden:
            outlawed = self._crop(self._scale(_corners(forbidden, size), grow=True)).clamped().corners
        visible = min(after / before, 1.0) if before else 0.0  # rounding may leave more than there is
        drawn = None
        if any(shape is not None for shape in shapes):
            drawn, visible = objects_in_frame(boxes, shapes, size, lambda places: self._crop(self._scale(places)))
        return FramedBoxes(moved.size, moved.clamped().corners, visible, outlawed, drawn)

    def check_growth(self, size: tuple[int, int]) -> None:
        """Raises Rejected where a picture of this size (width, height) would become too large on its way to the frame.

        A long thin one does where its shorter side is resized: of 65000x1 pixels come 16 million by 256.
        """
        if not isinstance(self.resize, int):
            return
        longer = self.resize * max(size) // min(size)
        if self.resize * longer > max(MAX_MADE, size[0] * size[1]):
            raise Rejected(
                Reason.OVERSIZED_PICTURE,
                f"resize makes {self.resize}x{longer} pixels of {times(size)}; need at most "
                f"{MAX_MADE // 1_000_000} megapixels. Set a letterbox, or a resize of two numbers.",
            )

    def _scale(self, part: Part, grow: bool = False) -> Part:
        if self.resize is not None:
            size = with_shorter_side(size_of(part), self.resize) if isinstance(self.resize, int) else self.resize
            part = self._resized(part, size, grow)
        if self.letterbox is not None:
            height, width = size_of(part)
            scale = min(self.letterbox[0] / height, self.letterbox[1] / width)
            fitted = max(1, round(height * scale)), max(1, round(width * scale))
            top, left = (self.letterbox[0] - fitted[0]) // 2, (self.letterbox[1] - fitted[1]) // 2
            part = geometry.padded(self._resized(part, fitted, grow), left, top, self.letterbox, self.fill)
        return part

    def _resized(self, part: Part, size: tuple[int, int], grow: bool) -> Part:
        """grow: boxes, by the reach of the interpolation along each side that is resized, to whole pixels."""
        resized = geometry.resized(part, size, self.interpolation)
        if not (grow and isinstance(resized, Boxes)):
            return resized
        down, across = (
            0.0 if new == old else _REACH[self.interpolation] * max(1.0, new / old) + _ROUNDING
            for new, old in zip(size, size_of(part), strict=True)
        )
        grown = resized.corners + torch.tensor([-across, -down, across, down])
        # The pixels whose centre a box holds are what is seen of it, and what a second resizing carries on as a whole.
        return Boxes((grown - 0.5).ceil(), size).clamped()

    def _crop(self, part: Part) -> Part:
        if self.crop is None:
            return part
        height, width = size_of(part)
        down, across = max(self.crop[0] - height, 0), max(self.crop[1] - width, 0)
        if down or across:
            part = geometry.padded(part, across // 2, down // 2, (height + down, width + across), 0)
        return geometry.cropped(part, self.crop)

    def normalise(self, pixels: Tensor) -> Tensor:
        """(N, C, H, W) uint8 -> float32, as the network wants it."""
        return normalised(pixels, *(torch.tensor(value, device=pixels.device) for value in (self.mean, self.std)))

    def origin(self, size: tuple[int, int]) -> tuple[int, int] | None:
        """Where the first pixel of a picture of this size (height, width) lies in the frame, down and across.

        Negative where it is cropped away; None where the picture is scaled.
        """
        height, width = size
        if self.resize is not None and self.resize not in (min(size), size):
            return None
        top = left = 0
        if self.letterbox is not None:
            scale = min(self.letterbox[0] / height, self.letterbox[1] / width)
            if [max(1, round(height * scale)), max(1, round(width * scale))] != [height, width]:
                return None
            top, left = (self.letterbox[0] - height) // 2, (self.letterbox[1] - width) // 2
            height, width = self.letterbox
        if self.crop is not None:
            down, across = max(self.crop[0] - height, 0), max(self.crop[1] - width, 0)
            top += down // 2 - round((height + down - self.crop[0]) / 2)
            left += across // 2 - round((width + across - self.crop[1]) / 2)
        return top, left

    def place(self, size: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
        """The origin and the size, down and across, of what is in the frame of a picture of this size."""
        whole = Boxes(torch.tensor([[0.0, 0.0, size[1], size[0]]]), size)
        left, top, right, bottom = map(round, self._crop(self._scale(whole)).clamped().corners[0].tolist())
        return (top, left), (bottom - top, right - left)


def _check_sides(name: str, sides: int | tuple[int, int] | None) -> None:
    each = () if sides is None else (sides,) if isinstance(sides, int) else sides
    if not all(0 < side <= MOST_SIDE for side in each):
        raise AuditError("preprocessing", f"{name} = {sides}", f"need sides from 1 to {MOST_SIDE:,} pixels")


def normalised(pixels: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """(N, C, H, W) uint8 -> float32, scaled to [0, 1] and normalised with mean and std (C,)."""
    n, channels, height, width = pixels.shape
    scaled = pixels.to(torch.float32).mul_(1 / 255)
    # Whole lines, as decoded pixels lie in memory, take a fraction of the time of three channels at a time.
    lines = scaled.permute(0, 2, 3, 1).flatten(2)
    lines = lines.sub_(mean.repeat(width)).div_(std.repeat(width))
    return lines.view(n, height, width, channels).permute(0, 3, 1, 2)


def eight_bit(pictures: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """(N, C, H, W) float32 as the network wants it -> the nearest uint8: undoes `normalised`, and as quickly."""
    n, channels, height, width = pictures.shape
    lines = pictures.permute(0, 2, 3, 1).flatten(2)
    scaled = torch.addcmul(255 * mean.repeat(width), lines, 255 * std.repeat(width))
    levels = scaled.round_().clamp_(0, 255).to(torch.uint8)
    return levels.view(n, height, width, channels).permute(0, 3, 1, 2)


def _corners(boxes: tuple[Box, ...], size: tuple[int, int]) -> Boxes:
    return Boxes(torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4), size[::-1])


def _area(boxes: Boxes) -> float:
    return float(sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in boxes.corners.tolist()))
