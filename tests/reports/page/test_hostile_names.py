"""Names from outside in every file of an evidence folder: markup, quotes, bidi controls, 4 kB, calls and links."""

import json
import sqlite3
from pathlib import Path

import pytest

from audit.record.place import FILE_NAME
from audit.record.record import Record
from fixtures.records import write_record
from reports.evidence_folder import format_files, write_evidence
from reports.result.assessment import assess
from reports.verify import verify

NAME = "\"'><script>alert(1)</script>\u202egpj.\x1b[31m]]>|`@everyone https://example.invalid/![x](y)" + "x" * 4000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The evidence of a cheating network whose pictures, labels, classes, columns and purpose are all hostile."""
    made = tmp_path_factory.mktemp("evidence")
    path = write_record(made / FILE_NAME, kind="cheating", n=60)
    with Record.open(path) as record:
        settings = record.meta("settings") | {
            "title": NAME,
            "report": dict.fromkeys(("intended_use", "operational_domain", "audience"), NAME),
        }
        meta = {"settings": settings, "classes": [NAME + str(i) for i in range(len(record.meta("classes")))]}
        meta["model"] = record.meta("model") | {"name": NAME, "kind": NAME}
    with sqlite3.connect(path) as connection:
        connection.execute(
            "UPDATE sample SET image = ? || id, label = ?, metadata = ?", (NAME, NAME, json.dumps({NAME: NAME}))
        )
        connection.execute("UPDATE exclusion SET image = ? || rowid, label = ?, reason = ?, detail = ?", (NAME,) * 4)
        for key, value in meta.items():
            connection.execute("UPDATE meta SET value = ? WHERE key = ?", (json.dumps(value), key))
    connection.close()
    with Record.open(path) as record:
        write_evidence(assess(record), made)
    return made


@pytest.mark.parametrize("file", ["audit.json", "report.html", *format_files().values(), "SHA256SUMS"])
def test_no_control_character_reaches_a_file(folder: Path, file: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert not {"\x1b", "\u202e", "\x00"} & set(text)
    if file.endswith((".json", ".sarif")):
        text = json.dumps(json.loads(text), ensure_ascii=False)
        assert file == "audit.json" or not {"\x1b", "\u202e"} & set(text)  # audit.json tells names as they are


@pytest.mark.parametrize("file", ["report.html", "summary.md", "model_card.md", "junit.xml"])
def test_no_name_becomes_markup(folder: Path, file: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "alert(1)" in text.replace("\\", "")


def test_no_name_calls_or_links_from_a_pull_request(folder: Path) -> None:
    text = (folder / "summary.md").read_text(encoding="utf-8")
    assert "@everyone" not in text
    assert "https://" not in text
    assert "![x](y)" not in text
    assert len(text) < 20_000


@pytest.mark.slow
def test_the_folder_verifies(folder: Path) -> None:
    assert verify(folder) == ()
