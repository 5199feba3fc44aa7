"""model.cdx.json: valid by the official schema, which the CycloneDX library ships."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from checks.verdict import Outcome
from fixtures.assessments import DIGESTS, HOSTILE, assessed, rejudged, worded_verdict
from reports.formats.cyclonedx import cyclonedx
from reports.result.assessment import Assessment


@cache
def validator() -> Any:
    """It reads its schemas once. Importing it takes seconds, which those who only collect the tests need not wait."""
    schema = pytest.importorskip("cyclonedx.schema")
    validation = pytest.importorskip("cyclonedx.validation.json")
    return validation.JsonStrictValidator(schema.SchemaVersion.V1_6)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assessment]:
    with assessed(tmp_path_factory.mktemp("run")) as assessment:
        yield assessment


def bill(assessment: Assessment) -> dict[str, Any]:
    text = cyclonedx(assessment, DIGESTS)
    assert validator().validate_str(text) is None
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.mark.slow
def test_the_validator_can_fail(case: Assessment) -> None:
    broken = bill(case)
    broken["metadata"]["component"]["modelCard"]["quantitativeAnalysis"]["performanceMetrics"][0]["value"] = 0.9
    assert validator().validate_str(json.dumps(broken)) is not None


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["honest", "dead", "incomplete", "untouched"])
def test_every_kind_of_record_is_valid(tmp_path: Any, kind: Any) -> None:
    with assessed(tmp_path, kind) as found:
        component = bill(found)["metadata"]["component"]
    assert component["type"] == "machine-learning-model"
    limitations = component["modelCard"]["considerations"]["technicalLimitations"]
    assert limitations[0].startswith("Limit of detection: ")
    assert found.audit.controls.detection.sentence in limitations[0]


@pytest.mark.slow
def test_metrics_are_strings_with_their_bounds(case: Assessment) -> None:
    metrics = bill(case)["metadata"]["component"]["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    assert metrics[0] == {"type": "accuracy", "value": repr(case.audit.counts.accuracy)}
    wrong = case.judgement.right_for_the_wrong_reason[0]
    assert metrics[1]["slice"] == "by experiment"
    assert float(metrics[1]["value"]) == wrong.share
    assert float(metrics[1]["confidenceInterval"]["upperBound"]) == wrong.upper
    findings = [f for v in case.judgement.verdicts for f in v.findings if f.value is not None]
    assert len(metrics) == 1 + len(case.judgement.right_for_the_wrong_reason) + len(findings)


@pytest.mark.slow
def test_the_model_is_told_by_its_hash_and_the_evidence_by_its_own(case: Assessment) -> None:
    found = bill(case)
    properties = {one["name"]: one["value"] for one in found["metadata"]["component"]["properties"]}
    assert properties["saliency-audit:state_sha256"] == case.record.meta("model")["state_sha256"]
    hashes = {one["url"]: one["hashes"][0]["content"] for one in found["externalReferences"]}
    assert hashes == DIGESTS
    card = {one["name"]: one["value"] for one in found["metadata"]["component"]["modelCard"]["properties"]}
    assert card["saliency-audit:outcome"] == case.judgement.outcome
    assert "timestamp" not in found["metadata"]
    assert cyclonedx(case, DIGESTS) == cyclonedx(case, DIGESTS)


def with_purpose(case: Assessment, **report: str) -> Assessment:
    identity = case.audit.identity
    settings = {**identity.settings, "report": report}
    return replace(
        case, audit=case.audit.model_copy(update={"identity": identity.model_copy(update={"settings": settings})})
    )


def test_what_the_owner_states_is_in_the_card(case: Assessment) -> None:
    use, domain = "Finds <runways> on final approach.", "Day, no snow,\n200 ft and above."
    found = bill(with_purpose(case, intended_use=use, operational_domain=domain))["metadata"]["component"]["modelCard"]
    considered = found["considerations"]
    assert considered["useCases"] == [use]
    domains = [text for text in considered["technicalLimitations"] if "perational domain" in text]
    assert domains == ["Operational domain, as its owner states it: Day, no snow, 200 ft and above."]
    properties = {one["name"]: one["value"] for one in found["properties"]}
    assert properties["saliency-audit:intended_use"] == use
    assert properties["saliency-audit:audience"] == "not stated"


def test_what_the_owner_does_not_state_is_no_use_case_but_a_limitation(case: Assessment) -> None:
    considered = bill(with_purpose(case))["metadata"]["component"]["modelCard"]["considerations"]
    assert "useCases" not in considered
    assert "No intended use is stated: nothing here is evidence for one." in considered["technicalLimitations"]
    assert "No operational domain is stated." in considered["technicalLimitations"]
    assert not [text for text in considered["technicalLimitations"] if "that domain" in text]


@pytest.mark.tor("TOR-065")
def test_hostile_names_stay_text(case: Assessment) -> None:
    found = bill(rejudged(case, worded_verdict(Outcome.FAIL, text=HOSTILE), sentence=HOSTILE))
    text = json.dumps(found, ensure_ascii=False)
    assert not {"\x1b", "\u202e", "\ud800"} & set(text)
