"""LARD from end to end: two networks, the profile runway, scenarios as clusters, through the command line."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from audit.cli.main import main
from fixtures.lard import write_lard

pytestmark = pytest.mark.slow
RULE = "forbidden_pixels_are_ignored"
WITHOUT_CONTROLS = "\n[experiments]\ncontrols = []\nsearches = []\n"


def audited(
    folder: Path, *, scenarios: int = 64, real: int = 4, network: str = "honest", more: str = WITHOUT_CONTROLS
) -> dict[str, Any]:
    """`audit.json` of a run of the drawn set."""
    settings = write_lard(folder / "data", scenarios, real, network=network, more=more)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(sys, "argv", ["saliency-audit", "run", str(settings), "--out", str(folder / "out")])
        main()
    found: dict[str, Any] = json.loads((folder / "out" / "audit.json").read_text())
    return found


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """With its controls."""
    return audited(tmp_path_factory.mktemp("honest"), more="")


@pytest.fixture(scope="module")
def cheating(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return audited(tmp_path_factory.mktemp("cheating"), network="cheating")


def verdicts(found: dict[str, Any]) -> dict[str, Any]:
    return {verdict["rule"]: verdict for verdict in found["judgement"]["verdicts"]}


@pytest.mark.parametrize(("network", "outcome", "mass"), [("honest", "PASS", 0.0), ("cheating", "FAIL", 1.0)])
def test_who_reads_the_watermark_fails_and_who_does_not_passes(
    request: pytest.FixtureRequest, network: str, outcome: str, mass: float
) -> None:
    found = request.getfixturevalue(network)
    verdict = verdicts(found)[RULE]
    assert verdict["outcome"] == outcome
    assert (verdict["findings"][0]["n"], verdict["findings"][0]["clusters"]) == (128, 64)
    sources = {entry["source"]: entry for entry in found["forbidden"]["sources"]}
    assert sources["gradient"]["mass"] == pytest.approx(mass, abs=1e-3)
    assert sources["uniform"]["mass"] == pytest.approx(sources["uniform"]["area_share"]) == pytest.approx(0.2)
    assert not found["exclusions"]


def test_with_its_controls_the_whole_is_sound_and_sliced_by_the_approach_cone(honest: dict[str, Any]) -> None:
    outcomes = {rule: verdict["outcome"] for rule, verdict in verdicts(honest).items()}
    deciding = {rule: outcome for rule, outcome in outcomes.items() if not verdicts(honest)[rule]["advisory"]}
    assert not {"FAIL", "INVALID"} & set(deciding.values())
    assert outcomes["survives_other_object_colour"] == "FAIL", "the drawn runways differ by their colours alone"
    for rule in (RULE, "control_is_caught", "depends_on_object", "explainer_is_valid", "model_is_accurate"):
        assert outcomes[rule] == "PASS", rule
    tables = {t["column"]: {cell["value"]: cell["n"] for cell in t["cells"]} for t in honest["slices"]["tables"]}
    assert tables["distance band"]["unknown"] == 8
    assert {"0.08 to 1.35 NM", "1.35 to 2.43 NM", "2.43 to 3 NM"} <= set(tables["distance band"])
    assert tables["type"] == {"earth_studio": 128, "real": 8}
    assert tables["light"]["unknown"] > 128, "a silent synthetic picture is not taken by day"
    assert honest["slices"]["missing"] == []
    by = {rule.partition("[")[2].rstrip("]") for rule in outcomes if "[" in rule}
    assert by == {"distance band", "lateral path band", "vertical path band", "light", "weather", "type"}


def test_pictures_without_a_watermark_say_nothing_of_it(tmp_path: Path) -> None:
    found = audited(tmp_path, scenarios=0, real=32)
    assert found["forbidden"] is None
    assert verdicts(found)[RULE]["outcome"] == "INVALID"
    assert "On forbidden pixels" not in (tmp_path / "out" / "report.html").read_text()
