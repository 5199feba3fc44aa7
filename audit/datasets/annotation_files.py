"""Annotation files as text, and the numbers in them: what several formats need to read theirs."""

import errno
from collections.abc import Sequence
from pathlib import Path

from audit.errors import AuditError
from audit.files import MIB, read_regular

MOST_BYTES = 512 * MIB
"""Most bytes of an annotation file. COCO's own largest, for 118,000 pictures, has 448 million."""

MOST_BYTES_OF_ONE = MIB
"""Most bytes where each picture has a file of its own."""


def numbers(values: object) -> tuple[float, float, float, float] | None:
    """Four numbers from a list of numbers or of text, or None where they are anything else."""
    if not isinstance(values, Sequence) or isinstance(values, str) or len(values) != 4:
        return None
    try:
        x, y, z, w = (float(value) for value in values if not isinstance(value, bool))
    except (TypeError, ValueError, OverflowError):
        return None
    return x, y, z, w


def inside(file: Path, folder: Path) -> bool:
    """`file` lies below `folder`, links followed. What lies elsewhere is no part of the dataset, and may be secret."""
    try:
        return file.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of links, a NUL
        return False


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    """The text of an annotation file, UTF-8 with or without a byte-order mark.

    Raises AuditError where the file is missing, is no regular file, holds more than `most` bytes or is not UTF-8.
    """
    try:
        data = read_regular(path, most)
    except OSError as error:
        known = {errno.EISDIR: "is a folder", errno.ENOENT: "no such file", errno.ENOTDIR: "no such file"}
        seen = known.get(error.errno or 0, str(error.strerror))
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
