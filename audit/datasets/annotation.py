"""One line of an annotation file, and what may be wrong with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PureWindowsPath

from audit.datasets.exclusions import Reason
from audit.datasets.masks import Mask
from audit.datasets.sample import MOST_BOXES, Box

MOST_PAIRS = 100_000
"""Most pairs of a label and a box on one picture: 100 labels with 1,000 boxes in all."""

FEWEST_IN_COMMON = 0.5
"""Share of the smaller of a box and its mask's own box that lies in both: else they are of two objects."""

NO_BOX: Box = (float("nan"),) * 4
"""The box of an annotation that holds none that can be read."""


@dataclass(frozen=True)
class Annotation:
    """One line of an annotation file, converted to our convention, not yet trusted."""

    image: str
    label: str
    box: Box
    where: str
    """For messages: 'boxes.csv line 3'."""
    problem: tuple[str, str] | None = None
    """(reason, detail) where the format itself must exclude it, as with a crowd region."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    size: tuple[int, int] | None = None
    oriented: bool = False
    forbidden: tuple[Box, ...] = ()
    """Boxes for the whole picture, whatever the label."""
    mask: Mask | None = None
    """The object's own outline, around which the box lies."""


def fault(annotation: Annotation) -> tuple[str, str] | None:
    """(reason, detail) why an annotation cannot be used, or None."""
    if annotation.problem:
        return annotation.problem
    if not annotation.image or not annotation.label:
        missing = "label" if annotation.image else "picture"
        return Reason.BROKEN_ANNOTATION, f"{annotation.where}: names no {missing}; need a picture and a label."
    return _fault_of_path(annotation) or _fault_of_box(annotation) or _fault_of_mask(annotation)


def _fault_of_path(annotation: Annotation) -> tuple[str, str] | None:
    path = PureWindowsPath(annotation.image)
    if path.parts and not (path.drive or path.root or ".." in path.parts):
        return None
    wrong = "is an absolute path" if path.drive or path.root else "leads outside the picture folder"
    return (
        Reason.PATH_OUTSIDE,
        f"{annotation.where}: {annotation.image!r} {wrong}; need a path below the picture folder.",
    )


def _fault_of_box(annotation: Annotation) -> tuple[str, str] | None:
    x0, y0, x1, y1 = annotation.box
    shown = f"{annotation.where}: box ({x0:g}, {y0:g}, {x1:g}, {y1:g})"
    if not all(abs(value) < float("inf") for value in annotation.box):  # NaN compares false
        return Reason.BROKEN_BOX, f"{shown} is not finite; need four numbers."
    if x1 < x0 or y1 < y0:
        return Reason.BROKEN_BOX, f"{shown} is swapped; need x0 < x1 and y0 < y1."
    if x0 == x1 or y0 == y1:
        return Reason.BROKEN_BOX, f"{shown} is empty; need {'x0 < x1' if x0 == x1 else 'y0 < y1'}."
    return None


def _fault_of_mask(annotation: Annotation) -> tuple[str, str] | None:
    mask = annotation.mask
    if mask is None:
        return None
    if mask.fault:
        return (
            Reason.BROKEN_MASK,
            f"{annotation.where}: mask {mask.fault}; need an outline or pixels.",
        )
    shared, both = _in_common(annotation.box, mask.box)
    if shared < FEWEST_IN_COMMON * both:
        boxes = " and ".join("({:g}, {:g}, {:g}, {:g})".format(*box) for box in (annotation.box, mask.box))
        detail = f"{annotation.where}: box and mask {boxes} lie apart; need both of one object."
        return Reason.BROKEN_MASK, detail
    return None


def _in_common(one: Box, other: Box) -> tuple[float, float]:
    """The area that two boxes share, and that of the smaller one."""
    across, down = (max(min(one[i + 2], other[i + 2]) - max(one[i], other[i]), 0) for i in (0, 1))
    return across * down, min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))


def crowd(
    image: str, keys: Sequence[tuple[str, str]], boxes: Mapping[tuple[str, str], Sequence[Box]]
) -> tuple[str, str] | None:
    """(reason, detail) where a picture has so many labels and boxes that to hold each against each takes all memory."""
    count = sum(len(boxes[key]) for key in keys)
    if len(keys) * count <= MOST_PAIRS and count <= MOST_BOXES:
        return None
    labels = "1 label" if len(keys) == 1 else f"{len(keys):,} labels"
    detail = f"{image}: {count:,} boxes under {labels}; need a picture that a person could have annotated."
    return Reason.BROKEN_ANNOTATION, detail


def contradiction(of_one_picture: Iterable[Annotation]) -> tuple[str, str] | None:
    """(reason, detail) where two annotations that could be read state another size or other forbidden pixels."""
    read = [annotation for annotation in of_one_picture if annotation.size is not None]
    for first, other in pairwise(read):
        if (first.size, set(first.forbidden)) != (other.size, set(other.forbidden)):
            both = f"{_stated(first)}, but {_stated(other)}"
            return Reason.BROKEN_ANNOTATION, f"{both}; need lines that agree on each picture."
    return None


def _stated(annotation: Annotation) -> str:
    boxes = " and ".join("({:g}, {:g}, {:g}, {:g})".format(*box) for box in annotation.forbidden)
    size = "x".join(map(str, annotation.size or ()))
    return f"{annotation.where}: size {size}, {f'forbidden {boxes}' if boxes else 'no forbidden pixels'}"
