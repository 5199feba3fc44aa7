"""A record that was damaged is judged or refused with an error that says so, and never ends in a traceback."""

import random
import shutil
from pathlib import Path

import pytest

from audit.errors import AuditError
from audit.record.record import Record
from checks import judge
from fixtures.records import altered, write_record
from reports.result.assessment import assess

VALUES = ("null", "[]", "{}", "3", '"x"', "[1]", '{"a": {"b": 1}}', "1e400", "no JSON", "[" * 3000)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_record(tmp_path_factory.mktemp("whole") / "audit.sqlite", n=12, gallery=3)


def assessed(path: Path) -> None:
    """Nothing but an AuditError may come of it."""
    try:
        with Record.open(path) as record:
            assess(record)
    except AuditError as error:
        assert str(path) in str(error)


@pytest.mark.tor("TOR-049")
@pytest.mark.parametrize("key", ["classes", "dataset", "finished", "frame", "settings", "planted_cue"])
def test_entries_of_another_kind_are_refused(whole: Path, tmp_path: Path, key: str) -> None:
    path = tmp_path / "audit.sqlite"
    for value in ('"x"', "no JSON"):
        shutil.copy(whole, path)
        altered(path, f"UPDATE meta SET value = '{value}' WHERE key = '{key}'")
        assessed(path)
    with pytest.raises(
        AuditError, match=r"audit\.sqlite: cannot be read \(JSONDecodeError: .*need a record as written by"
    ):
        judge(path)


@pytest.mark.slow
@pytest.mark.tor("TOR-049")
def test_any_entry_and_any_byte_may_be_damaged(whole: Path, tmp_path: Path) -> None:
    path, rng = tmp_path / "audit.sqlite", random.Random(0)
    with Record.open(whole) as record:
        entries = record.identity()
    for key in entries:
        for value in VALUES:
            altered(Path(shutil.copy(whole, path)), f"UPDATE meta SET value = '{value}' WHERE key = '{key}'")
            assessed(path)
    for _ in range(300):
        content = bytearray(whole.read_bytes())
        for _ in range(rng.choice([1, 4, 40, 400])):
            content[rng.randrange(len(content))] = rng.randrange(256)
        path.write_bytes(content)
        assessed(path)
