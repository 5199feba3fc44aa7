"""What goes in: samples, that is a picture, a label and its boxes, and what a format returns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from audit.datasets.exclusions import Exclusion
from audit.datasets.masks import Mask

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels of the original picture, origin top left, half-open: `x0 <= x < x1`."""

MOST_BOXES = 1_000
"""Of one picture. Each is drawn several times."""
MOST_COLUMNS = 200
"""Of metadata. Each is held against each other one, to find those that say the same of every picture."""
LONGEST_NAME = 10_000
"""Characters of a class name, which a report shows in many places."""


@dataclass(frozen=True)
class Sample:
    """One picture, one label, the boxes of that label, and the boxes of other labels in the same picture.

    An object is the inside of its box or, where the annotations draw one, its mask, around which the box then lies.
    """

    image: str
    """Path below the dataset's picture folder, with forward slashes."""
    label: str
    """The dataset's own word."""
    boxes: tuple[Box, ...]
    """None in a data set without boxes, in which no sample has any."""
    other_boxes: tuple[Box, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    forbidden: tuple[Box, ...] = ()
    """Pixels that must not matter, as a watermark. What a box of the sample covers is object and is not forbidden."""
    size: tuple[int, int] | None = field(default=None, compare=False)
    """(width, height) that the annotation states for the picture, to be held against the file."""
    oriented: bool = field(default=False, compare=False)
    """The boxes follow the picture as a viewer shows it, not as it is stored (EXIF orientation)."""
    masks: tuple[Mask | None, ...] = ()
    """Of each of `boxes`, in its pixels; none at all where no box has one."""
    other_masks: tuple[Mask | None, ...] = ()
    """Of each of `other_boxes`, likewise."""

    @property
    def objects(self) -> tuple["Object", ...]:
        """The boxes with their masks."""
        return tuple(zip(self.boxes, self.masks or (None,) * len(self.boxes), strict=True))

    @property
    def other_objects(self) -> tuple["Object", ...]:
        """The other boxes with their masks."""
        return tuple(zip(self.other_boxes, self.other_masks or (None,) * len(self.other_boxes), strict=True))

    def with_objects(self, own: Iterable["Object"], others: Iterable["Object"]) -> "Sample":
        """The same picture and label with these objects."""
        (boxes, masks), (other_boxes, other_masks) = _apart(own), _apart(others)
        return replace(self, boxes=boxes, masks=masks, other_boxes=other_boxes, other_masks=other_masks)

    def without_masks(self) -> "Sample":
        """With boxes alone."""
        return replace(self, masks=(), other_masks=()) if self.masks or self.other_masks else self


Object = tuple[Box, Mask | None]
"""A box, and the mask in it where there is one."""


def _apart(objects: Iterable[Object]) -> tuple[tuple[Box, ...], tuple[Mask | None, ...]]:
    """The boxes and the masks; none of these where no box has one."""
    pairs = tuple(objects)
    masks = tuple(mask for _, mask in pairs)
    return tuple(box for box, _ in pairs), masks if any(mask is not None for mask in masks) else ()


@dataclass(frozen=True)
class Dataset:
    """What a format returns. Samples and exclusions are sorted by (image, label), each pair at most once."""

    samples: tuple[Sample, ...]
    exclusions: tuple[Exclusion, ...]
    files: tuple[Path, ...]
    """The annotation files that were read, for the record's identity."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """Where the annotations lie in shards with the pictures, their SHA-256 by shard."""

    @property
    def boxed(self) -> bool:
        """Its samples have boxes, or it has no samples."""
        return not self.samples or any(sample.boxes for sample in self.samples)
