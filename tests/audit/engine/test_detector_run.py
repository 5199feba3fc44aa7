"""Two detectors of drawn runways from end to end: one goes by the runway, one by the watermark."""

import json
from pathlib import Path
from typing import Any

import pytest

import audit
from checks.verdict import Outcome
from fixtures.lard import write_lard

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["honest", "cheating"])
def audited(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Any, Path]:
    """Which detector, its result and the folder of its evidence, under the profile for runways."""
    folder = tmp_path_factory.mktemp(request.param)
    settings = write_lard(folder / "data", network=request.param, second=False)
    text = settings.read_text().replace("fixtures.lard:", "fixtures.lard_detectors:")
    settings.write_text(text.replace('kind = "factory"', 'kind = "detector"\nlabels = 2'))
    return request.param, audit.run(settings, folder / "out"), folder / "out"


DECIDE_BETWEEN_THEM = ("forbidden_pixels_are_ignored", "survives_other_background", "no_shared_hotspot")


@pytest.mark.tor("TOR-100")
def test_the_detector_that_goes_by_the_watermark_fails_and_the_other_does_not(
    audited: tuple[str, Any, Path],
) -> None:
    name, result, _ = audited
    outcomes = {verdict.rule: verdict.outcome for verdict in result.judgement.verdicts}
    failed = {rule for rule in DECIDE_BETWEEN_THEM if outcomes[rule] is Outcome.FAIL}
    assert failed == (set(DECIDE_BETWEEN_THEM) if name == "cheating" else set())
    deciding = {v.outcome for v in result.judgement.verdicts if not v.advisory}
    assert (Outcome.FAIL in deciding) == (name == "cheating")
    if name == "honest":
        assert Outcome.INVALID not in deciding
        for rule in ("explainer_is_valid", "relevance_beats_chance", "relevance_beats_null_maps", "depends_on_object"):
            assert outcomes[rule] is Outcome.PASS, rule


@pytest.mark.tor("TOR-100")
def test_moved_objects_are_detected_where_they_then_lie(audited: tuple[str, Any, Path]) -> None:
    """Neither detector minds the place, the size or the aspect: none is lost, and own-class swaps leave all right."""
    _, result, _ = audited
    for rule in ("survives_other_placement", "survives_other_scale", "survives_other_object_shape"):
        (verdict,) = (verdict for verdict in result.judgement.verdicts if verdict.rule == rule)
        assert verdict.outcome is Outcome.PASS, rule
        assert verdict.findings[0].value == 0


def test_the_report_says_detected(audited: tuple[str, Any, Path]) -> None:
    name, _, folder = audited
    found = json.loads((folder / "audit.json").read_text())
    (accuracy,) = (v for v in found["judgement"]["verdicts"] if v["rule"] == "model_is_accurate")
    assert accuracy["question"] == "Does the model detect the object often enough?"
    assert accuracy["sentence"].startswith("The object is detected in ")
    assert found["identity"]["classes"] == ["09L", "27R", "nothing detected"]
    assert "The model detects objects." in (folder / "report.html").read_text()
    assert name in found["identity"]["model"]["name"]
