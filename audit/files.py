"""Reading and writing files: regular ones of a stated size, and whole or not at all."""

import os
import secrets
import stat
import tomllib
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from audit.errors import AuditError

KIB, MIB = 2**10, 2**20
MOST_TOML = 256 * KIB
MOST_WRITTEN = 512 * MIB
"""Of a text that this tool wrote, as a baseline or `audit.json`."""
MOST_DOTS = 120
"""In one line of TOML. tomllib keeps every beginning of a dotted key, so that one of 40 kB takes gigabytes."""
DEEPEST = 20
READ_WITHOUT_WAITING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
LARGEST = 2**63
"""TOML's own bound for a whole number."""


def read_regular(path: Path, most: int) -> bytes:
    """The bytes of a regular file, or of what a link leads to. A pipe, where reading may wait for ever, is not opened.

    Raises OSError, whose `strerror` says what is wrong, also where the file has more bytes than `most`.
    """
    try:
        with _opened(path) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise OSError(0, "is no regular file", str(path))
            if status.st_size > most:
                raise OSError(0, f"holds {status.st_size:,} bytes, more than {most:,}", str(path))
            size = status.st_size or most + 1  # none is stated of the kernel's own files; to ask for more takes long
            return (file.read(size) or b"")[:most]  # nothing where it would wait, as for the kernel's messages
    except ValueError as error:  # a NUL in the name
        raise OSError(0, "has a NUL in its name", str(path)) from error


def _opened(path: Path) -> BinaryIO:
    descriptor = os.open(path, READ_WITHOUT_WAITING)
    try:
        return os.fdopen(descriptor, "rb")
    except OSError:  # a folder
        os.close(descriptor)
        raise


def is_regular(path: Path) -> bool:
    """There is such a file. Unlike `Path.is_file`, also of names that no file system takes."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_there(path: Path) -> bool:
    """Something has this name, even if it cannot be read, as an endless loop of links. A link to nothing is nothing."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True
    return True


def is_folder(path: Path) -> bool:
    """The same of a folder."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def entries(folder: Path) -> list[Path]:
    """What is in a folder, sorted by name; nothing where it is gone by now or may not be read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def files_below(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """The files at any depth whose names end so, in lower case, sorted. Links to folders are not followed.

    What is gone by now, or may not be read, is passed over.
    """
    names = (Path(place, name) for place, _, files in os.walk(folder) for name in files)
    return sorted(path for path in names if path.suffix.lower() in suffixes)


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file, of which neither size nor nesting can take more than a moment.

    Raises OSError where it cannot be read, and ValueError where it is no such TOML.
    """
    text = read_regular(path, MOST_TOML).decode("utf-8-sig")
    for number, line in enumerate(text.splitlines(), 1):
        if line.count(".") > MOST_DOTS:
            raise ValueError(f"line {number} has {line.count('.')} dots, more than {MOST_DOTS}")
    try:
        content = tomllib.loads(text)
    except RecursionError as error:
        raise ValueError(f"nested deeper than {DEEPEST} levels") from error
    check_values(content)
    return content


def check_values(value: Any, key: str = "", depth: int = 0) -> None:
    """Raises ValueError where a value has no place in settings: a NUL, a number beyond 64 bits, deep nesting."""
    if depth > DEEPEST:
        raise ValueError(f"nested deeper than {DEEPEST} levels")
    if isinstance(value, dict):
        for name, entry in value.items():
            check_values(name, key, depth)
            check_values(entry, f"{key}.{name}" if key else str(name), depth + 1)
    elif isinstance(value, list | tuple):
        for entry in value:
            check_values(entry, key, depth + 1)
    elif isinstance(value, str) and "\0" in value:
        raise ValueError(f"{key} holds a NUL character")
    elif isinstance(value, int) and not -LARGEST <= value < LARGEST:
        raise ValueError(f"{key} is a number of more than 64 bits")


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text through a temporary file beside it, so that a full disk never leaves half a file.

    Writes nothing where the file holds this text already: it stays as it is, and may be read-only. Raises AuditError
    where the folder cannot be made or written, or is full.
    """
    if holds(path, content := text.encode()):
        return
    draft = path.with_name(f".{secrets.token_hex(8)}.part")  # nobody can have put a link there
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("xb") as file:
            file.write(content)
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise AuditError(
            path, f"cannot be written ({error.strerror})", "need a writable folder with free space"
        ) from error


def holds(path: Path, content: bytes) -> bool:
    """There is a regular file, and no link to one, with these bytes."""
    try:
        return not path.is_symlink() and read_regular(path, len(content)) == content
    except OSError:
        return False
