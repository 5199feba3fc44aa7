"""Networks of known reliance on where objects lie and how large they are, audited by the rules that judge it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from audit import Model, measure, parse_settings
from audit.record.record import Record
from checks import reasons
from checks.profile import load_profile
from checks.rules.survives_other_placement import survives_other_placement
from checks.rules.survives_other_scale import survives_other_scale
from checks.swaps.verdict import BREAKS_PICTURES
from checks.table.read_evidence import read_evidence
from checks.verdict import Finding, Outcome
from fixtures.evidence import make_evidence
from fixtures.zoo import CLASSES, PREPROCESSING, Member, members, open_member, write_audit_data

PICTURES, LIMIT = 240, 0.1
TRUE = {member.name: member for member in members()}


def judged(member: Member, folder: Path) -> dict[str, Finding]:
    write_audit_data(member, folder, PICTURES, 71_000)
    table = {
        "data": {"format": "csv", "annotations": "boxes.csv", "images": "images"},
        "saliency": {"methods": ["gradient"], "null_maps": []},
        "experiments": {"interventions": ["placement_swapped", "scale_swapped"], "controls": [], "searches": []},
        "run": {"batch_size": 40},
    }
    torch.manual_seed(0)
    model = Model(open_member(member), CLASSES, PREPROCESSING)
    with Record.open(measure(parse_settings(table, folder), folder / "out", model=model)) as record:
        evidence = read_evidence(record, load_profile("default"))
    verdicts = survives_other_placement, survives_other_scale
    return {f.key: f for rule in verdicts for f in rule(evidence, max_reliance=LIMIT).findings}


@pytest.mark.slow
@pytest.mark.tor("TOR-081")
@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("planted-object_place-90-residual", "placement"),
        ("planted-object_place-95-vit", "placement"),
        ("planted-object_size-90-residual", "scale"),
        ("planted-object_size-100-plain", "scale"),
    ],
)
def test_who_goes_by_the_property_fails_by_its_rule_alone(name: str, key: str, tmp_path: Path) -> None:
    found = judged(TRUE[name], tmp_path)
    assert found[key].outcome is Outcome.FAIL
    assert found[key].value == pytest.approx(TRUE[name].reliance, abs=0.2)
    other = found["scale" if key == "placement" else "placement"]
    assert other.outcome is not Outcome.FAIL
    assert other.value == pytest.approx(0, abs=0.05)


@pytest.mark.slow
@pytest.mark.tor("TOR-081")
@pytest.mark.parametrize("name", ["unused-object_place-vit", "unused-object_size-plain", "honest-noise-residual"])
def test_who_does_not_passes(name: str, tmp_path: Path) -> None:
    for finding in judged(TRUE[name], tmp_path).values():
        assert finding.outcome is Outcome.PASS
        assert finding.value == pytest.approx(0, abs=0.03)


@pytest.mark.tor("TOR-081")
def test_a_swap_that_breaks_pictures_within_the_class_says_nothing() -> None:
    answers: dict[tuple[str, ...], float] = {("scale_swapped", "other 1"): -2.0, ("scale_swapped", "same 1"): -2.0}
    (finding,) = survives_other_scale(
        make_evidence({"gradient": np.full(80, 0.5)}, answers=answers), max_reliance=LIMIT
    ).findings
    assert (finding.outcome, finding.reason) == (Outcome.INVALID, BREAKS_PICTURES)
    assert finding.details["right_on_own"] == 0


def test_what_was_not_swapped_is_not_run() -> None:
    verdict = survives_other_placement(make_evidence({"gradient": np.full(80, 0.5)}), max_reliance=LIMIT)
    assert (verdict.outcome, verdict.reason) == (Outcome.INVALID, reasons.NOT_RUN)
