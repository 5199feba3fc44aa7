"""The record: one SQLite file, the contract between looking, judging and telling. No torch in here.

Whoever has it can judge again with other limits and render again, without the network and the pictures. Every batch is
one transaction, so that a run that was killed resumes where it stood.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.datasets.sample import Exclusion, Sample
from audit.errors import AuditError
from audit.hashing import sha256_of

FILE_NAME = "audit.sqlite"
"""Of the record in a run's folder."""
SCHEMA_VERSION = 4

MEASURES = ("mass", "lift", "rank", "pointing", "auc")
SUBJECT = "model"
"""The subject of the answers that the audited network gave; the others are planted copies, as 'linear 0.25'."""

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE sample (
    id INTEGER PRIMARY KEY, image TEXT NOT NULL, label TEXT NOT NULL, class INTEGER NOT NULL,
    boxes TEXT NOT NULL, other_boxes TEXT NOT NULL, metadata TEXT NOT NULL, UNIQUE (image, label)
);
CREATE TABLE exclusion (
    image TEXT NOT NULL, label TEXT NOT NULL, sample INTEGER, reason TEXT NOT NULL, detail TEXT NOT NULL,
    PRIMARY KEY (image, label)
);
CREATE TABLE picture (
    sample INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    frame_boxes TEXT NOT NULL, area_share REAL NOT NULL,
    probability REAL, label_rank INTEGER, predicted INTEGER, confidence REAL
);
CREATE TABLE score (
    sample INTEGER NOT NULL, source TEXT NOT NULL, dead INTEGER NOT NULL,
    mass REAL, lift REAL, rank REAL, pointing REAL, auc REAL, PRIMARY KEY (sample, source)
) WITHOUT ROWID;
CREATE TABLE forbidden (
    sample INTEGER NOT NULL, source TEXT NOT NULL, area_share REAL NOT NULL, mass REAL, PRIMARY KEY (sample, source)
) WITHOUT ROWID;
CREATE TABLE note (sample INTEGER NOT NULL, source TEXT NOT NULL, name TEXT NOT NULL, value REAL,
    PRIMARY KEY (sample, source, name)) WITHOUT ROWID;
CREATE TABLE overlay (sample INTEGER NOT NULL, layer TEXT NOT NULL, png BLOB NOT NULL, PRIMARY KEY (sample, layer))
    WITHOUT ROWID;
CREATE TABLE answer (
    subject TEXT NOT NULL, sample INTEGER NOT NULL, intervention TEXT NOT NULL, variant TEXT NOT NULL,
    probability REAL, log_odds REAL, predicted INTEGER, PRIMARY KEY (subject, sample, intervention, variant)
) WITHOUT ROWID;
CREATE TABLE spot (sample INTEGER PRIMARY KEY, grid BLOB NOT NULL);
CREATE TABLE cue (
    id INTEGER PRIMARY KEY, class INTEGER NOT NULL, kind TEXT NOT NULL, x0 REAL, y0 REAL, x1 REAL, y1 REAL,
    side REAL NOT NULL, seen_in INTEGER NOT NULL, pictures INTEGER NOT NULL
);
CREATE TABLE crop (
    cue INTEGER NOT NULL, number INTEGER NOT NULL, sample INTEGER NOT NULL, x REAL NOT NULL, y REAL NOT NULL,
    png BLOB NOT NULL, PRIMARY KEY (cue, number)
) WITHOUT ROWID;
CREATE TABLE cascade (
    method TEXT NOT NULL, stage INTEGER NOT NULL, layers TEXT NOT NULL, sample INTEGER NOT NULL, similarity REAL,
    PRIMARY KEY (method, stage, sample)
) WITHOUT ROWID;
CREATE TABLE passes (part TEXT NOT NULL, pictures INTEGER NOT NULL, forward INTEGER NOT NULL,
    backward INTEGER NOT NULL);
"""

Row = tuple[Any, ...]
Rows = Mapping[str, Sequence[Row]]
"""By the name of the table, rows with a value for each of its columns."""


def record_of(path: Path) -> Path:
    """The record's file, of a run's folder or of the record itself."""
    return path / FILE_NAME if path.is_dir() else path


class Record:
    """An open record. A context manager, since the file must be closed."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection, self.path, self._ahead = connection, path, False

    @classmethod
    def create(
        cls,
        path: Path,
        identity: Mapping[str, Any],
        samples: Iterable[tuple[Sample, int]],
        excluded: Sequence[Exclusion],
    ) -> "Record":
        """A new record that holds what goes in; measurements follow batch by batch.

        Raises AuditError where the file exists or cannot be written.
        """
        if path.exists():
            raise AuditError(path, "exists", "need a new file", "Choose another --out, or go on with --resume.")
        draft = path.with_name(f".{path.name}.part")
        try:
            draft.unlink(missing_ok=True)
            connection = sqlite3.connect(draft)
            with connection:
                connection.executescript("BEGIN;" + _SCHEMA)
                connection.executemany(
                    "INSERT INTO meta VALUES (?, ?)",
                    [
                        (key, json.dumps(value, sort_keys=True))
                        for key, value in {"schema_version": SCHEMA_VERSION, **identity}.items()
                    ],
                )
                connection.executemany(
                    "INSERT INTO sample VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [
                        (
                            number,
                            sample.image,
                            sample.label,
                            class_index,
                            json.dumps(sample.boxes),
                            json.dumps(sample.other_boxes),
                            json.dumps(dict(sample.metadata), sort_keys=True),
                        )
                        for number, (sample, class_index) in enumerate(samples)
                    ],
                )
                connection.executemany(
                    "INSERT INTO exclusion VALUES (?, ?, NULL, ?, ?)",
                    [(e.image, e.label, e.reason, e.detail) for e in excluded],
                )
            connection.close()
            draft.replace(path)
            for leftover in (
                "-journal",
                "-wal",
                "-shm",
            ):  # of a record that is gone, which SQLite would add to this one
                path.with_name(path.name + leftover).unlink(missing_ok=True)
            connection = sqlite3.connect(path)
        except (sqlite3.Error, OSError) as error:
            raise AuditError(
                path, f"cannot be written ({error})", "need a folder with room that may be written"
            ) from error
        return cls(connection, path)

    @classmethod
    def open(cls, path: Path) -> "Record":
        """An existing record.

        Raises AuditError where there is none, it is no record, or it was written by another schema version.
        """
        if not path.is_file():
            raise AuditError(path, "no such record", "need the audit.sqlite of a run", "Make one: saliency-audit run.")
        connection = sqlite3.connect(path)
        record = cls(connection, path)
        try:
            version = record.meta("schema_version")
        except (sqlite3.DatabaseError, KeyError, ValueError) as error:
            connection.close()
            raise AuditError(path, f"is no record ({error})", "need the audit.sqlite of a run") from error
        if version != SCHEMA_VERSION:
            connection.close()
            raise AuditError(
                path, f"has schema version {version}", f"need version {SCHEMA_VERSION}", "Run the audit again."
            )
        record._gather()
        return record

    def __enter__(self) -> "Record":
        return self

    def __exit__(self, *_: object) -> None:
        if self._ahead:
            self._gather()
        self._connection.close()

    def write_ahead(self) -> None:
        """Until it is closed, no batch waits for the disk. A kill loses none; a power cut may lose the last, whole."""
        self._ahead = True
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")

    def _gather(self) -> None:
        """Into the one file, whose hash is evidence, what was written ahead: a kill leaves it in another."""
        with suppress(sqlite3.Error):  # somebody is still writing; or a full disk, of which `add` told
            self._connection.execute("PRAGMA journal_mode = DELETE")

    def meta(self, key: str) -> Any:
        """One entry of the identity. Raises KeyError where it is not there."""
        row = self._connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        return json.loads(row[0])

    def has(self, key: str) -> bool:
        """The identity has this entry."""
        return self._connection.execute("SELECT 1 FROM meta WHERE key = ?", (key,)).fetchone() is not None

    def identity(self) -> dict[str, Any]:
        """Everything that went in: hashes, settings, versions, class names, sources."""
        return {key: json.loads(value) for key, value in self._connection.execute("SELECT * FROM meta ORDER BY key")}

    def set_meta(self, key: str, value: Any) -> None:
        """Set one entry, for what is known only at the end of the run."""
        with self._connection:
            self._connection.execute(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value, sort_keys=True))
            )

    def add(self, rows: Rows, dropped_overlays: Sequence[int] = (), finished: str | None = None) -> None:
        """One batch or one experiment, one transaction. finished: the control or search that is done with this.

        Raises AuditError where the disk is full, the file is locked, or another process wrote the same.
        """
        try:
            with self._connection as c:
                for table, entries in rows.items():
                    if entries:
                        c.executemany(f"INSERT INTO {table} VALUES ({_marks(len(entries[0]))})", entries)
                c.executemany("DELETE FROM overlay WHERE sample = ?", [(s,) for s in dropped_overlays])
                if finished:
                    c.execute("INSERT INTO meta VALUES (?, 'true')", (f"done {finished}",))
        except sqlite3.IntegrityError as error:
            raise AuditError(
                self.path,
                f"already holds what is to be written ({error}): another process writes to the same record",
                "need one process for each record",
                "Let the other end, or choose another folder.",
            ) from error
        except sqlite3.Error as error:
            raise AuditError(
                self.path,
                f"cannot be written ({error})",
                "need room on the disk",
                "Make room, then go on with --resume.",
            ) from error

    def done(self) -> set[int]:
        """The numbers of the samples that were measured or excluded."""
        found = self._connection.execute(
            "SELECT sample FROM picture UNION SELECT sample FROM exclusion WHERE sample IS NOT NULL"
        )
        return {row[0] for row in found}

    def columns(self, query: str, parameters: Sequence[Any] = ()) -> dict[str, NDArray[Any]]:
        """The columns of a SELECT as arrays; NULL in a numeric column becomes NaN."""
        cursor = self._connection.execute(query, parameters)
        titles = [entry[0] for entry in cursor.description]
        found = list(zip(*cursor.fetchall(), strict=True)) or [()] * len(titles)
        return {title: _array(values) for title, values in zip(titles, found, strict=True)}

    def pictures_sha256(self) -> str:
        """One hash over the names and hashes of all measured pictures."""
        pictures = self._connection.execute(
            "SELECT s.image, p.sha256 FROM picture p JOIN sample s ON s.id = p.sample ORDER BY s.image, s.label"
        )
        return sha256_of([list(pair) for pair in pictures])

    def overlays(self) -> dict[int, dict[str, bytes]]:
        """For each sample of the gallery: PNG bytes by layer, 'picture' or a source's name."""
        found: dict[int, dict[str, bytes]] = {}
        for sample, layer, png in self._connection.execute("SELECT sample, layer, png FROM overlay ORDER BY 1, 2"):
            found.setdefault(sample, {})[layer] = png
        return found


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _array(values: Sequence[Any]) -> NDArray[Any]:
    kinds = set(map(type, values))
    if kinds & {str, bytes}:  # an array of bytes would lose trailing zeros
        return np.array(values, dtype=object)
    return np.array(values, dtype=np.float64 if type(None) in kinds else None)
