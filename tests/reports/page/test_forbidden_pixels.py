"""Forbidden pixels on the page and in `audit.json`: beside chance and null maps where there are some, else nowhere."""

import json
import sqlite3
from pathlib import Path

import pytest

from audit.record.record import Record
from checks.profile import load_profile
from checks.table.read_evidence import read_evidence
from fixtures.assessments import assessment_of, page_of
from fixtures.pages import check, words
from fixtures.records import write_record
from reports.result.forbidden_pixels import forbidden_pixels
from reports.result.json_text import audit_json

FEW = 10


def record_of(path: Path, *, hidden: bool = True) -> Path:
    """A record of which the first pictures have forbidden pixels; hiding them takes 0.2 of the probability."""
    write_record(path, n=60)
    connection = sqlite3.connect(path)
    with connection:
        some = connection.execute(
            "SELECT p.sample, p.probability, p.predicted FROM picture p JOIN sample s ON s.id = p.sample"
            f" WHERE p.predicted = s.class ORDER BY 1 LIMIT {FEW}"
        ).fetchall()
        for sample, probability, predicted in some:
            for source, mass in (("gradient", 0.6), ("uniform", 0.25)):
                connection.execute("INSERT INTO forbidden VALUES (?, ?, 0.25, ?)", (sample, source, mass))
            for variant, kept in (("mean", probability - 0.2), ("mean elsewhere", probability)):
                row = ("model", sample, "forbidden_hidden", variant, kept, 0.0, predicted, None)
                if hidden:
                    connection.execute("INSERT INTO answer VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    connection.close()
    return path


def told(path: Path) -> str:
    with Record.open(path) as record:
        html = page_of(assessment_of(record))
    check(html)
    return words(html).replace("\u202f", " ")


@pytest.mark.slow
def test_the_page_shows_them_beside_chance_and_null_maps(tmp_path: Path) -> None:
    text = told(record_of(tmp_path / "a.sqlite"))
    part = text[text.index("On forbidden pixels") :]
    assert f"In {FEW} pictures, the data mark pixels that must not matter" in part
    assert f"gradient {FEW} 25.0 % 60.0 %" in part
    assert f"uniform {FEW} 25.0 % 25.0 %" in part
    assert f"mean colour {FEW}" in part
    assert "20.0 0.0" in part


@pytest.mark.slow
def test_an_experiment_that_was_not_made_is_said(tmp_path: Path) -> None:
    assert "The experiment forbidden_hidden left no answer" in told(record_of(tmp_path / "a.sqlite", hidden=False))


@pytest.mark.slow
def test_nothing_is_shown_where_there_are_none(tmp_path: Path) -> None:
    path = write_record(tmp_path / "a.sqlite", n=60)
    assert "forbidden" not in told(path).lower()
    with Record.open(path) as record:
        written = json.loads(audit_json(assessment_of(record).audit))
    assert written["forbidden"] is None
    assert {sample["forbidden"] for sample in written["samples"]} == {None}


@pytest.mark.slow
def test_the_numbers_are_in_audit_json(tmp_path: Path) -> None:
    with Record.open(record_of(tmp_path / "a.sqlite")) as record:
        written = json.loads(audit_json(assessment_of(record).audit))
        found = forbidden_pixels(read_evidence(record, load_profile("default")))
    assert found is not None
    assert written["forbidden"] == json.loads(found.model_dump_json())
    some = [sample["forbidden"] for sample in written["samples"] if sample["forbidden"]]
    assert some == [{"area_share": 0.25, "mass": {"gradient": 0.6, "uniform": 0.25}}] * FEW
    (hiding,) = found.hidden
    assert (hiding.fill, hiding.n) == ("mean", FEW)
    assert hiding.moved == pytest.approx(0.2)
    assert hiding.moved_elsewhere == 0
    sources = {entry.source: entry for entry in found.sources}
    assert (sources["gradient"].kind, sources["gradient"].n) == ("method", FEW)
    assert sources["gradient"].mass == pytest.approx(0.6)
    assert (sources["centre"].kind, sources["centre"].n, sources["centre"].mass) == ("null map", 0, None)
