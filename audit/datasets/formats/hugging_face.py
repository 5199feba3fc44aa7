"""Hugging Face `datasets`, written out as pictures: an imagefolder whose metadata.jsonl has a column `objects`.

Its boxes are COCO's, x, y, width, height in pixels (huggingface.co/docs/datasets/image_dataset, object detection); a
category is text, or the number of a ClassLabel. Arrow files hold their pictures inside them, and so do Parquet
files, which the format `parquet` reads.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from reprlib import repr as short
from typing import Any

from audit.datasets.annotation import Annotation
from audit.datasets.annotation_files import inside, read_text
from audit.datasets.gather import gather
from audit.datasets.objects_column import COLUMN, further, object_annotations, stated_size
from audit.datasets.picture_paths import below
from audit.datasets.picture_root import Images
from audit.datasets.sample import Dataset
from audit.errors import AuditError
from audit.files import files_below, is_folder, is_regular

PACKED = (".arrow", ".parquet")
ENDINGS = (".jsonl", ".arrow")
READS_PICTURES = True
FILE = "metadata.jsonl"
UNPACK = (
    "Write it as Parquet (dataset.to_parquet) for the format parquet; or save each picture to a file, and write"
    f" {FILE} beside them: for each a line with file_name and objects, which are"
    ' {"bbox": [[x, y, width, height]], "categories": ["name"]}.'
)


def hugging_face(annotations: Path, images: Images, *, names: tuple[str, ...] = ()) -> Dataset:
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
    if file.suffix.lower() == ".parquet":
        needed = 'need data.format = "parquet"'
        return AuditError(
            file.name, "holds its pictures inside, as Parquet", needed, "Name its folder as data.images too."
        )
    return AuditError(file.name, "holds its pictures inside, as Arrow", "need each picture in a file", UNPACK)


def _lines(file: Path, root: Path, images: Images, names: Sequence[str], several: bool) -> Iterator[Annotation]:
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
    entry: dict[str, Any], where: str, file: Path, images: Images, names: Sequence[str], split: dict[str, str]
) -> Iterator[Annotation]:
    image = below(entry["file_name"], file.parent, images) if entry["file_name"] else ""
    metadata = further(entry, ("file_name",)) | split
    yield from object_annotations(image, entry.get(COLUMN), where, names, metadata, stated_size(entry))
