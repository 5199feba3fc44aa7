"""The record: what it refuses, and what a transaction keeps."""

import os
import shutil
import sqlite3
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
    with pytest.raises(AuditError, match=r"has schema version 99; need version 7\. Run the audit again"):
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
