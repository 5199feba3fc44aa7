"""pictures.sarif: SARIF 2.1.0, by the parts of its schema that are used, and by what Microsoft's validator asks for.

The official schema is no part of a Python package at hand; these are its `required` and its names, for the objects
written. Where the validator itself is installed (`npm install -g @microsoft/sarif-multitool`), it reads a log too.
"""

import json
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from audit.record.place import FILE_NAME
from audit.record.record import Record
from checks.verdict import Outcome
from fixtures.assessments import DIGESTS, HOSTILE, assessed, assessment_of, page_of, rejudged, worded_verdict
from fixtures.pages import check
from fixtures.records import write_record
from reports.formats.sarif import sarif
from reports.result.assessment import Assessment

OBJECTS: dict[str, tuple[set[str], set[str]]] = {
    "log": ({"version", "runs"}, {"$schema"}),
    "run": ({"tool"}, {"invocations", "originalUriBaseIds", "results", "properties"}),
    "driver": ({"name"}, {"version", "rules"}),
    "rule": ({"id"}, {"name", "shortDescription", "fullDescription", "help", "properties"}),
    "result": ({"message"}, {"ruleId", "ruleIndex", "kind", "level", "locations", "attachments", "properties"}),
    "attachment": ({"artifactLocation"}, {"rectangles"}),
    "rectangle": (set(), {"top", "left", "bottom", "right"}),
    "artifactLocation": (set(), {"uri", "uriBaseId"}),
}
"""Required names, and the others that are used."""
MULTITOOL = shutil.which("sarif-multitool")
KINDS = {"fail": {"error", "warning"}, "open": {"none"}, "review": {"none"}}


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assessment]:
    with assessed(tmp_path_factory.mktemp("run")) as assessment:
        yield assessment


def fits(name: str, value: dict[str, Any]) -> None:
    required, others = OBJECTS[name]
    assert required <= value.keys() <= required | others, name


def logged(assessment: Assessment) -> dict[str, Any]:
    """The one run of a log that keeps to the schema."""
    log = json.loads(sarif(assessment, DIGESTS))
    fits("log", log)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    fits("run", run)
    fits("driver", run["tool"]["driver"])
    rules = run["tool"]["driver"]["rules"]
    for rule in rules:
        fits("rule", rule)
        assert isinstance(rule["shortDescription"]["text"], str)
    for result in run["results"]:
        fits("result", result)
        assert result["ruleId"] in {rule["id"] for rule in rules}
        assert result["level"] in KINDS[result["kind"]]
        assert isinstance(result["message"]["text"], str)
        place = result["locations"][0]["physicalLocation"]["artifactLocation"]
        fits("artifactLocation", place)
        assert re.fullmatch(r"(?!/)([\w.~/-]|%[0-9A-F]{2})+", place["uri"], re.ASCII)
        assert place["uriBaseId"] in run["originalUriBaseIds"]
        for attachment in result["attachments"]:
            fits("attachment", attachment)
            assert attachment["artifactLocation"] == place
            for rectangle in attachment["rectangles"]:
                fits("rectangle", rectangle)
                assert attachment["rectangles"].count(rectangle) == 1
    found: dict[str, Any] = run
    return found


def by_rule(run: dict[str, Any], rule: str) -> list[dict[str, Any]]:
    return [result for result in run["results"] if result["ruleId"] == rule]


@pytest.mark.slow
def test_rules_and_messages_are_as_validators_ask(case: Assessment) -> None:
    """Of Microsoft's rules those that can hold without an address on the web: 1001 to 1012, 2001, 2012, GH2012 …"""
    run = logged(case)
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len({rule["name"] for rule in rules}) == len(rules)
    for rule in rules:
        assert re.fullmatch("([A-Z][a-z0-9]*)+", rule["name"])
        assert rule["name"].lower() == rule["id"].replace("_", "")
        assert rule["shortDescription"]["text"].endswith("?")
        assert rule["fullDescription"]["text"].startswith(rule["shortDescription"]["text"])
        assert rule["fullDescription"]["text"].endswith((".", "?"))
        assert re.search(r"report\.html, at #[\w-]+\.$", rule["help"]["text"])
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert re.fullmatch(r"\S.*\.", result["message"]["text"])
        assert not result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].startswith((".", "/"))


@pytest.mark.slow
def test_every_anchor_that_a_rule_names_is_on_the_page(case: Assessment) -> None:
    ids = set(check(page_of(case)).ids)
    for rule in logged(case)["tool"]["driver"]["rules"]:
        assert rule["help"]["text"].rpartition("#")[2].rstrip(".") in ids


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["Sarif", "Ghas"])
@pytest.mark.skipif(MULTITOOL is None, reason="needs Microsoft's sarif-multitool on the path")
def test_microsofts_validator_finds_nothing_but_that_there_is_no_address(
    case: Assessment, kind: str, tmp_path: Path
) -> None:
    log, found = tmp_path / "pictures.sarif", tmp_path / "found.sarif"
    log.write_text(sarif(case, DIGESTS), encoding="utf-8")
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    subprocess.run(
        [str(MULTITOOL), "validate", str(log), "--rule-kind", kind, "-o", str(found)],
        env=environment,
        capture_output=True,
        check=False,
    )
    results = json.loads(found.read_text(encoding="utf-8-sig"))["runs"][0]["results"]
    no_address = "SARIF2005"
    assert {one["ruleId"] for one in results} <= {no_address}


@pytest.mark.slow
def test_every_picture_that_is_right_for_the_wrong_reason_is_there_once(case: Assessment) -> None:
    found = by_rule(logged(case), "right_for_the_wrong_reason")
    wrong = [row for row in case.audit.samples if "experiment" in row.wrong_reason]
    assert len(wrong) == case.judgement.right_for_the_wrong_reason[0].count > 10
    places = [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in found]
    assert places == [row.image for row in wrong]
    assert {(one["kind"], one["level"]) for one in found} == {("fail", "warning")}, "advice"
    assert sarif(case, DIGESTS) == sarif(case, DIGESTS)


def test_boxes_are_in_pixels_of_the_picture(case: Assessment) -> None:
    result = by_rule(logged(case), "right_for_the_wrong_reason")[0]
    image = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    (stored,) = case.record.columns("SELECT boxes FROM sample WHERE image = ?", (image,))["boxes"]
    (x0, y0, x1, y1) = json.loads(stored)[0]
    assert result["attachments"][0]["rectangles"] == [{"left": x0, "top": y0, "right": x1, "bottom": y1}]
    assert x1 > 64 or y1 > 64 or max(x1 - x0, y1 - y0) > 32  # the frame has half of the pixels


def test_a_box_that_is_drawn_twice_is_one_rectangle(tmp_path: Any) -> None:
    path = write_record(tmp_path / FILE_NAME, kind="cheating", n=80)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE sample SET boxes = '[[1, 2, 30, 40], [1, 2, 30, 40], [5, 6, 30, 40]]'")
    connection.close()
    with Record.open(path) as record:
        results = logged(assessment_of(record))["results"]
    assert results
    assert {len(one["attachments"][0]["rectangles"]) for one in results} == {2}


def test_an_honest_model_has_warnings_at_most(tmp_path: Any) -> None:
    with assessed(tmp_path, "honest") as found:
        run = logged(found)
        deciding = {one.rule for one in found.judgement.verdicts if not one.advisory}
    assert found.judgement.outcome is Outcome.PASS
    assert run["properties"]["outcome"] == "PASS"
    assert not [result for result in run["results"] if result["ruleId"] in deciding]
    assert "error" not in {result["level"] for result in run["results"]}


@pytest.mark.parametrize(
    ("outcome", "advisory", "expected"),
    [
        (Outcome.PASS, False, []),
        (Outcome.FAIL, False, [("fail", "error")]),
        (Outcome.FAIL, True, [("review", "none")]),
        (Outcome.INCONCLUSIVE, False, [("open", "none")]),
        (Outcome.INVALID, False, [("open", "none")]),
    ],
)
def test_the_worst_of_a_rule(
    case: Assessment, outcome: Outcome, advisory: bool, expected: list[tuple[str, str]]
) -> None:
    run = logged(rejudged(case, worded_verdict(outcome, advisory=advisory), outcome=outcome))
    found = by_rule(run, "rule")
    assert [(one["kind"], one["level"]) for one in found] == expected
    assert run["invocations"] == [{"executionSuccessful": outcome is not Outcome.INVALID}]
    for one in found:
        assert one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "pictures/00003.png"


def test_a_sample_that_is_not_there_is_left_out(case: Assessment) -> None:
    odd = worded_verdict(Outcome.FAIL)
    odd = odd.model_copy(update={"findings": (odd.findings[0].model_copy(update={"worst": (9999,)}),)})
    assert by_rule(logged(rejudged(case, odd)), "rule") == []


@pytest.mark.tor("TOR-065")
def test_hostile_names_stay_text(tmp_path: Any) -> None:
    name = "a:b c/ü#?%\u202e<x>.png"
    path = write_record(tmp_path / FILE_NAME, kind="cheating", n=80)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE sample SET image = ? || id, label = ?", (name, name))
    connection.close()
    with Record.open(path) as record:
        run = logged(rejudged(assessment_of(record), worded_verdict(Outcome.FAIL, text=HOSTILE)))
    result = by_rule(run, "rule")[0]
    assert unquote(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]) == f"{name}3"
    assert not {"\x1b", "\u202e", "\ud800"} & set(json.dumps(run, ensure_ascii=False))
