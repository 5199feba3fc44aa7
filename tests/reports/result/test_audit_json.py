"""audit.json: canonical, complete, and what its schema says."""

import json
import sqlite3
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reports.result
from audit.record.record import Record
from checks.judge import judge
from checks.table.read_evidence import read_evidence
from fixtures.assessments import assessment_of
from fixtures.records import write_record
from reports.result.json_text import audit_json, json_schema

SCHEMA = Path(reports.result.__path__[0]) / "audit.schema.json"


@cache
def validator() -> Any:
    """Importing it takes seconds, which those who only collect the tests need not wait."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    return Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def written(path: Path) -> str:
    with Record.open(path) as record:
        return audit_json(assessment_of(record).audit)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_record(tmp_path_factory.mktemp("record") / "audit.sqlite", n=120)


@pytest.fixture(scope="module")
def text(path: Path) -> str:
    return written(path)


@pytest.fixture
def data(text: str) -> Any:
    return json.loads(text)


@pytest.mark.tor("TOR-062")
def test_the_checked_in_schema_is_that_of_the_code() -> None:
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == json.loads(json_schema()), (
        "write it again: python -c 'from reports.result.json_text import json_schema; print(json_schema(), end=\"\")'"
        " > reports/result/audit.schema.json"
    )


@pytest.mark.slow
@pytest.mark.tor("TOR-062")
@pytest.mark.parametrize("kind", ["honest", "cheating", "dead", "incomplete", "untouched"])
def test_it_fulfils_its_schema(tmp_path: Path, kind: Any) -> None:
    text = written(write_record(tmp_path / "audit.sqlite", n=120, kind=kind))
    validator().validate(json.loads(text))


def in_order(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    assert keys == sorted(keys)
    return dict(pairs)


@pytest.mark.slow
@pytest.mark.tor("TOR-052")
def test_it_is_canonical(path: Path, text: str) -> None:
    assert text == written(path)
    assert text.isascii()
    assert text.endswith("}\n")
    assert "NaN" not in text
    data = json.loads(text, object_pairs_hook=in_order)
    first = text.splitlines().index('"samples": [') + 1
    lines = text.splitlines()[first : first + len(data["samples"])]
    assert [json.loads(line.removesuffix(",")) for line in lines] == data["samples"]
    assert sum(map(len, lines)) < 1_500 * len(lines), "what a picture takes should not grow: the record has the rest"


def test_every_schema_field_is_described_or_named_for_what_it_is() -> None:
    schema = json.loads(json_schema())
    for title in ("Audit", "Row", "SourceSummary", "ClassSummary", "Counts", "Excluded", "Scores"):
        assert (schema if title == "Audit" else schema["$defs"][title])["description"]


@pytest.mark.slow
@pytest.mark.tor("TOR-062")
def test_the_rows_are_those_of_the_record(path: Path, data: Any) -> None:
    with Record.open(path) as record:
        found = read_evidence(record, judge(record).profile)
    assert [row["sample"] for row in data["samples"]] == found.sample.tolist()
    assert [row["scores"]["gradient"]["mass"] for row in data["samples"]] == found.scores["gradient"]["mass"].tolist()
    wrong = found.right & found.miss("gradcam")
    assert ["gradcam" in row["wrong_reason"] for row in data["samples"]] == wrong.tolist()
    by_experiment = ["experiment" in row["wrong_reason"] for row in data["samples"]]
    assert sum(by_experiment) == data["judgement"]["right_for_the_wrong_reason"][0]["count"]
    assert by_experiment == [row["prediction"]["right"] and not row["lead"] > 0 for row in data["samples"]]
    assert data["counts"] == {
        "total": 121,
        "measured": 119,
        "excluded": 2,
        "outside_scope": 0,
        "right": int(found.right.sum()),
        "accuracy": found.right.sum() / 119,
        "complete": True,
    }
    assert [(e["image"], e["reason"]) for e in data["exclusions"]] == [
        ("pictures/00000.png", "object cropped away"),
        ("pictures/broken.png", "broken box"),
    ]


def test_the_lead_is_that_of_the_fill_that_favours_the_object_most(path: Path, data: Any) -> None:
    with sqlite3.connect(path) as connection:
        found = connection.execute(
            "SELECT sample, intervention, variant, log_odds FROM answer WHERE subject = 'model'"
        ).fetchall()
    connection.close()
    log_odds = {tuple(key): value for *key, value in found}
    fills = {"mean": "mean", "blur": "blur", "donor": "other 1"}
    for row in data["samples"]:
        leads = [
            log_odds[row["sample"], "background_replaced", other] - log_odds[row["sample"], "object_removed", fill]
            for fill, other in fills.items()
        ]
        assert row["lead"] == pytest.approx(max(leads))


def test_controls_cues_cells_and_cost_are_written(data: Any) -> None:
    assert data["schema_version"] == 5
    assert [cue["id"] for cue in data["cues"]] == [1, 2]
    assert {part["part"] for part in data["passes"]} == {
        "pictures",
        "randomisation",
        "planted_cue",
        "shared_cues",
        "telling_regions",
        "telling_object_regions",
    }
    assert {entry["method"] for entry in data["controls"]["cascades"]} == {"gradient", "gradcam"}
    planted = data["identity"]["planted_cue"]
    assert len(data["controls"]["planted"]) == len(planted["detectors"]) * len(planted["lambdas"])
    assert set(data["controls"]["detection"]["by_detector"]) == set(planted["detectors"])
    assert len(data["judgement"]["cells"]["cells"]) == 4
    assert [entry["fill"] for entry in data["experiments"]["removed"]] == ["mean", "blur", "donor"]


def test_a_run_without_experiments_claims_none(tmp_path: Path) -> None:
    data = json.loads(written(write_record(tmp_path / "audit.sqlite", n=120, kind="untouched")))
    assert data["judgement"]["cells"] is None
    assert data["cues"] == data["passes"] == data["controls"]["planted"] == data["experiments"]["removed"] == []
    assert all(row["lead"] is None for row in data["samples"])
    assert not any("experiment" in row["wrong_reason"] for row in data["samples"])
    assert "was not run" in data["controls"]["detection"]["sentence"]


@pytest.mark.slow
@pytest.mark.tor("TOR-062")
def test_dead_maps_are_counted_and_are_null(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=200, kind="dead")
    data = json.loads(written(path))
    with Record.open(path) as record:
        found = read_evidence(record, judge(record).profile)
    dead = int(found.dead["gradient"].sum())
    assert dead > 0
    row = next(row for row in data["samples"] if row["scores"]["gradient"]["dead"])
    assert row["scores"]["gradient"] == dict.fromkeys(("mass", "lift", "rank", "pointing", "auc")) | {"dead": True}
    summary = next(s for s in data["summary"]["sources"] if s["source"] == "gradient")
    assert (summary["n"], summary["dead"]) == (199 - dead, dead)
    living = ~found.dead["gradient"]
    assert summary["mass"] == pytest.approx(found.scores["gradient"]["mass"][living].mean())
    assert summary["area_share"] == pytest.approx(found.area_share[living].mean())


def test_the_classes_add_up_as_a_plain_loop_does(data: Any) -> None:
    for entry in data["summary"]["classes"]:
        rows = [row for row in data["samples"] if row["class_index"] == entry["class_index"]]
        assert entry["n"] == len(rows)
        assert entry["right"] == sum(row["prediction"]["right"] for row in rows)
        assert entry["wrong_reason"] == sum("gradient" in row["wrong_reason"] for row in rows)
        assert entry["mass"] == pytest.approx(np.mean([row["scores"]["gradient"]["mass"] for row in rows]))
        assert entry["area_share"] == pytest.approx(np.mean([row["area_share"] for row in rows]))


def test_what_the_annotations_say_further_is_in_the_rows(data: Any) -> None:
    assert {(row["sample"] % 3 == 0, row["metadata"]["light"]) for row in data["samples"]} == {
        (True, "night"),
        (False, "day"),
    }


@pytest.mark.parametrize("frame", [[], None])
def test_a_run_without_a_picture_fulfils_the_schema(tmp_path: Path, frame: Any) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=1)
    with Record.open(path) as record:
        record.set_meta("frame", frame)
        record.set_meta("preprocessing", None)
    data = json.loads(written(path))
    validator().validate(data)
    assert data["identity"]["frame"] is None


def test_nothing_measured_is_told_as_nothing(tmp_path: Path) -> None:
    data = json.loads(written(write_record(tmp_path / "audit.sqlite", n=1)))
    assert data["outcome"] == "INVALID"
    assert data["samples"] == []
    assert data["counts"]["accuracy"] is None
    assert all(source["mass"] is None and source["n"] == 0 for source in data["summary"]["sources"])


@pytest.mark.tor("TOR-057")
def test_neither_the_clock_nor_the_place_is_written(path: Path, text: str, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere.sqlite"
    moved.write_bytes(path.read_bytes())
    assert written(moved) == text
    assert str(path.parent) not in text
