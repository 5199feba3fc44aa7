"""Annotations and pictures that lie some folders deep."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from audit.datasets.picture_files import PICTURE_SUFFIXES
from audit.files import is_folder

DEEPEST = 4
"""Folders below the place that is asked for."""
MOST_FOLDERS, MOST_FILES_EACH = 1_000, 20
"""Folders that are entered, and annotation files of one folder that are tried."""
MOST_PICTURES = 200_000
SUFFIXES = frozenset({".json", ".jsonl", ".csv", ".yaml", ".yml", ".xml", ".arrow", ".parquet"})
"""Endings of annotations."""
MOST_ASKED = 50
"""Pictures whose places are looked for, of those that annotations name."""

ByName = Mapping[str, Sequence[Path]]
"""By the name of a picture's file, the folders that hold one."""


def deeper(place: Path) -> list[Path]:
    """Annotations below a folder: files with their endings, and the folders around these or around text files."""
    found: list[Path] = []
    for folder, names in _folders(place):
        files = [folder / name for name in names if Path(name).suffix.lower() in SUFFIXES]
        if files or any(name.lower().endswith(".txt") for name in names):
            found += [*files[:MOST_FILES_EACH], folder]
    return found


def bases(images: Sequence[str], where: ByName) -> list[Path]:
    """The folders below which pictures lie as annotations name them, the likeliest first.

    images: paths as 'a/0001.png'. Of each folder that holds a picture of that path, the part before it.
    """
    step = max(1, len(images) // MOST_ASKED)
    found = Counter[Path]()
    for image in images[::step]:
        parts = Path(image).parts
        for folder in where.get(parts[-1], ()) if parts else ():
            around = parts[:-1]
            if folder.parts[len(folder.parts) - len(around) :] == around:
                found[Path(*folder.parts[: len(folder.parts) - len(around)])] += 1
    return [folder for folder, _ in found.most_common(3)]


def pictures_by_name(place: Path) -> ByName:
    """The pictures below a folder."""
    found: dict[str, list[Path]] = {}
    pairs = ((folder, name) for folder, names in _folders(place, DEEPEST + 2) for name in names)
    for folder, name in islice(pairs, MOST_PICTURES):
        if Path(name).suffix.lower() in PICTURE_SUFFIXES:
            found.setdefault(name, []).append(folder)
    return found


def _folders(place: Path, deepest: int = DEEPEST) -> Iterator[tuple[Path, list[str]]]:
    """Folders with the names of their files, the nearest first; links to folders are not followed."""
    level, seen = [place] if is_folder(place) else [], 0
    for _ in range(deepest + 1):
        inner: list[Path] = []
        for folder in level:
            seen += 1
            if seen > MOST_FOLDERS:
                return
            _, folders, files = next(os.walk(folder), ("", [], []))
            yield folder, sorted(files)
            inner += [folder / name for name in sorted(folders) if not (folder / name).is_symlink()]
        level = inner
