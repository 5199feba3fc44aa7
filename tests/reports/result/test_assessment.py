"""An audit is read and judged once, and every format shows the same values."""

import json
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import reports.result.assessment as module
from audit.record.place import FILE_NAME
from audit.record.record import Record
from checks.judge import judge
from checks.profile import load_profile
from fixtures.assessments import DIGESTS, assessed
from fixtures.records import write_record
from reports.evidence_folder import format_texts, write_evidence
from reports.result.assessment import Assessment, assess, judge_in_words
from reports.result.json_text import audit_json
from reports.wording.numbers import in_unit


class Counted:
    """A function that counts its calls."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.calls = function, 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        return self.function(*args, **kwargs)


@pytest.fixture(scope="module")
def assessment(tmp_path_factory: pytest.TempPathFactory) -> Assessment:
    """Of a record that is closed again."""
    with assessed(tmp_path_factory.mktemp("run")) as closed_soon:
        return closed_soon


@pytest.mark.slow
def test_the_table_is_read_and_judged_once_for_a_whole_evidence_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging = sys.modules["checks.judge"]
    read, judged = Counted(judging.__dict__["read_evidence"]), Counted(judging.__dict__["judge_evidence"])
    for place in (module, judging):
        monkeypatch.setattr(place, "read_evidence", read)
        monkeypatch.setattr(place, "judge_evidence", judged)
    with Record.open(write_record(tmp_path / FILE_NAME, n=40, gallery=3)) as record:
        write_evidence(assess(record), tmp_path)
    assert (read.calls, judged.calls) == (1, 1)


def test_the_words_change_nothing_that_was_judged(assessment: Assessment) -> None:
    judgement = judge(assessment.record.path)
    assert _without_words(assessment.judgement.model_dump(mode="json")) == judgement.model_dump(mode="json")
    assert assessment.audit.judgement is assessment.judgement
    assert assessment.table.profile == judgement.profile


def _without_words(value: Any) -> Any:
    words = {"sentence", "next_step", "question", "subject", "quantity_in_words"}
    if isinstance(value, dict):
        return {key: _without_words(entry) for key, entry in value.items() if key not in words}
    return [_without_words(entry) for entry in value] if isinstance(value, list) else value


@pytest.mark.slow
def test_another_profile_judges(assessment: Assessment) -> None:
    quick = load_profile("quick")
    with Record.open(assessment.record.path) as record:
        assert assess(record, "quick").judgement.profile == judge_in_words(record, quick).profile == quick


def test_every_format_shows_the_same_numbers(assessment: Assessment) -> None:
    texts = format_texts(assessment, DIGESTS)
    verdict = assessment.judgement.verdict("depends_on_object")
    assert verdict is not None
    finding = verdict.deciding
    assert finding is not None
    suite = next(suite for suite in ET.fromstring(texts["junit.xml"]) if suite.attrib["name"] == verdict.rule)
    properties = {entry.attrib["name"]: entry.attrib["value"] for entry in suite.iter("property")}
    card = json.loads(texts["model.cdx.json"])["metadata"]["component"]["modelCard"]
    metrics = card["quantitativeAnalysis"]["performanceMetrics"]
    (metric,) = [entry for entry in metrics if entry["type"] == f"{verdict.rule}: {finding.quantity}"]
    audit = json.loads(audit_json(assessment.audit))
    (stated,) = [entry for entry in audit["judgement"]["verdicts"] if entry["rule"] == verdict.rule]
    values = [entry["value"] for entry in stated["findings"] if entry["key"] == stated["decided_by"]]
    assert values == [float(properties["value"])] == [float(metric["value"])] == [finding.value]
    assert in_unit(finding.value, finding.unit) in texts["summary.md"]
    sarif = json.loads(texts["pictures.sarif"])["runs"][0]
    outcomes = {audit["outcome"], sarif["properties"]["outcome"], suite.find("testcase/failure").attrib["type"]}  # type: ignore[union-attr]
    assert outcomes == {str(assessment.judgement.outcome)}
    wrong = assessment.judgement.right_for_the_wrong_reason[0]
    assert sum(entry["ruleId"] == "right_for_the_wrong_reason" for entry in sarif["results"]) == wrong.count
