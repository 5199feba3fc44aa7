"""The ledger: one line for each run, appended to a file that goes into version control.

Each line holds the hash of the line before it, so that a line that is changed, taken out or put in between is noticed.
Lines that are missing at the end are not: only version control can show these.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from audit.errors import AuditError
from audit.files import MIB, is_there, read_regular
from audit.hashing import sha256_of

MOST_BYTES = 16 * MIB
KEYS = ("audit", "data", "limits", "model", "outcome", "pictures", "profile")
"""Of a run: SHA-256 of its `audit.json`, of its annotations, limits, network and pictures; its outcome and profile."""
PREVIOUS = "previous"
"""SHA-256 of the line before; '' in the first."""
Entry = dict[str, str]


def read_ledger(path: Path) -> list[Entry]:
    """The runs that the ledger lists, in their order; none where there is no file yet.

    Raises AuditError where it cannot be read, or is not as runs wrote it.
    """
    return [entry for _, entry in _lines(path)]


def append_run(path: Path, entry: Entry) -> bool:
    """Append a run, unless the ledger lists its very `audit.json` already; whether it did.

    Raises AuditError as `read_ledger`, and where the file cannot be written.
    """
    with _locked(path):
        return _appended(path, entry)


def _appended(path: Path, entry: Entry) -> bool:
    lines = list(_lines(path))
    if any(known["audit"] == entry["audit"] for _, known in lines):
        return False
    previous = hashlib.sha256(lines[-1][0]).hexdigest() if lines else ""
    line = json.dumps({**{key: entry[key] for key in KEYS}, PREVIOUS: previous}, sort_keys=True).encode()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        with os.fdopen(descriptor, "ab") as file:
            file.write(line + b"\n")
    except OSError as error:
        seen = f"cannot be written ({error.strerror})"
        raise AuditError(path, seen, "need a writable file", "The run is whole: mend this, and --resume it.") from error
    return True


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """For one process at a time: two lines that follow the same one would break the chain."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_name(f".{path.name}.lock"))
        lock.acquire()
    except OSError as error:
        raise AuditError(path, f"cannot be locked ({error.strerror})", "need a writable folder") from error
    with lock:
        yield


def data_sha256(dataset: dict[str, Any]) -> str:
    """One hash of the annotation files that a record's data set states."""
    return sha256_of(dataset.get("annotations"))


def _lines(path: Path) -> Iterator[tuple[bytes, Entry]]:
    """Each line as it stands, and its entry."""
    if not is_there(path):
        return
    try:
        content = read_regular(path, MOST_BYTES)
    except OSError as error:
        raise AuditError(path, f"cannot be read ({error.strerror})", "need a ledger of runs") from error
    previous = ""
    for number, line in enumerate(content.removesuffix(b"\n").split(b"\n") if content else (), 1):
        entry = _entry(line)
        if entry is None or entry.pop(PREVIOUS) != previous:
            seen = "is no line of a ledger" if entry is None else "does not follow from the line before it"
            needed = "need the ledger as runs wrote it"
            raise AuditError(f"{path.name} line {number}", seen, needed, "Restore it from version control.")
        previous = hashlib.sha256(line).hexdigest()
        yield line, entry


def _entry(line: bytes) -> Entry | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict) or entry.keys() != {*KEYS, PREVIOUS}:
        return None
    return entry if all(isinstance(value, str) for value in entry.values()) else None
