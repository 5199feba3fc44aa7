"""The splits that YOLO's data.yaml names by folders, and which pictures belong to them."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from audit.errors import AuditError, did_you_mean

SPLITS = ("train", "val", "test")
COLUMN = "split"
"""Of the metadata, where the pictures come from several."""
LONGEST = 4096
"""Characters of a path."""
Folders = Mapping[str, Sequence[Path]]
"""By split: below which of these its pictures lie. Nothing is looked for there."""


def split_folders(document: Mapping[object, object], home: Path) -> Folders:
    """The folders that a data.yaml in the folder `home` names; entries that are no paths are passed over.

    They start at `path`, or at the file itself; some tools write them as if the file lay one folder deeper.
    """
    named = {split: list(_texts(document.get(split))) for split in SPLITS}
    root = next(_texts(document.get("path")), "")
    bases = dict.fromkeys((home / root, home))
    return {
        split: [
            Path(os.path.normpath(base / entry))
            for text in texts
            for entry in dict.fromkeys((text, text.removeprefix("../")))
            for base in bases
        ]
        for split, texts in named.items()
        if texts
    }


def split_of(picture: Path, folders: Folders) -> str:
    """The splits of a picture by its path, joined by '|'; '' where no folder holds it."""
    return "|".join(split for split in folders if any(folder in picture.parents for folder in folders[split]))


def of_split(pictures: Sequence[Path], folders: Folders, split: str, where: str) -> list[Path]:
    """The pictures that belong to a split. Raises AuditError where the file names no such split, or none is there."""
    if split not in folders:
        raise AuditError(where, f"names no split {split!r} by a folder", did_you_mean(split, folders))
    chosen = [picture for picture in pictures if any(folder in picture.parents for folder in folders[split])]
    if not chosen:
        seen = f"no picture below data.images lies in the folder of the split {split!r}"
        raise AuditError(where, seen, "need data.images to hold that folder")
    return chosen


def _texts(entry: object) -> Iterator[str]:
    entries = entry if isinstance(entry, list) else [entry]
    yield from (text for text in entries if isinstance(text, str) and text and "\0" not in text and len(text) < LONGEST)
