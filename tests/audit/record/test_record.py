"""The record: what it refuses, and what a transaction keeps."""

import os
import shutil
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from audit.datasets.exclusions import Exclusion
from audit.datasets.sample import Sample
from audit.errors import AuditError
from audit.record.map_readers import read_thumbnails
from audit.record.record import Record
from audit.record.sample_readers import read_done
from audit.record.schema import SCHEMA_VERSION, ExclusionRow, PictureRow, ScoreRow, ThumbnailRow
from audit.record.writer import add_rows, create_record

SAMPLES = [(Sample("a.png", "x", ((0, 0, 1, 1),)), 0), (Sample("b.png", "x", ((0, 0, 1, 1),)), 0)]
PICTURE = PictureRow(0, "aa", "bb", "", 4, 4, "[]", 0.5, 0.9, 1, 0, 0.9)


def fresh(path: Path) -> Record:
    return create_record(path, {"device": "cpu"}, SAMPLES, [Exclusion("c.png", "x", "broken box", "why")])


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    with fresh(tmp_path / "r.sqlite") as record:
        add_rows(
            record,
            {
                "picture": [PICTURE],
                "score": [ScoreRow(0, "gradient", 0, 0.5, 1.0, None, 0.5, 0.5)],
                "thumbnail": [ThumbnailRow(0, "picture", b"x")],
            },
        )
        add_rows(record, {"exclusion": [ExclusionRow("b.png", "x", 1, "missing picture", "gone")]})
    with Record.open(tmp_path / "r.sqlite") as record:
        assert record.identity() == {"schema_version": SCHEMA_VERSION, "device": "cpu"}
        assert read_done(record) == {0, 1}
        assert np.isnan(record.columns("SELECT rank FROM score")["rank"][0])
        assert read_thumbnails(record) == {0: {"picture": b"x"}}
        assert record.columns("SELECT image FROM exclusion ORDER BY 1")["image"].tolist() == ["b.png", "c.png"]


@pytest.mark.parametrize("ending", ["-journal", "-wal"])
def test_a_pipe_as_its_journal_is_refused(ending: str, tmp_path: Path) -> None:
    fresh(tmp_path / "r.sqlite").__exit__()
    os.mkfifo(tmp_path / f"r.sqlite{ending}")
    with pytest.raises(AuditError, match=f"r.sqlite{ending}: is no regular file; need a record without it"):
        Record.open(tmp_path / "r.sqlite")


def names_another(record: Path, other: Path) -> bytes:
    """A rollback journal of no pages, part of a transaction over several files."""
    magic, name = bytes.fromhex("d9d505f920a163d7"), str(other).encode()
    head = magic + struct.pack(">5I", 0, 1, record.stat().st_size // 4096, 512, 4096)
    tail = struct.pack(">I", 2**30 // 4096 + 1) + name + struct.pack(">2I", len(name), sum(name)) + magic
    return head.ljust(512, b"\0") + tail


@pytest.mark.tor("TOR-007")
def test_a_journal_that_has_another_file_deleted_is_not_acted_upon(tmp_path: Path) -> None:
    fresh(tmp_path / "r.sqlite").__exit__()
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "r.sqlite-journal").write_bytes(names_another(tmp_path / "r.sqlite", tmp_path / "mine"))
    with pytest.raises(AuditError, match=r"r\.sqlite-journal: names another file, which SQLite would delete"):
        Record.open(tmp_path / "r.sqlite")
    assert (tmp_path / "mine").read_text() == "mine"


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS key, i AS value FROM n"
FOREIGN = {
    "trigger lie": "CREATE TRIGGER lie AFTER INSERT ON picture BEGIN UPDATE picture SET label_rank = 1; END",
    "view more": "CREATE VIEW more AS SELECT 1",
    "view meta": f"DROP TABLE meta; CREATE VIEW meta AS {ENDLESS}",
    "view passes": f"DROP TABLE passes; CREATE VIEW passes AS {ENDLESS}",
    "index of_answers": "CREATE INDEX of_answers ON reply (abs(predicted))",
    "table grid": "DROP TABLE grid; CREATE TABLE grid (sample INTEGER PRIMARY KEY, cells BLOB AS (zeroblob(1000)))",
    "table words": "CREATE VIRTUAL TABLE words USING fts5(word)",
}


@pytest.mark.tor("TOR-049")
@pytest.mark.parametrize("part", FOREIGN)
def test_what_no_run_makes_is_not_acted_upon(part: str, tmp_path: Path) -> None:
    fresh(tmp_path / "r.sqlite").__exit__()
    with closing(sqlite3.connect(tmp_path / "r.sqlite")) as connection:
        connection.executescript(FOREIGN[part])
    with pytest.raises(AuditError, match=rf"r\.sqlite: has a part that no run makes \({part}"):
        Record.open(tmp_path / "r.sqlite")


@pytest.mark.tor("TOR-053")
def test_a_batch_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    with fresh(tmp_path / "r.sqlite") as record:
        twice = [ScoreRow(0, "gradient", 0, None, None, None, None, None)] * 2
        with pytest.raises(AuditError, match=r"already holds what is to be written \(UNIQUE"):
            add_rows(record, {"picture": [PICTURE], "score": twice})
        assert read_done(record) == set()


def test_what_was_written_ahead_outlives_a_kill_and_ends_in_one_file(tmp_path: Path) -> None:
    killed = tmp_path / "killed"
    killed.mkdir()
    with fresh(tmp_path / "r.sqlite") as record:
        record.write_ahead()
        add_rows(record, {"picture": [PICTURE]})
        for file in tmp_path.glob("r.sqlite*"):  # what a kill would leave
            shutil.copy(file, killed)
    assert (killed / "r.sqlite-wal").exists()
    for folder in (tmp_path, killed):
        with Record.open(folder / "r.sqlite") as record:
            assert read_done(record) == {0}
            before = (folder / "r.sqlite").read_bytes()
        assert (folder / "r.sqlite").read_bytes() == before, "what is hashed while it is open is what lies there later"
        assert [file.name for file in folder.glob("r.sqlite*")] == ["r.sqlite"]


def test_what_a_gone_record_left_is_not_added_to_a_new_one(tmp_path: Path) -> None:
    with fresh(tmp_path / "r.sqlite") as record:
        record.write_ahead()
        add_rows(record, {"picture": [PICTURE]})
        shutil.copy(tmp_path / "r.sqlite-wal", tmp_path / "left")
    (tmp_path / "r.sqlite").unlink()
    (tmp_path / "left").rename(tmp_path / "r.sqlite-wal")
    with fresh(tmp_path / "r.sqlite") as record:
        assert read_done(record) == set()


def test_another_process_at_the_same_record_is_said(tmp_path: Path) -> None:
    with fresh(tmp_path / "r.sqlite") as record, Record.open(tmp_path / "r.sqlite") as other:
        add_rows(other, {"picture": [PICTURE]})
        with pytest.raises(
            AuditError, match=r"another process is writing.*Let the other process finish, or choose another folder"
        ):
            add_rows(record, {"picture": [PICTURE]})
        assert read_done(record) == {0}


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    with fresh(tmp_path / "r.sqlite") as record:
        record._connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(AuditError, match="database or disk is full"):
            add_rows(record, {"thumbnail": [ThumbnailRow(0, "picture", bytes(100_000))]})


def test_what_is_no_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="no such record"):
        Record.open(tmp_path / "none.sqlite")
    (tmp_path / "text.sqlite").write_text("this is no database, and it is long enough to be looked at " * 9)
    with pytest.raises(AuditError, match="is not a record"):
        Record.open(tmp_path / "text.sqlite")
    sqlite3.connect(tmp_path / "empty.sqlite").close()
    with pytest.raises(AuditError, match="is not a record"):
        Record.open(tmp_path / "empty.sqlite")
    fresh(tmp_path / "r.sqlite").__exit__()
    with Record.open(tmp_path / "r.sqlite") as record:
        record.set_meta("schema_version", 99)
    with pytest.raises(AuditError, match=r"has schema version 99; need version 10\. Run the audit again"):
        Record.open(tmp_path / "r.sqlite")
    with pytest.raises(AuditError, match=r"exists; need a new file\. Choose another folder, or resume the run"):
        fresh(tmp_path / "r.sqlite")
    with pytest.raises(AuditError, match="cannot be written"):
        fresh(tmp_path / "no" / "such" / "folder.sqlite")


def test_a_record_that_another_process_locks_is_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "r.sqlite"
    fresh(path).__exit__()
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *where, **how: connect(*where, **{**how, "timeout": 0}))
    with Record.open(path) as opened, closing(connect(path)) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        in_use = r"r\.sqlite: is in use: another process is writing to it; .* Let the other process finish, or end it\."
        for use in (lambda: Record.open(path), opened.identity, lambda: opened.set_meta("a", 1)):
            with pytest.raises(AuditError, match=in_use):
                use()
