"""What a run states of its own record when it ends, so that rows that are gone, added or changed since are seen.

No signature: whoever writes into the file can state it again. What the plan promised is held against the rows too, in
`checks.table.promised`.
"""

import hashlib
import re
from collections.abc import Mapping
from types import NoneType
from typing import Any, NamedTuple

import numpy as np

from audit.record.record import Record
from audit.record.tables import SCHEMA

SEAL, FINISHED = "seal", "finished"
"""Entries of the identity: the statement, and after it what ends the run. They cannot be part of it."""
TABLES = tuple(name for name in re.findall(r"CREATE TABLE (\w+)", SCHEMA) if name != "meta")


AT_ONCE = 4096
"""Rows; the hash depends on it."""


class Broken(NamedTuple):
    """The first table whose rows are not those that the run stated."""

    table: str
    stated: int | None
    """Rows when the run ended; None where the record does not say."""
    counted: int


def seal(record: Record) -> dict[str, Any]:
    """The statement: rows and hash of every table, and the names of the entries of the identity."""
    return {"tables": {table: _table(record, table) for table in TABLES}, "entries": _entries(record)}


def broken_seal(record: Record) -> Broken | None:
    """What differs from the statement of a finished run; None where nothing does."""
    entry = record.identity().get(SEAL)
    stated: Mapping[str, Any] = entry if isinstance(entry, dict) else {}
    if stated.get("entries") != (entries := _entries(record)):
        names = stated.get("entries")
        return Broken("meta", len(names) if isinstance(names, list) else None, len(entries))
    for table in TABLES:
        if _of(stated, table) != (now := _table(record, table)):
            rows = _of(stated, table).get("rows")
            return Broken(table, rows if isinstance(rows, int) else None, now["rows"])
    return None


def _of(stated: Mapping[str, Any], table: str) -> dict[str, Any]:
    tables = stated.get("tables")
    entry = tables.get(table) if isinstance(tables, dict) else None
    return entry if isinstance(entry, dict) else {}


def _entries(record: Record) -> list[str]:
    return [key for key in record.identity() if key not in (SEAL, FINISHED)]


def _table(record: Record, table: str) -> dict[str, Any]:
    digest, count = hashlib.sha256(), 0
    for rows in record.sorted_rows(table, AT_ONCE):
        for column in zip(*rows, strict=True):
            digest.update(_column(column))
        count += len(rows)
    return {"rows": count, "sha256": digest.hexdigest()}


def _column(values: tuple[Any, ...]) -> bytes:
    """Numbers as they are stored, which is quicker than to write them; anything else as Python writes it."""
    if set(map(type, values)) <= {float, NoneType}:
        return np.array(values, dtype="<f8").tobytes()
    return repr(values).encode(errors="surrogatepass")
