"""statement.intoto.json: a Statement v1 with the test-result predicate, held against its written specification.

Neither specification has a JSON Schema, so their fields are checked one by one.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audit.hashing import file_hash, sha256_of
from audit.record.place import FILE_NAME
from checks.verdict import Outcome
from fixtures.assessments import DIGESTS, assessed, rejudged, worded_verdict
from reports.evidence_folder import write_evidence
from reports.formats.in_toto import in_toto
from reports.result.assessment import Assessment


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assessment]:
    with assessed(tmp_path_factory.mktemp("run"), "honest") as assessment:
        yield assessment


def stated(assessment: Assessment) -> dict[str, Any]:
    statement: dict[str, Any] = json.loads(in_toto(assessment, DIGESTS))
    assert statement.keys() == {"_type", "subject", "predicateType", "predicate"}
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    predicate = statement["predicate"]
    assert predicate.keys() == {"result", "configuration", "passedTests", "warnedTests", "failedTests"}
    assert predicate["result"] in {"PASSED", "FAILED"}
    for descriptor in (*statement["subject"], *predicate["configuration"]):
        assert descriptor.keys() <= {"name", "digest", "annotations"}
        assert re.fullmatch("[0-9a-f]{64}", descriptor["digest"]["sha256"])
    names = [descriptor["name"] for descriptor in statement["subject"]]
    assert len(names) == len(set(names))
    tests = [name for key in ("passedTests", "warnedTests", "failedTests") for name in predicate[key]]
    assert len(tests) == len(set(tests))
    return statement


@pytest.mark.slow
@pytest.mark.tor("TOR-057")
def test_the_subjects_are_model_pictures_annotations_and_what_tells_of_them(case: Assessment) -> None:
    found = {one["name"]: one["digest"]["sha256"] for one in stated(case)["subject"]}
    assert found == {
        "model state": case.record.meta("model")["state_sha256"],
        "measured pictures": case.record.meta("finished")["pictures_sha256"],
        "annotations/boxes.csv": case.record.meta("dataset")["annotations"]["boxes.csv"],
        **DIGESTS,
    }


@pytest.mark.slow
@pytest.mark.tor("TOR-057")
def test_the_record_is_a_subject_wherever_it_lies(case: Assessment, tmp_path: Path) -> None:
    write_evidence(case, tmp_path)
    statement = json.loads((tmp_path / "statement.intoto.json").read_text())
    found = {one["name"]: one["digest"]["sha256"] for one in statement["subject"]}
    assert not (tmp_path / FILE_NAME).exists()
    assert found[FILE_NAME] == file_hash(case.record.path)


def test_the_configuration_is_settings_and_limits(case: Assessment) -> None:
    found = {one["name"]: one["digest"]["sha256"] for one in stated(case)["predicate"]["configuration"]}
    assert found["settings"] == sha256_of(case.record.meta("settings"))
    assert found["profile"] == case.judgement.profile.sha256


def test_a_pass_is_passed_and_lists_every_rule(case: Assessment) -> None:
    assert case.judgement.outcome is Outcome.PASS
    predicate = stated(case)["predicate"]
    assert predicate["result"] == "PASSED"
    assert predicate["failedTests"] == []
    told_of = {name for key in ("passedTests", "warnedTests") for name in predicate[key]}
    assert told_of == {"limits_fixed_beforehand", *(one.rule for one in case.judgement.verdicts)}


@pytest.mark.tor("TOR-063")
@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID])
def test_whatever_is_not_pass_is_failed(case: Assessment, outcome: Outcome) -> None:
    predicate = stated(rejudged(case, worded_verdict(outcome), outcome=outcome))["predicate"]
    assert (predicate["result"], predicate["failedTests"], predicate["warnedTests"]) == ("FAILED", ["rule"], [])


@pytest.mark.tor("TOR-063")
def test_a_pass_by_late_limits_is_failed(case: Assessment) -> None:
    predicate = stated(rejudged(case, fixed_beforehand=False))["predicate"]
    assert predicate["result"] == "FAILED"
    assert predicate["failedTests"] == ["limits_fixed_beforehand"]


def test_advice_warns(case: Assessment) -> None:
    advice = worded_verdict(Outcome.FAIL, "advice", advisory=True)
    predicate = stated(rejudged(case, worded_verdict(Outcome.PASS), advice))["predicate"]
    assert (predicate["result"], predicate["warnedTests"], predicate["failedTests"]) == ("PASSED", ["advice"], [])
