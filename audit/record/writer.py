"""Writing a record: what goes in, then batch by batch what was measured.

Every batch is one transaction, so that a run that was killed resumes where it stood.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from audit.datasets.exclusions import Exclusion
from audit.datasets.sample import Sample
from audit.errors import AuditError
from audit.record.record import Record
from audit.record.schema import SCHEMA_VERSION, ExclusionRow, MetaRow, Rows, SampleRow

LEFTOVERS = ("-journal", "-wal", "-shm")
"""Endings of files of a record that is gone, which SQLite would add to a new one of the same name."""

R = TypeVar("R", bound=Record)


def create_record(
    path: Path, identity: Mapping[str, Any], samples: Iterable[tuple[Sample, int]], excluded: Sequence[Exclusion]
) -> Record:
    """A new record that holds what goes in; measurements follow batch by batch. samples: each with its class index.

    Raises AuditError where the file exists or cannot be written.
    """

    def fill(connection: sqlite3.Connection) -> None:
        _insert(connection, "meta", meta_rows({"schema_version": SCHEMA_VERSION, **identity}))
        _insert(connection, "sample", [sample_row(i, *entry) for i, entry in enumerate(samples)])
        _insert(connection, "exclusion", [ExclusionRow(e.image, e.label, None, e.reason, e.detail) for e in excluded])

    return new_record(Record, path, fill)


def new_record(kind: type[R], path: Path, fill: Callable[[sqlite3.Connection], None]) -> R:
    """A new file with the tables of its kind, and what fills them: whole or not there at all.

    Raises AuditError where the file exists or cannot be written.
    """
    if path.exists():
        raise AuditError(path, "exists", "need a new file", "Choose another folder, or resume the run that left it.")
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.unlink(missing_ok=True)
        connection = sqlite3.connect(draft)
        with connection:
            connection.executescript("BEGIN;" + kind.TABLES)
            fill(connection)
        connection.close()
        draft.replace(path)
        for ending in LEFTOVERS:
            path.with_name(path.name + ending).unlink(missing_ok=True)
        return kind(sqlite3.connect(path), path)
    except (sqlite3.Error, OSError) as error:
        raise AuditError(path, f"cannot be written ({error})", "need a writable folder with free space") from error


def add_rows(record: Record, rows: Rows, dropped_thumbnails: Sequence[int] = (), finished: str | None = None) -> None:
    """One batch or one experiment, in one transaction.

    dropped_thumbnails: samples that leave the gallery. finished: the control or search that is done with this.
    Raises AuditError where the disk is full, the file is locked, or another process wrote the same.
    """
    with record.transaction() as connection:
        for table, entries in cast(Mapping[str, Sequence[tuple[Any, ...]]], rows).items():
            _insert(connection, table, entries)
        connection.executemany("DELETE FROM thumbnail WHERE sample = ?", [(s,) for s in dropped_thumbnails])
        if finished:
            _insert(connection, "meta", meta_rows({f"done {finished}": True}))


def meta_rows(entries: Mapping[str, Any]) -> list[MetaRow]:
    """Rows for the table `meta`."""
    return [MetaRow(key, json.dumps(value, sort_keys=True)) for key, value in entries.items()]


def sample_row(number: int, sample: Sample, class_index: int) -> SampleRow:
    """The row for the table `sample`."""
    return SampleRow(
        id=number,
        image=sample.image,
        label=sample.label,
        class_index=class_index,
        boxes=json.dumps(sample.boxes),
        other_boxes=json.dumps(sample.other_boxes),
        metadata=json.dumps(dict(sample.metadata), sort_keys=True),
    )


def _insert(connection: sqlite3.Connection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
