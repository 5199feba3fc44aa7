"""What goes in: samples (a picture, a label, its boxes), and the exclusions of those that cannot be audited."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from audit.errors import AuditError

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels of the original picture, origin top left, half-open: `x0 <= x < x1`."""

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Sample:
    """One picture, one label, the boxes of that label, and the boxes of other labels in the same picture."""

    image: str
    """Path below the dataset's picture folder, with forward slashes."""
    label: str
    """The dataset's own word."""
    boxes: tuple[Box, ...]
    other_boxes: tuple[Box, ...] = ()
    metadata: Mapping[str, str] = field(default=NOTHING)
    size: tuple[int, int] | None = field(default=None, compare=False)
    """(width, height) that the annotation states for the picture, to be held against the file."""
    oriented: bool = field(default=False, compare=False)
    """The boxes follow the picture as a viewer shows it, not as it is stored (EXIF orientation)."""


@dataclass(frozen=True)
class Exclusion:
    """A sample that leaves the audit, with a reason that is counted (`reason`) and one that is read (`detail`)."""

    image: str
    label: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Dataset:
    """What a format returns. Samples and exclusions are sorted by (image, label), each pair at most once."""

    samples: tuple[Sample, ...]
    exclusions: tuple[Exclusion, ...]
    files: tuple[Path, ...]
    """The annotation files that were read, for the record's identity."""


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
    metadata: Mapping[str, str] = field(default=NOTHING)
    size: tuple[int, int] | None = None
    oriented: bool = False


def gather(annotations: Iterable[Annotation], files: Iterable[Path]) -> Dataset:
    """Group annotations into samples: one for each (picture, label). One bad annotation excludes its sample."""
    grouped: dict[tuple[str, str], list[Annotation]] = {}
    for annotation in annotations:
        grouped.setdefault((annotation.image, annotation.label), []).append(annotation)
    boxes = {key: tuple(a.box for a in group if fault(a) is None) for key, group in grouped.items()}
    by_image: dict[str, list[tuple[str, str]]] = {}
    for key in grouped:
        by_image.setdefault(key[0], []).append(key)
    samples, exclusions = [], []
    for (image, label), group in sorted(grouped.items()):
        faults = [found for found in map(fault, group) if found]
        if faults:
            exclusions.append(Exclusion(image, label, *faults[0]))
            continue
        others = tuple(box for key in by_image[image] if key[1] != label for box in boxes[key])
        samples.append(
            Sample(image, label, boxes[image, label], others, group[0].metadata, group[0].size, group[0].oriented)
        )
    return Dataset(tuple(samples), tuple(exclusions), tuple(files))


def fault(annotation: Annotation) -> tuple[str, str] | None:
    """(reason, detail) why an annotation cannot be used, or None."""
    if annotation.problem:
        return annotation.problem
    x0, y0, x1, y1 = annotation.box
    shown = f"{annotation.where}: box ({x0:g}, {y0:g}, {x1:g}, {y1:g})"
    if not all(abs(value) < float("inf") for value in annotation.box):  # NaN compares false
        return "broken box", f"{shown} is not finite; need four numbers."
    if x1 < x0 or y1 < y0:
        return "broken box", f"{shown} is swapped; need x0 < x1 and y0 < y1."
    if x0 == x1 or y0 == y1:
        return "broken box", f"{shown} is empty; need {'x0 < x1' if x0 == x1 else 'y0 < y1'}."
    path = PurePosixPath(annotation.image.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        return (
            "path outside the dataset",
            f"{annotation.where}: {annotation.image!r} leads outside the picture folder; need a path below it.",
        )
    return None


def read_text(path: Path) -> str:
    """The text of an annotation file, UTF-8 with or without a byte-order mark.

    Raises AuditError where the file is missing, is a folder or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise AuditError(
            path.name, f"byte {error.start} is not UTF-8", "UTF-8 text", f"Convert it: iconv -t utf-8 {path.name}"
        ) from error
    except OSError as error:
        raise AuditError(path.name, error.strerror or "cannot be read", "an annotation file") from error
