"""Places that tell the label: networks of known reliance on a mark, and evidence for one class alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audit import Model, measure, parse_settings
from audit.record.record import Record
from checks import reasons
from checks.profile import load_profile
from checks.rules.survives_other_object_regions import survives_other_object_regions
from checks.rules.survives_other_regions import survives_other_regions
from checks.swaps.regions import MAY_PULL_A_CLASS, NO_REGION, NOT_SEARCHED, NOTHING_STANDS_OUT, PULLS_A_CLASS
from checks.table.evidence import Evidence
from checks.table.read_evidence import read_evidence
from checks.table.regions import ON_OBJECTS, OUTSIDE, Region, Regions
from checks.verdict import Outcome, Verdict
from fixtures.evidence import make_evidence
from fixtures.zoo import CLASSES, PREPROCESSING, members, open_member, write_audit_data

CORNER = Region("region 1", (0.0, 0.8, 0.2, 1.0), 0.04, 0.04, 0.9, 0.25, True, ())
N, K = 240, 4


def lent(pull: float, regions: tuple[Region, ...] = (CORNER,), seed: int = 0) -> Evidence:
    """Every answer stays right. What pictures of class 0 lend raises its logit; so does the rest of them, up to 4."""
    rng = np.random.default_rng(seed)
    names = [f"{kind} {number}" for kind in ("other", "same") for number in (1, 2)]
    answers: dict[tuple[str, ...], float] = {("region 1", name): 3.0 for name in names}
    found = make_evidence({"gradient": np.full(N, 0.5)}, classes=K, answers=answers)
    label, given = found.class_index, dict(found.answers)
    notes: dict[tuple[str, str], np.ndarray] = {}
    for name in names:
        same = name.startswith("same")
        of = label if same else (label + rng.integers(1, K, N)) % K
        lender = 4 * rng.integers(0, 20, N) + of
        logits = rng.normal(0, 0.3, (N, K))
        logits[:, 0] += pull * (of == 0) + (4 - pull) * (label == 0)
        notes["region 1", f"donor of {name}"] = lender.astype(float)
        if not same:
            notes["region 1", f"donor class {name[-1]}"] = of.astype(float)
        key = ("model", "region 1", name)
        given[key] = replace(given[key], logits=logits.astype(np.float32))
    searched = {OUTSIDE: Regions(found.sample, regions)}
    return replace(found, answers=given, notes=notes, logit_classes=tuple(range(K)), regions=searched)


def judged(evidence: Evidence) -> Verdict:
    return survives_other_regions(evidence, max_reliance=0.1, max_pull=0.15)


def test_a_mark_of_one_class_fails_although_no_answer_is_lost() -> None:
    verdict = judged(lent(1.6))
    assert (verdict.outcome, verdict.decided_by) == (Outcome.FAIL, "region 1")
    (finding,) = verdict.findings
    assert (finding.reason, finding.value) == (PULLS_A_CLASS, 0)
    strongest, *others = finding.details["classes"]
    assert strongest["label"] == make_evidence({"gradient": np.full(8, 0.5)}, classes=K).label[0]
    assert strongest["share"] == pytest.approx(0.4, abs=0.05)
    assert strongest["lower"] > 0.15
    assert not any(each["certain"] for each in others)
    assert finding.details["of_classes"] == K


def test_no_pull_passes_and_one_that_may_be_too_strong_is_open() -> None:
    assert judged(lent(0.0)).outcome is Outcome.PASS
    verdict = judged(lent(0.55))
    assert (verdict.outcome, verdict.findings[0].reason) == (Outcome.INCONCLUSIVE, MAY_PULL_A_CLASS)
    assert verdict.findings[0].further is None


def test_without_logits_the_answers_alone_are_judged() -> None:
    (finding,) = judged(replace(lent(1.6), logit_classes=())).findings
    assert (finding.outcome, finding.details["classes"]) == (Outcome.PASS, [])


def test_several_regions_share_the_error() -> None:
    found = lent(0.0)
    other = {("model", "region 2", key[2]): given for key, given in found.answers.items()}
    notes = {("region 2", name): values for (_, name), values in found.notes.items()}
    both = replace(
        found,
        answers={**found.answers, **other},
        notes={**found.notes, **notes},
        regions={OUTSIDE: Regions(found.sample, (CORNER, CORNER._replace(name="region 2")))},
    )
    one, two = judged(found).findings[0], judged(both).findings
    assert [finding.key for finding in two] == ["region 1", "region 2"]
    assert all(finding.upper is not None and one.upper is not None and finding.upper > one.upper for finding in two)


def test_what_was_not_searched_or_has_no_place_is_no_pass() -> None:
    unsearched = judged(replace(lent(0.0), regions={}))
    assert (unsearched.outcome, unsearched.reason) == (Outcome.INVALID, NOT_SEARCHED)
    nowhere = judged(lent(0.0, regions=()))
    assert (nowhere.outcome, nowhere.reason) == (Outcome.INCONCLUSIVE, NO_REGION)
    stated = judged(lent(0.0, regions=(CORNER._replace(name="region 2"),)))
    assert (stated.outcome, stated.reason) == (Outcome.INVALID, reasons.NOT_RUN)


def test_only_the_pictures_that_were_looked_at_count() -> None:
    found = lent(0.0)
    some = replace(found, regions={OUTSIDE: Regions(found.sample[:100], (CORNER,))})
    assert judged(some).findings[0].n == 100


def test_regions_on_objects_are_those_of_their_own_search() -> None:
    found = lent(0.8)
    assert survives_other_object_regions(found, max_reliance=0.1, max_pull=0.3).reason == NOT_SEARCHED
    notes = {("object region 1", name): values for (_, name), values in found.notes.items()}
    answers = {("model", "object region 1", name): given for (_, _, name), given in found.answers.items()}
    on_object = {ON_OBJECTS: Regions(found.sample, (CORNER._replace(name="object region 1"),))}
    moved = replace(found, answers=answers, notes=notes, regions=on_object)
    assert judged(moved).reason == NOT_SEARCHED
    verdict = survives_other_object_regions(moved, max_reliance=0.1, max_pull=0.3)
    assert (verdict.outcome, verdict.rule) == (Outcome.PASS, "survives_other_object_regions")
    (finding,) = verdict.findings
    assert (finding.key, finding.quantity) == ("object region 1", "reliance_on_object_region")
    assert finding.details["classes"] == judged(found).findings[0].details["classes"]
    assert survives_other_object_regions(moved, max_reliance=0.1, max_pull=0.1).outcome is Outcome.FAIL
    piece = Regions(found.sample, (CORNER._replace(name="object region 1", told_by=0.7),))
    throughout = replace(moved, regions={ON_OBJECTS: piece})
    (finding,) = survives_other_object_regions(throughout, max_reliance=0.1, max_pull=0.3).findings
    assert (finding.outcome, finding.reason) == (Outcome.INCONCLUSIVE, NOTHING_STANDS_OUT)


def test_what_the_whole_frame_tells_is_left_to_the_backgrounds() -> None:
    assert judged(lent(0.0, regions=(CORNER._replace(told_by=0.7),))).outcome is Outcome.PASS


ZOO = {member.name: member for member in members()}


@pytest.mark.slow
@pytest.mark.tor("TOR-082")
@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("planted-corner_mark-90-plain", Outcome.FAIL),
        ("planted-corner_mark-80-vit", Outcome.FAIL),
        ("unused-corner_mark-vit", Outcome.PASS),
        ("planted-frame-90-vit", Outcome.FAIL),
        ("unused-frame-residual", Outcome.PASS),
        ("honest-plain-plain", Outcome.PASS),
        ("partly-class_mark-90-residual", Outcome.FAIL),
        ("unused-class_mark-plain", Outcome.PASS),
    ],
)
def test_networks_of_known_reliance(name: str, outcome: Outcome, tmp_path: Path) -> None:
    member = ZOO[name]
    write_audit_data(member, tmp_path, N, 71_000)
    table = {
        "data": {"format": "csv", "annotations": "boxes.csv", "images": "images"},
        "saliency": {"methods": ["gradient"], "null_maps": []},
        "experiments": {"interventions": [], "controls": [], "searches": ["telling_regions"]},
        "run": {"batch_size": 40},
    }
    model = Model(open_member(member), CLASSES, PREPROCESSING)
    with Record.open(measure(parse_settings(table, tmp_path), tmp_path / "out", model=model)) as record:
        evidence = read_evidence(record, load_profile("default"))
    verdict = judged(evidence)
    assert verdict.outcome is outcome
    assert max(finding.value or 0 for finding in verdict.findings) == pytest.approx(member.reliance, abs=0.08)
    if outcome is Outcome.FAIL and member.cue in ("corner_mark", "class_mark"):
        _, top, right, _ = verdict.findings[0].details["box"]
        assert right <= 0.3
        assert top >= 0.7
