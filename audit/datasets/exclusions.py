"""Why a sample leaves the audit: every reason there is. What follows each is a detail with the numbers seen."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """What is counted. After each, which file decides it. A format of your own may give a reason of its own."""

    LABEL_IGNORED = "label ignored"
    """The settings leave the label out (data.ignore): `engine/inputs.py`."""
    UNREADABLE_ANNOTATION = "unreadable annotation"
    """The picture's annotation file cannot be read: the format."""
    BROKEN_ANNOTATION = "broken annotation"
    """It lacks something, or contradicts another of the same picture: the format, `annotation.py`."""
    BROKEN_BOX = "broken box"
    """Not finite, swapped or empty: `annotation.py`."""
    BROKEN_MASK = "broken mask"
    """It encloses nothing, or lies elsewhere than its box: the format, `annotation.py`, `polygons.py`."""
    UNKNOWN_IMAGE = "unknown image"
    """The annotation points to a picture that the file does not list: the format."""
    UNKNOWN_LABEL = "unknown label"
    """The same of a category: the format."""
    DUPLICATED_PICTURE = "duplicated picture"
    """Two annotation files describe it: the format."""
    CROWD_REGION = "crowd region"
    """One box around many objects (COCO's iscrowd): the format."""
    PATH_OUTSIDE = "path outside the dataset"
    """`annotation.py`; through a link, `picture_files.py`."""
    MISSING_PICTURE = "missing picture"
    """`picture_files.py`."""
    UNREADABLE_PICTURE = "unreadable picture"
    """`picture_files.py`."""
    UNSUPPORTED_PICTURE = "unsupported picture"
    """A kind of picture that cannot be shown as a viewer shows it: `picture_files.py`."""
    TRANSPARENT_PICTURE = "transparent picture"
    """`picture_files.py`."""
    OVERSIZED_PICTURE = "oversized picture"
    """Too many pixels: `picture_files.py`, and after resizing `preprocessing.py`."""
    SIZE_MISMATCH = "size mismatch"
    """The picture is not as large as its annotation or its mask says: `displayed_boxes.py`."""
    BOX_OUTSIDE = "box outside the picture"
    """`displayed_boxes.py`."""
    OTHER_FRAME = "other frame size"
    """The preprocessing gives the picture another size than the first: `loader.py`."""
    OBJECT_CROPPED = "object cropped away"
    """The preprocessing leaves too little of it: `loader.py`."""
    BOX_COVERS_FRAME = "box covers the frame"
    """Inside and outside cannot be told apart: `loader.py`."""


OUTSIDE_SCOPE = frozenset({Reason.LABEL_IGNORED, Reason.BOX_COVERS_FRAME})
"""Nothing is wrong with such a sample: the settings state beforehand that the audit does not speak of its kind. All
other reasons, and those of a format of your own, are defects, which may hide faults."""


def by_scope(reasons: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The reasons that are defects, and those that put a sample outside the scope; each in the order given."""
    given = tuple(reasons)
    return (
        tuple(reason for reason in given if reason not in OUTSIDE_SCOPE),
        tuple(reason for reason in given if reason in OUTSIDE_SCOPE),
    )


@dataclass(frozen=True)
class Exclusion:
    """A sample that leaves the audit, with a reason that is counted (`reason`) and one that is read (`detail`)."""

    image: str
    label: str
    reason: str
    detail: str


class Rejected(Exception):  # noqa: N818 - a reason, not a failure of the program
    """One picture cannot be audited: a reason that is counted and a detail that is read."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail

    def __str__(self) -> str:
        return self.detail
