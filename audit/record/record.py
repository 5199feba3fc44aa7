"""The record: one SQLite file, the contract between looking, judging and telling.

Whoever has it can judge again with other limits and render again, without the network and the pictures.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from audit.errors import AuditError
from audit.files import is_regular
from audit.record.authentic import check_journals, foreign_part
from audit.record.schema import SCHEMA_VERSION
from audit.record.tables import SCHEMA

UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What a record that was damaged or tampered with may make of judging it."""


class Record:
    """An open record. A context manager, since the file must be closed."""

    TABLES: ClassVar[str] = SCHEMA
    """What makes its tables."""
    FILE: ClassVar[str] = "the audit.sqlite of a run"

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection, self.path, self._ahead = connection, path, False

    @classmethod
    def open(cls, path: Path) -> Self:
        """An existing record.

        Raises AuditError where there is none, it is no record, it was written by another schema version, it has parts
        that no run makes, or what lies beside it as its journal is none.
        """
        if not is_regular(path):
            raise AuditError(path, "no such record", f"need {cls.FILE}", "Run the audit first.")
        check_journals(path)
        record = cls(sqlite3.connect(path), path)
        try:
            record._check_origin()
        except AuditError:
            record._connection.close()
            raise
        record._gather()
        return record

    def _check_origin(self) -> None:
        try:
            foreign = foreign_part(self._connection, "meta", self.TABLES)  # a view could keep the reader for ever
            version = None if foreign else json.loads(self._stated("schema_version"))
            if version == SCHEMA_VERSION:
                foreign = foreign_part(self._connection, schema=self.TABLES)
        except (sqlite3.DatabaseError, KeyError, ValueError, RecursionError) as error:
            if _is_in_use(error):
                raise _in_use(self.path) from error
            raise AuditError(self.path, f"is not a record ({error})", f"need {self.FILE}") from error
        if foreign:
            seen = f"has a part that no run makes ({foreign[:200]})"
            raise AuditError(self.path, seen, "need a record as written by a run", "Run the audit in another folder.")
        if version != SCHEMA_VERSION:
            raise AuditError(
                self.path, f"has schema version {version}", f"need version {SCHEMA_VERSION}", "Run the audit again."
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._ahead:
            self._gather()
        self._connection.close()

    def write_ahead(self) -> None:
        """Until it is closed, no batch waits for the disk. A kill loses none; a power cut may lose the last, whole."""
        self._ahead = True
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.Error as error:
            raise self._unwritable(error) from error

    def _gather(self) -> None:
        """Into the one file, whose hash is evidence, what was written ahead: a kill leaves it in another."""
        with suppress(sqlite3.Error):  # somebody is still writing; or a full disk, which a transaction reported
            self._connection.execute("PRAGMA journal_mode = DELETE")

    def meta(self, key: str) -> Any:
        """One entry of the identity. Raises KeyError where it is not there."""
        with self._as_audit_errors():
            return json.loads(self._stated(key))

    def has(self, key: str) -> bool:
        """The identity has this entry."""
        with self._as_audit_errors(), suppress(KeyError):
            self._stated(key)
            return True
        return False

    def identity(self) -> dict[str, Any]:
        """Everything that went in: hashes, settings, versions, class names, sources."""
        with self._as_audit_errors():
            rows = self._connection.execute("SELECT key, value FROM meta ORDER BY key").fetchall()
            return {str(key): json.loads(str(value)) for key, value in rows}

    def _repr_html_(self) -> str:
        """In a notebook: what went in, each entry cut after 120 characters."""
        rows = (
            Markup("<tr><th>{}</th><td style='text-align:left'>{:.120}</td></tr>").format(key, json.dumps(value))
            for key, value in self.identity().items()
        )
        return str(Markup("<p><code>{}</code></p><table>{}</table>").format(self.path, Markup("").join(rows)))

    def set_meta(self, key: str, value: Any) -> None:
        """Set one entry, for what is known only at the end of the run."""
        with self.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value, sort_keys=True)))

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Whatever is written inside is kept whole or not at all; for `audit.record` alone.

        Raises AuditError where the disk is full, the file is locked, or another process wrote the same.
        """
        try:
            with self._connection as connection:
                yield connection
        except sqlite3.IntegrityError as error:
            raise AuditError(
                self.path,
                f"already holds what is to be written ({error}): another process is writing to the same record",
                "need one process for each record",
                "Let the other process finish, or choose another folder.",
            ) from error
        except sqlite3.Error as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: sqlite3.Error) -> AuditError:
        if _is_in_use(error):
            return _in_use(self.path)
        return AuditError(
            self.path,
            f"cannot be written ({error})",
            "need a writable disk with free space",
            "Free some space, then resume the run.",
        )

    def columns(self, query: str, parameters: Sequence[Any] = ()) -> dict[str, NDArray[Any]]:
        """The columns of a query as arrays, NULL in a number column as NaN; for `audit.record` alone.

        Others use its readers. Raises AuditError where the file cannot be read.
        """
        with self._as_audit_errors():
            cursor = self._connection.execute(query, parameters)
            titles = [entry[0] for entry in cursor.description]
            columns = list(zip(*cursor.fetchall(), strict=True)) or [()] * len(titles)
        return {title: _array(values) for title, values in zip(titles, columns, strict=True)}

    def sorted_rows(self, table: str, most: int) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a table as they are stored, sorted by their columns, `most` at once; for `audit.record`."""
        with self._as_audit_errors():
            width = len(self._connection.execute(f"SELECT * FROM {table} LIMIT 0").description)
            places = ", ".join(map(str, range(1, width + 1)))
            cursor = self._connection.execute(f"SELECT * FROM {table} ORDER BY {places}")
            while rows := cursor.fetchmany(most):
                yield rows

    def _stated(self, key: str) -> str:
        row = self._connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        return str(row[0])

    @contextmanager
    def _as_audit_errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, ValueError, RecursionError) as error:
            raise _in_use(self.path) if _is_in_use(error) else _damaged(self.path, error) from error


def _is_in_use(error: Exception) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _in_use(path: Path) -> AuditError:
    seen, needed = "is in use: another process is writing to it", "need it for this process alone"
    return AuditError(path, seen, needed, "Let the other process finish, or end it.")


@contextmanager
def readable(record: Record) -> Iterator[None]:
    """Whatever a damaged record makes of reading and judging it is an AuditError."""
    try:
        yield
    except UNREADABLE as error:
        raise _damaged(record.path, error) from error


def _damaged(path: Path, error: Exception) -> AuditError:
    said = next(iter(str(error).splitlines()), "")
    return AuditError(
        path,
        f"cannot be read ({type(error).__name__}: {said[:200]})",
        "need a record as written by a run",
        "Run the audit again.",
    )


def _array(values: Sequence[Any]) -> NDArray[Any]:
    kinds = set(map(type, values))
    if kinds & {str, bytes}:  # an array of bytes would lose trailing zeros
        return np.array(values, dtype=object)
    return np.array(values, dtype=np.float64 if type(None) in kinds else None)
