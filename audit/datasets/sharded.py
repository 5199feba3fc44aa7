"""From what shards say of each picture to samples: with boxes where they state any, else with labels alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from audit.datasets.annotation import Annotation
from audit.datasets.exclusions import Exclusion, Reason
from audit.datasets.gather import gather
from audit.datasets.objects_column import (
    BOXES,
    CATEGORIES,
    COLUMN,
    first_of,
    further,
    label_of,
    object_annotations,
    stated_size,
)
from audit.datasets.sample import Dataset, Sample
from audit.errors import AuditError


@dataclass(frozen=True)
class Entry:
    """One picture and what is written of it."""

    image: str
    """The path through its shard."""
    fields: Mapping[str, Any]
    label: object = None
    """Of the picture as a whole, beside its fields."""

    @property
    def boxed(self) -> bool:
        return COLUMN in self.fields or any(key in self.fields for key in BOXES)


def sharded_dataset(
    entries: Sequence[Entry], names: Mapping[str, Sequence[str]], digests: Mapping[str, str]
) -> Dataset:
    """The samples of shards. names: of the numbers of each column of categories; under '' those of any.

    digests: the hash of the annotations, by shard. Raises AuditError where there is nothing.
    """
    if any(entry.boxed for entry in entries):
        files = [Path(name) for name in digests]
        found = gather((one for entry in entries for one in _annotations(entry, names)), files)
        return replace(found, files=(), digests=digests)
    if not entries:
        raise AuditError(next(iter(digests), "shards"), "no picture", "need shards of pictures and what they show")
    outcomes = sorted((_whole(entry, names) for entry in entries), key=lambda one: one.image)
    samples = tuple(one for one in outcomes if isinstance(one, Sample))
    return Dataset(samples, tuple(one for one in outcomes if isinstance(one, Exclusion)), (), digests)


def _annotations(entry: Entry, names: Mapping[str, Sequence[str]]) -> Iterator[Annotation]:
    fields = entry.fields
    value = fields.get(COLUMN) if COLUMN in fields else _own_objects(entry)
    named = _names(value, names)
    metadata = further(fields, BOXES if COLUMN in fields else (*BOXES, *CATEGORIES))
    return object_annotations(entry.image, value, entry.image, named, metadata, stated_size(fields))


def _own_objects(entry: Entry) -> object:
    """The same of a picture whose boxes stand beside its other values: lists of both, or one box and one label."""
    boxes, category = first_of(entry.fields, BOXES), first_of(entry.fields, CATEGORIES)
    if boxes is None:
        return None
    column = next((key for key in CATEGORIES if key in entry.fields), CATEGORIES[0])
    label = entry.label if category is None else category
    if isinstance(boxes, list) and not any(isinstance(box, list) for box in boxes) and boxes:
        return [{BOXES[0]: boxes, column: label}]
    if isinstance(boxes, list) and not isinstance(label, list):
        return [{BOXES[0]: box, column: label} for box in boxes]
    return {BOXES[0]: boxes, column: label}


def _names(value: object, names: Mapping[str, Sequence[str]]) -> Sequence[str]:
    table = value[0] if isinstance(value, list) and value else value
    column = next((key for key in CATEGORIES if isinstance(table, dict) and key in table), "")
    return names.get(column) or names.get("", ())


def _whole(entry: Entry, names: Mapping[str, Sequence[str]]) -> Sample | Exclusion:
    """A picture without boxes."""
    column = next((key for key in CATEGORIES if key in entry.fields), "")
    given = entry.label if entry.label is not None else entry.fields.get(column)
    label, wrong = label_of(given, names.get(column) or names.get("", ()), entry.image)
    if wrong or not label:
        detail = wrong[1] if wrong else f"{entry.image}: says of no class; need its label."
        return Exclusion(entry.image, "?", Reason.UNKNOWN_LABEL, detail)
    return Sample(entry.image, label, (), metadata=further(entry.fields, CATEGORIES), size=stated_size(entry.fields))
