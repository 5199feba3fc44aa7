"""Boxes and masks in the pixels of the picture as a viewer shows it: turned along with it, clipped, or rejected."""

import numpy as np

from audit.datasets.exclusions import Reason, Rejected
from audit.datasets.framed_objects import Shape
from audit.datasets.masks import Mask, Points, Polygons, Raster
from audit.datasets.picture_header import UPRIGHT, Header, times
from audit.datasets.sample import Box, Sample

OVERHANG = 1.0
"""Pixels by which a box may stick out of its picture: rounding, not a mistake. The overhang is clipped."""


def displayed_boxes(sample: Sample, header: Header) -> tuple[tuple[Box, ...], tuple[Box, ...]]:
    """The sample's `boxes` and `other_boxes` in the pixels of the picture as shown.

    Boxes turn with the picture, unless they are known to follow the display: the format says so, or the size that the
    annotation states is that of the displayed picture and not of the stored one. What sticks out by no more than
    `OVERHANG` is clipped; other labels' boxes are clipped anyhow, since they are judged with their own sample.
    Raises Rejected: size mismatch, box outside the picture.
    """
    shown = header.shown
    possible = (shown,) if sample.oriented else (header.stored, shown)
    if sample.size is not None and sample.size not in possible:
        raise Rejected(
            Reason.SIZE_MISMATCH,
            f"{sample.image}: the annotation says {times(sample.size)}, the file is {times(shown)}; "
            "need boxes that were drawn on this file.",
        )
    frame, follows = _frame_of_boxes(sample, header)
    boxes = tuple(_clip(box, frame) for box in sample.boxes)
    for given, clipped in zip(sample.boxes, boxes, strict=True):
        overhang = max(abs(a - b) for a, b in zip(given, clipped, strict=True))
        if not (overhang <= OVERHANG and _has_area(clipped)):
            raise Rejected(
                Reason.BOX_OUTSIDE,
                f"{sample.image}: box ({', '.join(f'{value:g}' for value in given)}) leaves the {times(frame)} "
                f"picture; need 0 <= x0 and x1 <= {frame[0]}, 0 <= y0 and y1 <= {frame[1]}.",
            )
    others = tuple(box for box in (_clip(box, frame) for box in sample.other_boxes) if _has_area(box))
    if follows:
        return boxes, others
    return (
        tuple(_turn(box, frame, header.orientation) for box in boxes),
        tuple(_turn(box, frame, header.orientation) for box in others),
    )


def displayed_masks(sample: Sample, header: Header) -> tuple[tuple[Shape | None, ...], tuple[Shape | None, ...]]:
    """The masks of `displayed_boxes`, one for each box; none at all where no box has one.

    What sticks out of the picture is clipped in the frame. Raises Rejected where a raster has another size than the
    picture that the boxes were drawn on.
    """
    frame, follows = _frame_of_boxes(sample, header)
    others = [mask for box, mask in sample.other_objects if sample.other_masks and _has_area(_clip(box, frame))]
    for mask in (*sample.masks, *others):
        if isinstance(mask, Raster) and mask.size != frame:
            raise Rejected(
                Reason.SIZE_MISMATCH,
                f"{sample.image}: a mask is {times(mask.size)}, the file is {times(frame)}; need masks that were drawn "
                "on this file.",
            )
    orientation = UPRIGHT if follows else header.orientation
    own, other = (tuple(_shape(mask, frame, orientation) for mask in masks) for masks in (sample.masks, others))
    return own, other


def _shape(mask: Mask | None, frame: tuple[int, int], orientation: int) -> Shape | None:
    """A mask of the picture that the boxes were drawn on, in the picture as shown."""
    if mask is None:
        return None
    if isinstance(mask, Polygons):
        return Shape(rings=tuple(_turned(ring, frame, orientation) for ring in mask.rings))
    ends = _turned(mask.rectangles.reshape(-1, 2), frame, orientation).reshape(-1, 2, 2)
    return Shape(rectangles=np.concatenate([ends.min(axis=1), ends.max(axis=1)], axis=1))


def _turned(points: Points, stored: tuple[int, int], orientation: int) -> Points:
    """Points of the stored picture in the picture as shown."""
    x, y = points.T
    x = stored[0] - x if orientation in {2, 3, 7, 8} else x
    y = stored[1] - y if orientation in {3, 4, 6, 7} else y
    return np.stack([y, x] if orientation >= 5 else [x, y], axis=1)


def displayed_forbidden(sample: Sample, header: Header) -> tuple[Box, ...]:
    """The sample's `forbidden` boxes in the pixels of the picture as shown, turned as its boxes are, and clipped."""
    frame, follows = _frame_of_boxes(sample, header)
    clipped = [box for box in (_clip(box, frame) for box in sample.forbidden) if _has_area(box)]
    return tuple(box if follows else _turn(box, frame, header.orientation) for box in clipped)


def _frame_of_boxes(sample: Sample, header: Header) -> tuple[tuple[int, int], bool]:
    """(width, height) of the picture that the boxes were drawn on, and whether that is the displayed one."""
    shown = header.shown
    follows = sample.oriented or (sample.size == shown != header.stored)
    return shown if follows else header.stored, follows


def _clip(box: Box, size: tuple[int, int]) -> Box:
    x0, y0, x1, y1 = box
    width, height = size
    return min(max(x0, 0), width), min(max(y0, 0), height), min(max(x1, 0), width), min(max(y1, 0), height)


def _has_area(box: Box) -> bool:
    return box[0] < box[2] and box[1] < box[3]


def _turn(box: Box, stored: tuple[int, int], orientation: int) -> Box:
    """A box of the stored picture in the picture as shown."""
    (width, height), (x0, y0, x1, y1) = stored, box
    if orientation in {2, 3, 7, 8}:
        x0, x1 = width - x1, width - x0
    if orientation in {3, 4, 6, 7}:
        y0, y1 = height - y1, height - y0
    return (y0, x0, y1, x1) if orientation >= 5 else (x0, y0, x1, y1)
