"""Hugging Face `datasets`, written out as pictures: an imagefolder whose metadata.jsonl has a column `objects`.

Its boxes are COCO's, x, y, width, height in pixels (huggingface.co/docs/datasets/image_dataset, object detection); a
category is text, or the number of a ClassLabel. A dataset of Arrow or Parquet files holds its pictures inside them.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from reprlib import repr as short
from typing import Any

from audit.datasets.annotation import NO_BOX, Annotation
from audit.datasets.annotation_files import inside, numbers, read_text
from audit.datasets.exclusions import Reason
from audit.datasets.gather import gather
from audit.datasets.picture_paths import below
from audit.datasets.sample import Box, Dataset
from audit.errors import AuditError
from audit.files import files_below, is_folder, is_regular

PACKED = (".arrow", ".parquet")
ENDINGS = (".jsonl", *PACKED)
READS_PICTURES = True
FILE = "metadata.jsonl"
BOXES, CATEGORIES = ("bbox", "bboxes"), ("categories", "category", "labels", "label", "category_id")
"""What data sets call the columns of `objects`; the first that is there is taken."""
UNPACK = (
    f"Save each picture to a file, and write {FILE} beside them: for each a line with file_name and objects, which are"
    ' {"bbox": [[x, y, width, height]], "categories": ["name"]}.'
)


def hugging_face(annotations: Path, images: Path, *, names: tuple[str, ...] = ()) -> Dataset:
    """Hugging Face datasets as an imagefolder: metadata.jsonl with file_name and objects (bbox, categories).

    annotations: the file, or the folder below which one lies, or one for each split, whose folder becomes the column
    `split`. Paths start at the file. names: those of the categories' numbers, in their order; without them a number is
    a label as it stands. Further values of a line become metadata, width and height the picture's size. A line without
    objects holds no sample. Raises AuditError for Arrow and Parquet files, which hold the pictures themselves.
    """
    files = _files(annotations)
    several = len(files) > 1
    found = [entry for file in files for entry in _lines(file, annotations, images, names, several)]
    return gather(found, files)


def _files(annotations: Path) -> list[Path]:
    if annotations.suffix.lower() in PACKED and is_regular(annotations):
        raise _packed(annotations)
    if not is_folder(annotations):
        return [annotations]
    files = [file for file in files_below(annotations, ENDINGS[:1]) if file.name == FILE and inside(file, annotations)]
    if not files:
        if packed := files_below(annotations, PACKED):
            raise _packed(packed[0])
        raise AuditError(annotations.name, f"no {FILE} in this folder", "need that of an imagefolder")
    return files


def _packed(file: Path) -> AuditError:
    kind = "Arrow" if file.suffix.lower() == ".arrow" else "Parquet"
    return AuditError(file.name, f"holds its pictures inside, as {kind}", "need each picture in a file", UNPACK)


def _lines(file: Path, root: Path, images: Path, names: Sequence[str], several: bool) -> Iterator[Annotation]:
    name = file.relative_to(root).as_posix() if file != root and file.is_relative_to(root) else file.name
    text = read_text(file)
    if '"objects"' not in text:
        raise AuditError(name, "nowhere says 'objects'", "need a column of objects with bbox and categories")
    split = {"split": file.parent.name} if several else {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            where = f"{name} line {number}"
            yield from _of_picture(_parsed(line, where), where, file, images, names, split)


def _parsed(line: str, where: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError, MemoryError) as error:
        raise AuditError(where, f"not JSON ({error})", "need one object a line", "Was it saved completely?") from error
    if not isinstance(entry, dict) or not isinstance(entry.get("file_name"), str) or "\0" in entry["file_name"]:
        raise AuditError(where, short(entry), "need an object with file_name")
    return entry


def _of_picture(
    entry: dict[str, Any], where: str, file: Path, images: Path, names: Sequence[str], split: dict[str, str]
) -> Iterator[Annotation]:
    image = below(entry["file_name"], file.parent, images) if entry["file_name"] else ""
    objects = _objects(entry.get("objects"))
    if objects is None:
        seen = f"objects are {short(entry.get('objects'))}"
        detail = f"{where}: {seen}; need lists bbox and categories of one length."
        yield Annotation(image, "?", NO_BOX, where, (Reason.BROKEN_ANNOTATION, detail))
        return
    width, height = entry.get("width"), entry.get("height")
    size = (width, height) if type(width) is int and type(height) is int else None
    further = {key: value for key, value in entry.items() if key not in ("file_name", "objects", "width", "height")}
    metadata = {key: str(value) for key, value in further.items() if isinstance(value, str | int | float)} | split
    for index, (given, category) in enumerate(objects):
        place = f"{where} objects[{index}]"
        label, wrong = _label(category, names, place)
        box, problem = _box(given, place)
        yield Annotation(image, label, box, place, wrong or problem, metadata, size)


def _objects(value: object) -> list[tuple[object, object]] | None:
    """(bbox, category) of each object: of a table of columns, or of a list of objects; None where it is neither."""
    if value is None:
        return []
    if isinstance(value, list):
        if not all(isinstance(entry, dict) for entry in value):
            return None
        return [(_first(entry, BOXES), _first(entry, CATEGORIES)) for entry in value]
    if not isinstance(value, dict):
        return None
    boxes, categories = _first(value, BOXES), _first(value, CATEGORIES)
    if not isinstance(boxes, list) or not isinstance(categories, list) or len(boxes) != len(categories):
        return None
    return list(zip(boxes, categories, strict=True))


def _first(table: Mapping[str, Any], keys: Sequence[str]) -> object:
    return next((table[key] for key in keys if key in table), None)


def _label(category: object, names: Sequence[str], where: str) -> tuple[str, tuple[str, str] | None]:
    if isinstance(category, str):
        return category.strip(), None
    if type(category) is int and not names:
        return str(category), None
    if type(category) is int and 0 <= category < len(names):
        return names[category], None
    needed = f"a number below {len(names)}, of which there are names" if names else "text or a number"
    return "?", (Reason.UNKNOWN_LABEL, f"{where}: category {short(category)}; need {needed}.")


def _box(given: object, where: str) -> tuple[Box, tuple[str, str] | None]:
    corner_and_size = numbers(given)
    if corner_and_size is None:
        return NO_BOX, (Reason.BROKEN_BOX, f"{where}: bbox is {short(given)}; need four numbers x, y, width, height.")
    x, y, width, height = corner_and_size
    return (x, y, x + width, y + height), None
