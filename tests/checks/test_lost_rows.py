"""Nothing that is lost improves a verdict: rows deleted from any table, and measured cells set to NULL."""

import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.errors import AuditError
from audit.record.record import Record
from audit.record.schema import SUBJECT
from audit.record.seal import SEAL, TABLES, seal
from checks import judge
from checks.profile import fingerprint
from checks.table import integrity
from checks.verdict import Judgement, Outcome, Profile
from fixtures.records import Kind, altered, changed, sealed, write_record

BETTER_FIRST = [Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.FAIL, Outcome.INVALID]
MEASURED = {
    "picture": ("probability", "label_rank", "predicted", "confidence"),
    "score": ("mass", "lift", "rank", "pointing", "auc"),
    "answer": ("probability", "log_odds", "predicted"),
    "forbidden": ("mass",),
    "note": ("value",),
    "cascade": ("similarity",),
    "cue": ("x0", "y0"),
}
"""Columns that may be NULL."""
PROMISED = ("sample", "exclusion", "picture", "score", "note", "answer", "cue", "cascade")
"""Tables that verdicts rest on: their rows are missed although the record's statement is made anew."""


def light() -> Profile:
    """Limits that take no time to judge by."""
    rules = {"model_is_accurate": {"min_accuracy": 0.5, "why": "x"}}
    bare = Profile(name="light", description="", confidence=0.95, rules=rules, sha256="")
    return bare.model_copy(update={"sha256": fingerprint(bare)})


LIGHT = light()


FEW_COPIES = (
    "DELETE FROM answer WHERE subject NOT IN ('model', 'linear 0.00', 'linear 1.00')",
    """UPDATE meta SET value = json_set(value, '$.detectors', json('["linear"]'), '$.lambdas', json('[0.0, 1.0]'))
    WHERE key = 'planted_cue'""",
)
EVERY_TABLE = (
    "INSERT INTO unmade SELECT subject, sample, intervention, 'none' FROM answer WHERE variant = 'mean'",
    "INSERT INTO forbidden SELECT sample, source, 0.1, 0.1 FROM score WHERE sample < 9",
    "INSERT INTO grid SELECT sample, 'x' FROM picture",
    "INSERT INTO mask SELECT sample, 'x' FROM picture",
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record with rows in every table."""
    path = write_record(tmp_path_factory.mktemp("whole") / "audit.sqlite", n=30)
    changed(path, *FEW_COPIES, *EVERY_TABLE)
    assert outcome(path, LIGHT) == (Outcome.PASS, "")
    return path


@pytest.fixture
def record(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path))


def lose(path: Path, table: str, share: float, rng: random.Random) -> int:
    """Delete this share of the rows of a table, one at least where there is one; how many."""
    connection = sqlite3.connect(path)
    with connection:
        rows = connection.execute(f"SELECT * FROM {table}").fetchall()
        gone = set(rng.sample(range(len(rows)), min(len(rows), max(1, round(share * len(rows))))))
        kept = [row for place, row in enumerate(rows) if place not in gone]
        connection.execute(f"DELETE FROM {table}")
        marks = ", ".join("?" * len(rows[0])) if rows else ""
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", kept)
    connection.close()
    return len(gone)


def outcome(path: Path, profile: Profile | None = None) -> tuple[Outcome, str]:
    """What the record is judged as, and why; a record that is refused is INVALID."""
    try:
        judgement: Judgement = judge(path, profile)
    except AuditError as error:
        return Outcome.INVALID, str(error)
    broken = judgement.verdict(integrity.RULE)
    return judgement.outcome, broken.reason if broken else ""


@pytest.mark.tor("TOR-049")
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_rows_that_are_gone_from_any_table_are_missed(record: Path, table: str, share: float) -> None:
    assert lose(record, table, share, random.Random(table))
    assert outcome(record, LIGHT)[0] is Outcome.INVALID


@pytest.mark.slow
@pytest.mark.tor("TOR-049")
def test_an_entry_of_the_identity_that_is_gone_is_missed(record: Path) -> None:
    with Record.open(record) as opened:
        entries = opened.identity()
    for key in entries:
        without = altered(
            Path(shutil.copy(record, record.with_name("without.sqlite"))), f"DELETE FROM meta WHERE key = '{key}'"
        )
        assert outcome(without, LIGHT)[0] is Outcome.INVALID, key


@pytest.mark.tor("TOR-048")
@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table, columns in MEASURED.items() for column in columns]
)
def test_a_number_that_is_gone_is_missed(record: Path, table: str, column: str) -> None:
    somewhere = f"{column} = (SELECT max({column}) FROM {table})"
    assert (
        outcome(altered(record, f"UPDATE {table} SET {column} = NULL WHERE {somewhere}"), LIGHT)[0] is Outcome.INVALID
    )


@pytest.mark.tor("TOR-049")
@pytest.mark.parametrize("table", PROMISED)
@pytest.mark.parametrize("share", [0.05, 0.5, 1.0])
def test_what_the_plan_promised_is_missed_whatever_the_record_states(record: Path, table: str, share: float) -> None:
    lose(record, table, share, random.Random(table))
    assert outcome(sealed(record), LIGHT)[0] is Outcome.INVALID


@pytest.mark.tor("TOR-049")
def test_misses_cannot_be_deleted(tmp_path: Path) -> None:
    """The answers of the pictures that speak against the network, so that the others would pass."""
    path = write_record(tmp_path / "audit.sqlite", kind="cheating", n=30)
    gone = f"sample % 10 = 0 AND subject = '{SUBJECT}' AND intervention IN ('object_removed', 'background_replaced')"
    changed(path, f"DELETE FROM answer WHERE {gone}")
    assert outcome(path, LIGHT) == (Outcome.INVALID, integrity.MISSING_ROWS)


@pytest.mark.slow
@pytest.mark.tor("TOR-048")
@pytest.mark.parametrize("kind", ["honest", "cheating", "centred"])
def test_no_loss_improves_an_outcome(tmp_path: Path, kind: Kind) -> None:
    """By the default limits, with the statement as it was, and made anew by whoever deleted something."""
    whole, rng = write_record(tmp_path / "whole.sqlite", kind=kind), random.Random(kind)
    before = BETTER_FIRST.index(outcome(whole)[0])
    for path, seen in _losses(whole, tmp_path / "lost.sqlite", rng):
        for anew in (False, True):
            now = outcome(sealed(path) if anew else path)[0]
            assert BETTER_FIRST.index(now) >= before, (seen, anew)
            assert anew or now is Outcome.INVALID, seen


def _losses(whole: Path, path: Path, rng: random.Random) -> Iterator[tuple[Path, str]]:
    """The record without some rows of one to three tables, or some numbers of one, forty times."""
    for _ in range(40):
        shutil.copy(whole, path)
        if rng.random() < 0.6:
            tables, share = rng.sample(PROMISED, rng.randint(1, 3)), rng.choice([0.0, 0.01, 0.1, 0.5, 0.95, 1.0])
            if sum(lose(path, table, share, rng) for table in tables):
                yield path, f"{share} of {tables}"
        else:
            table = rng.choice(["picture", "answer", "note"])
            blank = ", ".join(f"{column} = NULL" for column in MEASURED[table])
            where = f"sample % {rng.randint(2, 40)} = 0"
            yield altered(path, f"UPDATE {table} SET {blank} WHERE {where}"), f"{table} {where}"


def test_the_statement_is_of_the_rows_whatever_their_order(record: Path) -> None:
    with Record.open(record) as opened:
        stated = opened.meta(SEAL)
        assert seal(opened) == stated
    rows = "CREATE TABLE again AS SELECT * FROM passes ORDER BY rowid DESC", "DELETE FROM passes"
    altered(record, *rows, "INSERT INTO passes SELECT * FROM again", "DROP TABLE again")
    with Record.open(record) as opened:
        assert seal(opened) == stated
