"""What goes in: samples (a picture, a label, its boxes), and the exclusions of those that cannot be audited."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path, PureWindowsPath

from audit.errors import AuditError

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels of the original picture, origin top left, half-open: `x0 <= x < x1`."""

NO_BOX: Box = (float("nan"),) * 4
"""Where an annotation holds none that can be read."""


@dataclass(frozen=True)
class Sample:
    """One picture, one label, the boxes of that label, and the boxes of other labels in the same picture."""

    image: str
    """Path below the dataset's picture folder, with forward slashes."""
    label: str
    """The dataset's own word."""
    boxes: tuple[Box, ...]
    other_boxes: tuple[Box, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    forbidden: tuple[Box, ...] = ()
    """Pixels that must not matter, as a watermark. What a box of the sample covers is object and is not forbidden."""
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
    metadata: Mapping[str, str] = field(default_factory=dict)
    size: tuple[int, int] | None = None
    oriented: bool = False
    forbidden: tuple[Box, ...] = ()
    """Of the whole picture."""


def gather(annotations: Iterable[Annotation], files: Iterable[Path]) -> Dataset:
    """Group annotations into samples: one for each (picture, label). One bad annotation excludes its sample.

    Annotations that state other sizes of one picture, or other forbidden pixels, exclude all samples of that picture:
    nobody can say which of them was drawn on it.
    Where the annotations of one sample differ in a metadata value, the sample carries all of them, joined by `|`.
    Raises AuditError where there is no annotation at all.
    """
    read = tuple(files)
    grouped: dict[tuple[str, str], list[Annotation]] = {}
    for annotation in annotations:
        # A Windows path understands both kinds of slash, and drops './'.
        image = PureWindowsPath(annotation.image or annotation.where).as_posix()
        grouped.setdefault((_text(image), _text(annotation.label)), []).append(annotation)
    if not grouped:
        where = read[0].name + (f" and {len(read) - 1} further files" if len(read) > 1 else "")
        raise AuditError(where, "no annotation", "need at least one box", "Check that this is the right file.")
    boxes = {key: tuple(a.box for a in group if fault(a) is None) for key, group in grouped.items()}
    by_image: dict[str, list[tuple[str, str]]] = {}
    forbidden: dict[str, dict[Box, None]] = {}
    for key in sorted(grouped):
        by_image.setdefault(key[0], []).append(key)
        forbidden.setdefault(key[0], {}).update(dict.fromkeys(box for a in grouped[key] for box in a.forbidden))
    torn = {image: _contradiction(a for key in keys for a in grouped[key]) for image, keys in by_image.items()}
    samples, exclusions = [], []
    for (image, label), group in sorted(grouped.items(), key=lambda item: item[0]):
        faults = [found for found in (*map(fault, group), torn[image]) if found]
        if faults:
            exclusions.append(Exclusion(image, label, *faults[0]))
            continue
        others = tuple(box for key in by_image[image] if key[1] != label for box in boxes[key])
        first = group[0]
        given = (boxes[image, label], others, _metadata(group), tuple(forbidden[image]))
        samples.append(Sample(image, label, *given, size=first.size, oriented=first.oriented))
    return Dataset(tuple(samples), tuple(exclusions), read)


def _contradiction(of_one_picture: Iterable[Annotation]) -> tuple[str, str] | None:
    """(reason, detail) where two annotations that could be read state another size or other forbidden pixels."""
    read = [annotation for annotation in of_one_picture if annotation.size is not None]
    for first, other in pairwise(read):
        if (first.size, set(first.forbidden)) != (other.size, set(other.forbidden)):
            said = f"{_stated(first)}, but {_stated(other)}"
            return "broken annotation", f"{said}; need lines that agree on each picture."
    return None


def _stated(annotation: Annotation) -> str:
    boxes = " and ".join("({:g}, {:g}, {:g}, {:g})".format(*box) for box in annotation.forbidden)
    size = "x".join(map(str, annotation.size or ()))
    return f"{annotation.where}: size {size}, {f'forbidden {boxes}' if boxes else 'no forbidden pixels'}"


def _metadata(group: list[Annotation]) -> Mapping[str, str]:
    values: dict[str, dict[str, None]] = {}
    for annotation in group:
        for key, value in annotation.metadata.items():
            values.setdefault(_text(key), {})[_text(value)] = None
    return {key: "|".join(distinct) for key, distinct in values.items()}


def _text(value: str) -> str:
    """Without the halves of characters that JSON and YAML can express but no file can store."""
    return value.encode("utf-8", "replace").decode()


def fault(annotation: Annotation) -> tuple[str, str] | None:
    """(reason, detail) why an annotation cannot be used, or None."""
    if annotation.problem:
        return annotation.problem
    if not annotation.image or not annotation.label:
        missing = "label" if annotation.image else "picture"
        return "broken annotation", f"{annotation.where}: names no {missing}; need a picture and a label."
    return _fault_of_path(annotation) or _fault_of_box(annotation)


def _fault_of_path(annotation: Annotation) -> tuple[str, str] | None:
    path = PureWindowsPath(annotation.image)
    if path.parts and not (path.drive or path.root or ".." in path.parts):
        return None
    wrong = "is an absolute path" if path.drive or path.root else "leads outside the picture folder"
    return (
        "path outside the dataset",
        f"{annotation.where}: {annotation.image!r} {wrong}; need a path below the picture folder.",
    )


def _fault_of_box(annotation: Annotation) -> tuple[str, str] | None:
    x0, y0, x1, y1 = annotation.box
    shown = f"{annotation.where}: box ({x0:g}, {y0:g}, {x1:g}, {y1:g})"
    if not all(abs(value) < float("inf") for value in annotation.box):  # NaN compares false
        return "broken box", f"{shown} is not finite; need four numbers."
    if x1 < x0 or y1 < y0:
        return "broken box", f"{shown} is swapped; need x0 < x1 and y0 < y1."
    if x0 == x1 or y0 == y1:
        return "broken box", f"{shown} is empty; need {'x0 < x1' if x0 == x1 else 'y0 < y1'}."
    return None


def numbers(values: object) -> tuple[float, float, float, float] | None:
    """Four numbers from a list of numbers or of text, or None where they are anything else."""
    if not isinstance(values, Sequence) or isinstance(values, str) or len(values) != 4:
        return None
    try:
        x, y, z, w = (float(value) for value in values if not isinstance(value, bool))
    except (TypeError, ValueError, OverflowError):
        return None
    return x, y, z, w


def read_text(path: Path) -> str:
    """The text of an annotation file, UTF-8 with or without a byte-order mark.

    Raises AuditError where the file is missing, is a folder or is not UTF-8.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        seen = "is a folder" if path.is_dir() else "no such file" if not path.exists() else str(error.strerror)
        raise AuditError(path.name, seen, "need an annotation file", "Check the path in the settings.") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise AuditError(
            f"{path.name} line {line}",
            f"byte {error.object[error.start]:#04x} is not UTF-8",
            "need UTF-8 text",
            f"Convert it: iconv -f ENCODING -t utf-8 {path.name}",
        ) from error
