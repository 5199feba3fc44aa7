"""Nothing is PASS by absence: altered pictures for which the network yields no number, and answers that are gone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from audit.record.schema import SUBJECT
from checks import judge, reasons
from checks.rules.control_is_caught import COPY_SILENT
from checks.rules.depends_on_object import depends_on_object
from checks.rules.forbidden_pixels_are_ignored import forbidden_pixels_are_ignored
from checks.rules.right_for_the_right_reason import right_for_the_right_reason
from checks.rules.survives_other_background import survives_other_background
from checks.table.evidence import Evidence
from checks.table.unanswered import without_answer
from checks.verdict import Outcome
from fixtures.evidence import make_evidence, with_forbidden
from fixtures.records import changed, write_record

RULES: dict[Any, dict[str, Any]] = {
    depends_on_object: {"min_evidence": 0.5, "max_evidence_elsewhere": 0.25},
    survives_other_background: {"max_reliance": 0.05},
    right_for_the_right_reason: {"max_share": 0.05},
    forbidden_pixels_are_ignored: {"max_change": 0.05},
}
USED = {
    depends_on_object: ("object_removed", "blur elsewhere"),
    survives_other_background: ("background_replaced", "other 3"),
    right_for_the_right_reason: ("background_replaced", "mean"),
    forbidden_pixels_are_ignored: ("forbidden_hidden", "mean"),
}
FILLS = ("mean", "blur", "donor")


def sound(n: int = 120) -> Evidence:
    """A network that needs the object and nothing else."""
    answers: dict[tuple[str, ...], float] = {("background_replaced", fill): 3.0 for fill in ("mean", "blur")}
    answers |= {("background_replaced", f"{kind} {k}"): 3.0 for kind in ("other", "same") for k in (1, 2, 3)}
    answers |= {("object_removed", fill): -4.0 for fill in FILLS}
    answers |= {("object_removed", f"{fill} elsewhere"): 2.0 for fill in FILLS}
    return with_forbidden(make_evidence({"gradient": np.full(n, 0.5)}, answers=answers), area=0.05)


def silent(found: Evidence, intervention: str, variant: str, places: list[int]) -> Evidence:
    """The network yields no number there."""
    given = found.answers[SUBJECT, intervention, variant]
    here = np.isin(given.place, places)
    none = replace(
        given,
        probability=np.where(here, np.nan, given.probability),
        log_odds=np.where(here, np.nan, given.log_odds),
        predicted=np.where(here, -1, given.predicted),
    )
    return replace(found, answers={**found.answers, (SUBJECT, intervention, variant): none})


def gone(found: Evidence, intervention: str, variants: list[str], fewest: int) -> Evidence:
    """No answer from this place on."""
    kept = {
        (SUBJECT, intervention, v): found.answers[SUBJECT, intervention, v].among(np.arange(fewest)) for v in variants
    }
    return replace(found, answers={**found.answers, **kept})


@pytest.mark.tor("TOR-048")
@pytest.mark.parametrize("rule", RULES)
def test_one_picture_without_a_number_is_invalid(rule: Any) -> None:
    assert rule(sound(), **RULES[rule]).outcome is Outcome.PASS
    intervention, variant = USED[rule]
    verdict = rule(silent(sound(), intervention, variant, [7]), **RULES[rule])
    assert verdict.outcome is Outcome.INVALID
    assert verdict.reason == reasons.NO_NUMBER
    assert verdict.details == {"intervention": intervention, "variant": variant, "pictures": 1, "first": 7}


def test_of_pictures_predicted_wrong_no_rule_asks() -> None:
    found = silent(sound(), "object_removed", "mean", [7])
    found = replace(found, predicted=np.where(np.arange(120) == 7, (found.class_index + 1) % 10, found.predicted))
    assert depends_on_object(found, **RULES[depends_on_object]).outcome is Outcome.PASS


@pytest.mark.parametrize("suffix", ["", " elsewhere"])
def test_fills_that_are_gone_are_no_evidence(suffix: str) -> None:
    few = gone(sound(), "object_removed", [f"{fill}{suffix}" for fill in FILLS[:2]], 30)
    verdict = depends_on_object(few, **RULES[depends_on_object])
    assert verdict.outcome is Outcome.INVALID
    assert verdict.reason == reasons.UNANSWERED
    assert verdict.details == {
        "intervention": "object_removed",
        "variant": f"mean{suffix}",
        "others": True,
        "pictures": 90,
        "of": 120,
        "first": 30,
    }
    most = gone(sound(), "object_removed", [f"{fill}{suffix}" for fill in FILLS[:2]], 119)
    assert depends_on_object(most, **RULES[depends_on_object]).outcome is Outcome.INVALID, "not one may be lost"


def stated(found: Evidence, intervention: str, variants: list[str], places: ArrayLike) -> Evidence:
    """The record says that these pictures could not be altered so."""
    unmade = {(SUBJECT, intervention, variant): np.asarray(places) for variant in variants}
    return replace(found, unmade={**found.unmade, **unmade})


@pytest.mark.tor("TOR-048")
def test_without_room_elsewhere_nothing_is_lost_and_the_pictures_count_as_no_loss() -> None:
    variants = [f"{fill} elsewhere" for fill in FILLS]
    for kept, outcome in ((110, Outcome.PASS), (12, Outcome.INCONCLUSIVE)):
        few = gone(sound(), "object_removed", variants, kept)
        assert depends_on_object(few, **RULES[depends_on_object]).outcome is Outcome.INVALID
        crowded = stated(few, "object_removed", variants, np.arange(kept, 120))
        verdict = depends_on_object(crowded, **RULES[depends_on_object])
        assert verdict.outcome is outcome
        assert verdict.findings[0].details["without_answer"] == 120 - kept


@pytest.mark.tor("TOR-048")
@pytest.mark.parametrize(("kept", "outcome"), [(119, Outcome.PASS), (115, Outcome.INCONCLUSIVE)])
def test_right_answers_that_nothing_could_judge_count_as_misses(kept: int, outcome: Outcome) -> None:
    found = sound()
    for intervention in ("object_removed", "background_replaced"):
        variants = list(found.variants(intervention))
        found = stated(gone(found, intervention, variants, kept), intervention, variants, np.arange(kept, 120))
    verdict = right_for_the_right_reason(found, **RULES[right_for_the_right_reason])
    assert (verdict.outcome, verdict.findings[0].n) == (outcome, kept)
    if outcome is Outcome.INCONCLUSIVE:
        assert verdict.findings[0].reason == reasons.UNJUDGED


@pytest.mark.parametrize("variants", [["other 2", "other 3"], ["other 1", "other 2", "other 3"]])
def test_one_background_does_not_stand_for_those_that_are_gone(variants: list[str]) -> None:
    """The record does not say that there were no donors."""
    verdict = survives_other_background(gone(sound(), "background_replaced", variants, 40), max_reliance=0.05)
    assert verdict.outcome is Outcome.INVALID
    assert verdict.reason == reasons.UNANSWERED
    assert [verdict.details[name] for name in ("intervention", "pictures", "of")] == ["background_replaced", 80, 120]


def test_a_class_without_donors_is_not_lost_but_many_of_them_do_not_pass() -> None:
    found, donors = sound(), [f"other {k}" for k in (1, 2, 3)]
    for classes, outcome in ((0, Outcome.PASS), (1, Outcome.INCONCLUSIVE), (3, Outcome.INCONCLUSIVE)):
        kept = np.flatnonzero(found.class_index >= classes)
        answers = {
            (SUBJECT, "background_replaced", v): found.answers[SUBJECT, "background_replaced", v] for v in donors
        }
        few = {
            key: replace(
                said,
                place=said.place[kept],
                probability=said.probability[kept],
                log_odds=said.log_odds[kept],
                predicted=said.predicted[kept],
            )
            for key, said in answers.items()
        }
        without = replace(found, answers={**found.answers, **few})
        if classes:
            assert survives_other_background(without, max_reliance=0.05).outcome is Outcome.INVALID
        without = stated(without, "background_replaced", donors, np.setdiff1d(np.arange(120), kept))
        assert survives_other_background(without, max_reliance=0.05).outcome is outcome


@pytest.mark.slow
@pytest.mark.tor("TOR-048")
@pytest.mark.parametrize(
    ("where", "rule"),
    [
        ("intervention = 'background_replaced' AND variant = 'other 2'", "survives_other_background"),
        ("intervention = 'cue 1' AND variant = 'hidden'", "no_shared_hotspot"),
        ("subject = 'linear 1.00' AND variant = 'hidden'", "control_is_caught"),
    ],
)
def test_a_record_says_where_the_network_yields_no_number(tmp_path: Path, where: str, rule: str) -> None:
    path = write_record(tmp_path / "audit.sqlite")
    assert {v.rule: v.outcome for v in judge(path).verdicts}[rule] is Outcome.PASS
    changed(path, f"UPDATE answer SET probability = NULL, log_odds = NULL, predicted = NULL WHERE {where}")
    verdicts = {verdict.rule: verdict for verdict in judge(path).verdicts}
    assert verdicts[rule].outcome is Outcome.INVALID
    assert verdicts[rule].reason in {reasons.NO_NUMBER, COPY_SILENT}
    assert "run_is_whole" not in verdicts, "such a row is no impossible number"


def test_half_a_number_is_impossible(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite")
    changed(path, "UPDATE answer SET log_odds = NULL WHERE subject = 'model' AND variant = 'mean' AND sample = 3")
    (whole,) = [verdict for verdict in judge(path).verdicts if verdict.rule == "run_is_whole"]
    assert (whole.details["quantity"], whole.details["subject"]) == ("log-odds", "model")


def test_each_picture_is_counted_under_the_first_reason_why_it_left_no_answer() -> None:
    odds = np.full(40, 2.0)
    gap = {name: np.where((start <= np.arange(40)) & (np.arange(40) < end), np.nan, odds) for name, start, end in GAPS}
    answers: dict[tuple[str, ...], Any] = {
        ("object_removed", name): gap.get(name, odds) for name in ("mean", "mean elsewhere", "donor")
    }
    area = np.where(np.arange(40) < 2, 1.0, 0.2)
    evidence = replace(make_evidence({"gradient": np.full(40, 0.5)}, answers=answers), area_share=area)
    needs = {"object_removed": ["donor", "mean", "mean elsewhere"]}
    judged = np.arange(40) >= 12
    assert without_answer(evidence, judged, needs) == {
        "without_answer": 12,
        "unanswered_because": {"no_donor": 3, "no_room": 4, "no_surroundings": 2, "unknown": 3},
    }
    assert without_answer(evidence, judged, needs, np.arange(40) < 5)["without_answer"] == 5
    assert without_answer(evidence, np.ones(40, bool), needs) == {"without_answer": 0}
    drawn = replace(evidence, experiments={"object_removed": {"pictures": 28}})
    assert without_answer(drawn, judged, needs) == {"without_answer": 0}


GAPS = (("mean elsewhere", 0, 6), ("donor", 6, 9), ("mean", 9, 12))
