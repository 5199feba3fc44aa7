"""traceability.csv: from requirement to evidence, and on the way through every other format."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from audit.errors import AuditError
from audit.record.place import FILE_NAME
from audit.record.record import Record
from checks.profile import load_profile, register
from checks.verdict import Outcome
from fixtures.assessments import DIGESTS, HOSTILE, assessment_of, page_of, rejudged, worded_verdict
from fixtures.pages import words
from fixtures.records import write_record
from reports.formats.cyclonedx import cyclonedx
from reports.formats.junit import junit
from reports.formats.sarif import sarif
from reports.formats.traceability import COLUMNS, traceability
from reports.result.assessment import Assessment
from reports.result.traceability import traces

PROFILE = """
extends = "default"
[rules.model_is_accurate]
min_accuracy = 0.6
requirement = "SYS-12"
hazard = "H-3: the runway is taken for a road"
rationale = "Six in ten is what the tracker can carry."
why = "As the system needs."
[slices]
by = ["weather"]
rules = ["depends_on_object"]
requirement = "SYS-20"
why = "Every weather."
"""


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assessment]:
    folder = tmp_path_factory.mktemp("run")
    (folder / "own.toml").write_text(PROFILE)
    named = {"no_shared_hotspot": {"requirement": "SYS-13", "hazard": "H-4", "rationale": "", "unknown": "x"}}
    named["depends_on_object[weather]"] = {"hazard": "H-5"}
    with Record.open(write_record(folder / FILE_NAME, kind="cheating", n=80)) as record:
        settings = record.meta("settings")
        record.set_meta("settings", {**settings, "judge": {**settings.get("judge", {}), "requirements": named}})
        record.set_meta("profile", register(load_profile(folder / "own.toml"))["profile"])
        yield assessment_of(record)


def rows(assessment: Assessment) -> list[dict[str, str]]:
    return list(csv.DictReader(traceability(assessment, DIGESTS).splitlines()))


def by_rule(assessment: Assessment) -> dict[str, dict[str, str]]:
    return {row["rule"]: row for row in rows(assessment)}


@pytest.mark.tor("TOR-107")
def test_each_rule_that_decides_has_a_row_with_its_numbers(case: Assessment) -> None:
    deciding = [verdict for verdict in case.judgement.verdicts if not verdict.advisory]
    assert [row["rule"] for row in rows(case)] == [verdict.rule for verdict in deciding]
    row = by_rule(case)["model_is_accurate"]
    finding = case.judgement.verdict("model_is_accurate").deciding  # type: ignore[union-attr]
    assert finding is not None
    assert (row["requirement"], row["hazard"]) == ("SYS-12", "H-3: the runway is taken for a road")
    assert (row["sense"], float(row["limit"])) == ("at least", 0.6)
    assert (float(row["estimate"]), float(row["lower bound"])) == (finding.value, finding.lower)
    assert (row["confidence of each bound"], int(row["n"])) == ("0.95", finding.n)
    assert (row["verdict"], row["evidence"]) == (str(finding.outcome), "report.html#classes")
    assert by_rule(case)["evidence_is_complete"]["lower bound"] == "exact"
    assert traceability(case, DIGESTS) == traceability(case, DIGESTS)


@pytest.mark.tor("TOR-107")
def test_settings_and_profile_name_requirements_for_rules_and_slices(case: Assessment) -> None:
    found = by_rule(case)
    assert (found["no_shared_hotspot"]["requirement"], found["no_shared_hotspot"]["hazard"]) == ("SYS-13", "H-4")
    sliced = found["depends_on_object[weather]"]
    assert (sliced["requirement"], sliced["hazard"]) == ("SYS-20", "H-5")
    assert found["depends_on_object"]["requirement"] == ""


@pytest.mark.tor("TOR-107")
def test_every_format_carries_the_requirement(case: Assessment) -> None:
    cases = ET.fromstring(junit(case, DIGESTS))
    told: dict[str, dict[str, str]] = {
        suite.attrib["name"]: {one.attrib["name"]: one.attrib["value"] for one in suite.iter("property")}
        for suite in cases
    }
    assert told["model_is_accurate"]["requirement"] == "SYS-12"
    assert told["model_is_accurate"]["rationale"] == "Six in ten is what the tracker can carry."
    assert "requirement" not in told["depends_on_object"]
    driver: Any = json.loads(sarif(case, DIGESTS))["runs"][0]["tool"]["driver"]
    named = {rule["id"]: rule.get("properties", {}).get("requirement") for rule in driver["rules"]}
    assert (named["model_is_accurate"], named["depends_on_object"]) == ("SYS-12", None)
    card: Any = json.loads(cyclonedx(case, DIGESTS))["metadata"]["component"]["modelCard"]
    properties = {entry["name"]: entry["value"] for entry in card["properties"]}
    assert properties["saliency-audit:requirement SYS-13 by no_shared_hotspot"] == "FAIL; H-4"
    stated = {verdict.rule: verdict.requirement for verdict in case.audit.judgement.verdicts}
    assert stated["no_shared_hotspot"] == "SYS-13"
    text = words(page_of(case))
    for part in ("SYS-12", "H-3: the runway is taken for a road", "SYS-13"):
        assert part in text


@pytest.mark.tor("TOR-107")
def test_what_a_spreadsheet_would_compute_stays_text(case: Assessment) -> None:
    for evil in ("=HYPERLINK(1)", "+1", "-1", "@x", HOSTILE, '="a",b'):
        verdict = worded_verdict(Outcome.FAIL, "own:rule", text=evil).model_copy(update={"requirement": evil})
        judged = rejudged(case, verdict)
        audit = judged.audit.model_copy(update={"traceability": traces((verdict,))})
        lines = traceability(replace(judged, audit=audit), DIGESTS).splitlines()
        shown = next(csv.reader(lines[1:]))
        assert (len(lines), len(shown)) == (2, len(COLUMNS))
        assert shown[0][0] not in "=+-@", shown[0]


@pytest.mark.tor("TOR-107")
@pytest.mark.parametrize("key", ["requirement", "hazard", "rationale"])
def test_a_requirement_that_says_nothing_is_refused(tmp_path: Path, key: str) -> None:
    path = tmp_path / "own.toml"
    for value in ("3", '" "'):
        path.write_text(f'extends = "default"\n[rules.depends_on_object]\nwhy = "x"\n{key} = {value}\n')
        with pytest.raises(AuditError, match=f"{key} = .*; need a text. Leave {key} out where there is none."):
            load_profile(path)
