"""What others read: the formats through the programs that people have, and not only against our reading of a schema."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audit.record.place import FILE_NAME
from audit.record.record import Record
from checks.verdict import Outcome
from fixtures.assessments import DIGESTS, assessed, assessment_of
from fixtures.records import write_record
from reports.formats.cyclonedx import cyclonedx
from reports.formats.junit import junit
from reports.formats.sarif import sarif
from reports.result.assessment import Assessment
from reports.result.json_text import audit_json


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assessment]:
    with assessed(tmp_path_factory.mktemp("run")) as assessment:
        yield assessment


def another(folder: Path, state: str, title: str) -> str:
    """The JUnit file of the same audit of another network, or under another title."""
    with Record.open(write_record(folder / FILE_NAME, kind="cheating", n=80)) as record:
        record.set_meta("model", {**record.meta("model"), "state_sha256": state})
        record.set_meta("settings", {**record.meta("settings"), "title": title})
        return junit(assessment_of(record), DIGESTS)


@pytest.mark.tor("TOR-112")
def test_two_audits_share_no_case(tmp_path: Path) -> None:
    """A server that joins files by class and name must not take one network's failure for another's."""
    reader = pytest.importorskip("junitparser")
    texts = []
    for number, (state, title) in enumerate((("a" * 64, "Runways"), ("b" * 64, "Runways"), ("b" * 64, "Signs"))):
        (tmp_path / str(number)).mkdir()
        texts.append(another(tmp_path / str(number), state, title))
    cases = [[(c.classname, c.name) for suite in reader.JUnitXml.fromstring(t.encode()) for c in suite] for t in texts]
    together = [one for listed in cases for one in listed]
    assert len(together) == len(set(together)) == 3 * len(cases[0])
    assert cases[0][0][0] == "saliency_audit.runways.aaaaaaaaaaaa"


@pytest.mark.tor("TOR-112")
def test_junit_counts_are_those_of_the_verdicts(case: Assessment) -> None:
    reader = pytest.importorskip("junitparser")
    file = reader.JUnitXml.fromstring(junit(case, DIGESTS).encode())
    verdicts = case.judgement.verdicts
    deciding = [verdict.outcome for verdict in verdicts if not verdict.advisory]
    assert file.tests == len(verdicts) + 1
    assert file.failures == 1 + sum(o in (Outcome.FAIL, Outcome.INCONCLUSIVE) for o in deciding)
    assert file.errors == sum(o is Outcome.INVALID for o in deciding)
    ends = {c.name: [type(r).__name__ for r in c.result] for suite in file for c in suite}
    assert ends["depends_on_object"] == ["Failure"]
    assert ends["evidence_is_complete"] == []


@pytest.mark.tor("TOR-112")
def test_sarif_is_read_with_its_levels(case: Assessment, tmp_path: Path) -> None:
    loader = pytest.importorskip("sarif.loader")
    path = tmp_path / "pictures.sarif"
    path.write_text(sarif(case, DIGESTS))
    (run,) = loader.load_sarif_file(str(path)).runs
    assert run.get_tool_name() == "saliency-audit"
    results: list[dict[str, Any]] = json.loads(path.read_text())["runs"][0]["results"]
    assert len(run.get_results()) == len(results) > 0
    records = run.get_records()
    assert {record["Location"] for record in records} <= {row.image for row in case.audit.samples}
    assert {record["Severity"] for record in records} <= {"error", "warning", "note", "none"}
    rules = json.loads(path.read_text())["runs"][0]["tool"]["driver"]["rules"]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in results)


@pytest.mark.slow
@pytest.mark.tor("TOR-112")
@pytest.mark.parametrize("version", ["1.6", "1.7"])
@pytest.mark.parametrize("kind", ["honest", "cheating", "dead", "untouched"])
def test_the_bill_is_valid_by_both_versions(tmp_path: Path, version: str, kind: Any) -> None:
    schema = pytest.importorskip("cyclonedx.schema")
    validation = pytest.importorskip("cyclonedx.validation.json")
    validator = validation.JsonStrictValidator(schema.SchemaVersion.from_version(version))
    with assessed(tmp_path, kind) as found:
        bill = {**json.loads(cyclonedx(found, DIGESTS)), "specVersion": version}
        bill.pop("$schema", None)
    assert validator.validate_str(json.dumps(bill)) is None
    del bill["metadata"]["component"]["name"]
    assert validator.validate_str(json.dumps(bill)) is not None, "it can fail"


@pytest.mark.tor("TOR-112")
@pytest.mark.parametrize("kind", ["honest", "cheating", "untouched"])
def test_every_finding_states_its_direction_and_the_confidence_of_its_bounds(tmp_path: Path, kind: Any) -> None:
    with assessed(tmp_path, kind) as found:
        judgement: Any = json.loads(audit_json(found.audit))["judgement"]
    findings = [finding for verdict in judgement["verdicts"] for finding in verdict["findings"]]
    assert len(findings) > 5
    for finding in findings:
        assert finding["better"] in ("higher", "lower")
        bounded = finding["lower"] is not None or finding["upper"] is not None
        assert not bounded or finding["confidence"] >= judgement["profile"]["confidence"], finding["key"]
        assert not (bounded and finding["exact"]), finding["key"]
        if finding["outcome"] == "PASS" and not finding["advisory"]:
            assert finding["value"] is not None, finding["key"]
            assert finding["limit"] is not None, finding["key"]
            assert bounded or finding["exact"], finding["key"]
