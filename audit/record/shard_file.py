"""The file of one shard of a run: its identity, and batch by batch what is to go into the record of the whole run.

A batch is kept as it was measured, so that the record can be written as one machine writes it.
"""

import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from audit.errors import AuditError
from audit.record.record import Record
from audit.record.schema import SCHEMA_VERSION
from audit.record.seal import FINISHED
from audit.record.writer import meta_rows, new_record

SHARD = "shard"
"""Entry of the identity: which one it is, and of how many."""
UNSTEADY = "unsteady"
"""Entry of the identity, where the network changed while the shard was measured."""


class Shard(NamedTuple):
    """One part of a run that several machines share, from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


class ShardFile(Record):
    """An open shard. A context manager, since the file must be closed."""

    TABLES: ClassVar[str] = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE batch (
    start INTEGER PRIMARY KEY, stop INTEGER NOT NULL, sha256 TEXT NOT NULL, measured BLOB NOT NULL
);
"""
    FILE: ClassVar[str] = "the shard.sqlite that a run with --shard leaves"

    @property
    def shard(self) -> Shard:
        """Which one it is. Raises AuditError where the file does not say."""
        with suppress(KeyError, TypeError, ValueError):
            number, of = self.meta(SHARD)
            if 1 <= int(number) <= int(of):
                return Shard(int(number), int(of))
        raise self.damaged("does not say which shard it is")

    def ranges(self) -> dict[range, str]:
        """The samples of each batch that it holds, with the hash of what was measured."""
        columns = self.columns("SELECT start, stop, sha256 FROM batch ORDER BY start")
        rows = zip(*(columns[name].tolist() for name in ("start", "stop", "sha256")), strict=True)
        return {range(int(start), int(stop)): str(sha256) for start, stop, sha256 in rows}

    def measured(self, numbers: range) -> bytes:
        """What was measured of these samples. Raises AuditError where it is not there, or no longer as it was."""
        columns = self.columns("SELECT measured, sha256 FROM batch WHERE start = ?", [numbers.start])
        packed = next(iter(columns["measured"].tolist()), None)
        if not isinstance(packed, bytes) or hashlib.sha256(packed).hexdigest() != columns["sha256"][0]:
            raise self.damaged(f"does not hold what was measured of the samples {numbers.start} to {numbers.stop - 1}")
        return packed

    def add(self, numbers: range, packed: bytes) -> None:
        """One batch, in one transaction."""
        row = (numbers.start, numbers.stop, hashlib.sha256(packed).hexdigest(), packed)
        with self.transaction() as connection:
            connection.execute("INSERT INTO batch VALUES (?, ?, ?, ?)", row)

    def finish(self) -> None:
        """All its batches are there: state which."""
        self.set_meta(FINISHED, self._stated_batches())

    def is_whole(self) -> bool:
        """It is finished. Raises AuditError where it no longer holds the batches of its end."""
        if not self.has(FINISHED):
            return False
        if self.meta(FINISHED) != self._stated_batches():
            raise self.damaged("was altered since the shard was finished")
        return True

    def damaged(self, seen: str) -> AuditError:
        return AuditError(self.path, seen, "need a shard as a run leaves it", "Run this shard again.")

    def _stated_batches(self) -> list[list[Any]]:
        return [[numbers.start, numbers.stop, sha256] for numbers, sha256 in self.ranges().items()]


def create_shard(path: Path, shard: Shard, identity: Mapping[str, Any]) -> ShardFile:
    """A new shard without batches. Raises AuditError where the file exists or cannot be written."""
    entries = meta_rows({"schema_version": SCHEMA_VERSION, **identity, SHARD: list(shard)})

    def fill(connection: sqlite3.Connection) -> None:
        connection.executemany("INSERT INTO meta VALUES (?, ?)", entries)

    return new_record(ShardFile, path, fill)
