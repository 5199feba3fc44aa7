"""A column `objects` as Hugging Face `datasets` has it: boxes in COCO's order, and a category for each."""

from collections.abc import Iterator, Mapping, Sequence
from reprlib import repr as short
from typing import Any

from audit.datasets.annotation import NO_BOX, Annotation
from audit.datasets.annotation_files import numbers
from audit.datasets.exclusions import Reason
from audit.datasets.sample import Box

COLUMN = "objects"
BOXES, CATEGORIES = ("bbox", "bboxes"), ("categories", "category", "labels", "label", "category_id")
"""What data sets call the columns of `objects`; the first that is there is taken."""
SIZE = ("width", "height")


def object_annotations(
    image: str,
    value: object,
    where: str,
    names: Sequence[str],
    metadata: Mapping[str, str],
    size: tuple[int, int] | None,
) -> Iterator[Annotation]:
    """One for each object of a picture; none where it has no objects. names: those of the categories' numbers."""
    objects = _objects(value)
    if objects is None:
        seen = f"objects are {short(value)}"
        detail = f"{where}: {seen}; need lists bbox and categories of one length."
        yield Annotation(image, "?", NO_BOX, where, (Reason.BROKEN_ANNOTATION, detail))
        return
    for index, (given, category) in enumerate(objects):
        place = f"{where} objects[{index}]"
        label, wrong = label_of(category, names, place)
        box, problem = _box(given, place)
        yield Annotation(image, label, box, place, wrong or problem, metadata, size)


def further(entry: Mapping[str, Any], without: Sequence[str]) -> dict[str, str]:
    """The other values of a picture, as metadata."""
    left = {key: value for key, value in entry.items() if key not in (*without, COLUMN, *SIZE)}
    return {key: str(value) for key, value in left.items() if isinstance(value, str | int | float)}


def stated_size(entry: Mapping[str, Any]) -> tuple[int, int] | None:
    """(width, height), where both are stated."""
    width, height = (entry.get(key) for key in SIZE)
    return (width, height) if type(width) is int and type(height) is int else None


def first_of(table: Mapping[str, Any], keys: Sequence[str]) -> object:
    """The value of the first of several keys that is there."""
    return next((table[key] for key in keys if key in table), None)


def label_of(category: object, names: Sequence[str], where: str) -> tuple[str, tuple[str, str] | None]:
    """The label, and (reason, detail) where it is none."""
    if isinstance(category, str):
        return category.strip(), None
    if type(category) is int and not names:
        return str(category), None
    if type(category) is int and 0 <= category < len(names):
        return names[category], None
    needed = f"a number below {len(names)}, of which there are names" if names else "text or a number"
    return "?", (Reason.UNKNOWN_LABEL, f"{where}: category {short(category)}; need {needed}.")


def _objects(value: object) -> list[tuple[object, object]] | None:
    """(bbox, category) of each object: of a table of columns, or of a list of objects; None where it is neither."""
    if value is None:
        return []
    if isinstance(value, list):
        if not all(isinstance(entry, dict) for entry in value):
            return None
        return [(first_of(entry, BOXES), first_of(entry, CATEGORIES)) for entry in value]
    if not isinstance(value, dict):
        return None
    boxes, categories = first_of(value, BOXES), first_of(value, CATEGORIES)
    if not isinstance(boxes, list) or not isinstance(categories, list) or len(boxes) != len(categories):
        return None
    return list(zip(boxes, categories, strict=True))


def _box(given: object, where: str) -> tuple[Box, tuple[str, str] | None]:
    corner_and_size = numbers(given)
    if corner_and_size is None:
        return NO_BOX, (Reason.BROKEN_BOX, f"{where}: bbox is {short(given)}; need four numbers x, y, width, height.")
    x, y, width, height = corner_and_size
    return (x, y, x + width, y + height), None
