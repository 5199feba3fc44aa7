"""From annotations to samples: one for each picture and label, and an exclusion for each that cannot be used."""

from collections.abc import Iterable, Mapping
from pathlib import Path, PureWindowsPath

from audit.datasets.annotation import Annotation, contradiction, crowd, fault
from audit.datasets.exclusions import Exclusion
from audit.datasets.sample import MOST_COLUMNS, Box, Dataset, Sample
from audit.errors import AuditError


def gather(annotations: Iterable[Annotation], files: Iterable[Path]) -> Dataset:
    """Group annotations into samples: one for each (picture, label). One bad annotation excludes its sample.

    Annotations that state other sizes of one picture, or other forbidden pixels, exclude all samples of that picture:
    nobody can say which of them was drawn on it.
    Where the annotations of one sample differ in a metadata value, the sample carries all of them, joined by `|`.
    Raises AuditError where there is no annotation at all, or metadata of very many columns.
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
    wrong = {key: [fault(a) for a in group] for key, group in grouped.items()}
    whole = {
        key: [a for a, problem in zip(group, wrong[key], strict=True) if problem is None]
        for key, group in grouped.items()
    }
    boxes = {key: tuple(a.box for a in group) for key, group in whole.items()}
    by_image: dict[str, list[tuple[str, str]]] = {}
    forbidden: dict[str, dict[Box, None]] = {}
    for key in sorted(grouped):
        by_image.setdefault(key[0], []).append(key)
        forbidden.setdefault(key[0], {}).update(dict.fromkeys(box for a in grouped[key] for box in a.forbidden))
    torn = {
        image: crowd(image, keys, boxes) or contradiction(a for key in keys for a in grouped[key])
        for image, keys in by_image.items()
    }
    samples, exclusions = [], []
    for (image, label), group in sorted(grouped.items(), key=lambda item: item[0]):
        faults = [problem for problem in (*wrong[image, label], torn[image]) if problem]
        if faults:
            exclusions.append(Exclusion(image, label, *faults[0]))
            continue
        others = [a for key in by_image[image] if key[1] != label for a in whole[key]]
        first = group[0]
        given = ((), (), _metadata(group), tuple(forbidden[image]))
        bare = Sample(image, label, *given, size=first.size, oriented=first.oriented)
        samples.append(bare.with_objects(*([(a.box, a.mask) for a in part] for part in (whole[image, label], others))))
    _check_columns(samples, read)
    return Dataset(tuple(samples), tuple(exclusions), read)


def _check_columns(samples: Iterable[Sample], files: tuple[Path, ...]) -> None:
    columns = len({column for sample in samples for column in sample.metadata})
    if columns > MOST_COLUMNS:
        where, needed = files[0].name, f"need at most {MOST_COLUMNS}"
        advice = "Leave out those that tell no kinds of pictures apart."
        raise AuditError(where, f"holds {columns:,} columns of metadata", needed, advice)


def _metadata(group: list[Annotation]) -> Mapping[str, str]:
    values: dict[str, dict[str, None]] = {}
    for annotation in group:
        for key, value in annotation.metadata.items():
            values.setdefault(_text(key), {})[_text(value)] = None
    return {key: "|".join(distinct) for key, distinct in values.items()}


def _text(value: str) -> str:
    """Without the halves of characters that JSON and YAML can express but no file can store."""
    return value.encode("utf-8", "replace").decode()
