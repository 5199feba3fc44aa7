"""The rules on experiments: what the network answers without the object, and on other backgrounds."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from checks import reasons as why
from checks.profile import load_profile
from checks.rules.depends_on_object import (
    ELSEWHERE,
    FILLS_BREAK,
    NOT_BOTH,
    PROBABILITY,
    REMOVED,
    depends_on_object,
)
from checks.rules.right_for_the_right_reason import right_for_the_right_reason
from checks.rules.survives_other_background import survives_other_background
from checks.statistics.bounds import mean_bounds, share_bounds
from checks.statistics.gain import gain_bounds
from checks.statistics.subset import FEWEST
from checks.swaps.verdict import NO_CONTROL, UNDIRECTED
from checks.table.cells import Miss, four_cells, judged_by_experiment, miss_of, missed
from checks.table.evidence import Evidence
from checks.verdict import Outcome, Verdict
from fixtures.evidence import bare_profile, make_evidence

PASS, FAIL, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID
FILLS = ("mean", "blur", "donor")
Answers = Mapping[tuple[str, ...], ArrayLike]


def asked(answers: Answers, n: int = 80, right: ArrayLike = True, classes: int = 10) -> Evidence:
    """Evidence of n pictures, 0.9 probable where right, with these answers."""
    return make_evidence({"gradient": np.full(n, 0.5)}, answers=answers, right=right, classes=classes)


def removed(without: ArrayLike, elsewhere: ArrayLike) -> Answers:
    """Log-odds without the object, and with as much hidden elsewhere, alike for all fills."""
    return {
        ("object_removed", f"{fill}{place}"): odds
        for fill in FILLS
        for place, odds in (("", without), (" elsewhere", elsewhere))
    }


def replaced(alone: ArrayLike) -> Answers:
    """Log-odds of the object alone, alike for all fills."""
    return {("background_replaced", variant): alone for variant in ("mean", "blur", "other 1")}


def swapped(other: ArrayLike, same: ArrayLike) -> Answers:
    """Log-odds on three backgrounds of other classes, and on three of the same."""
    return {
        ("background_replaced", f"{kind} {k}"): odds
        for kind, odds in (("other", other), ("same", same))
        for k in (1, 2, 3)
    }


def odds_of(share: float, n: int, sure: float = 3.0) -> NDArray[np.float64]:
    """(n,) of which the first share is over even odds."""
    return np.where(np.arange(n) < round(share * n), sure, -sure)


def needs_object(evidence: Evidence, **limits: Any) -> Verdict:
    return depends_on_object(evidence, **{"min_evidence": 0.5, "max_evidence_elsewhere": 0.25, **limits})


# depends_on_object


@pytest.mark.tor("TOR-027")
def test_a_network_that_needs_the_object_passes() -> None:
    verdict = needs_object(asked(removed(-4.0, 2.0)))
    (found, control, probability) = verdict.findings
    assert verdict.outcome is found.outcome is control.outcome is PASS
    kept_elsewhere = (2.0 + math.log(9)) / (math.log(9) + math.log(9))  # -4 is evidence against the label: none is kept
    assert found.value == pytest.approx(kept_elsewhere)
    assert control.value == pytest.approx(1 - kept_elsewhere)
    assert (found.n, found.limit) == (80, 0.5)
    assert (verdict.decided_by, found.key, control.key) == (REMOVED, REMOVED, ELSEWHERE)
    assert found.lower == pytest.approx(kept_elsewhere)
    loss = 1 / (1 + np.exp(-2.0)) - 1 / (1 + np.exp(4.0))
    assert (probability.key, probability.advisory, probability.n, probability.limit) == (PROBABILITY, True, 80, None)
    assert [probability.value, probability.lower, probability.upper] == pytest.approx([loss] * 3)
    assert found.reason == ""
    assert found.details == {"log_odds": pytest.approx(math.log(9) + 4.0), "without_answer": 0}


@pytest.mark.tor("TOR-027")
def test_a_network_that_does_without_the_object_fails() -> None:
    verdict = needs_object(asked(removed(2.1, 2.0)))
    assert verdict.outcome is FAIL
    assert (verdict.decided_by, verdict.findings[0].reason) == (REMOVED, why.BEYOND_LIMIT)
    assert verdict.findings[0].limit == 0.5


@pytest.mark.tor("TOR-027")
def test_a_fill_that_breaks_everything_says_nothing() -> None:
    verdict = needs_object(asked(removed(-4.0, -3.9)))
    assert verdict.outcome is INCONCLUSIVE
    assert [finding.outcome for finding in verdict.findings] == [INCONCLUSIVE, INCONCLUSIVE, PASS]
    assert verdict.decided_by == ELSEWHERE
    assert [finding.reason for finding in verdict.findings] == [FILLS_BREAK, FILLS_BREAK, ""]
    assert verdict.findings[1].value == 1.0
    assert needs_object(asked(removed(-4.0, -3.9)), max_evidence_elsewhere=1.0).outcome is FAIL, "the limit decides"


def test_a_fill_that_breaks_much_elsewhere_does_not_pass_what_it_breaks_more() -> None:
    verdict = needs_object(asked(removed(-6.0, 0.5)))
    assert verdict.findings[0].value is not None
    assert verdict.findings[0].value > 0.6
    assert verdict.outcome is INCONCLUSIVE


@pytest.mark.tor("TOR-027")
def test_a_network_that_stands_without_the_object_fails_though_hiding_its_cue_breaks_it() -> None:
    """Hidden elsewhere, its cue is gone: that is no artefact of the fill."""
    verdict = needs_object(asked(removed(2.2, -4.0)))
    assert [finding.outcome for finding in verdict.findings] == [FAIL, INCONCLUSIVE, PASS]
    assert verdict.outcome is FAIL
    assert verdict.decided_by == REMOVED
    assert verdict.findings[0].value == -1.0


def test_the_median_fill_speaks() -> None:
    answers = dict(removed(-4.0, 2.0))
    answers["object_removed", "mean"] = 2.0
    assert needs_object(asked(answers)).outcome is PASS
    answers["object_removed", "blur"] = 2.0
    assert needs_object(asked(answers)).outcome is FAIL


@pytest.mark.tor("TOR-027")
def test_the_share_is_that_of_a_slow_oracle_picture_by_picture() -> None:
    rng = np.random.default_rng(1)
    answers = {key: rng.normal(1, 3, 30) for key in removed(0.0, 0.0)}
    own = rng.normal(4, 1, 30)
    found = needs_object(replace(asked(answers, 30, classes=7), log_odds=own)).findings[0]
    carried = []
    for place in range(30):
        guess = -math.log(6)
        whole = own[place] - guess
        by_fill = []
        for fill in FILLS:
            there, gone = (answers["object_removed", f"{fill}{where}"][place] - guess for where in (" elsewhere", ""))
            by_fill.append((min(max(there, 0), whole) - min(max(gone, 0), whole)) / whole)
        carried.append(sorted(by_fill)[1])
    assert found.value == pytest.approx(sum(carried) / 30)


def test_a_picture_without_evidence_has_none_to_lose() -> None:
    none = np.where(np.arange(80) < 30, -math.log(9), math.log(9))
    verdict = needs_object(replace(asked(removed(-4.0, 2.2)), log_odds=none))
    assert verdict.findings[0].value == pytest.approx(50 / 80, abs=1e-3)
    assert verdict.findings[1].value == pytest.approx(0, abs=1e-3)


def of_logits(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) log-odds of class 0."""
    return np.asarray(logits[:, 0] - np.logaddexp.reduce(logits[:, 1:], axis=1))


@pytest.mark.tor("TOR-027")
@pytest.mark.parametrize("share", [0.1, 0.3, 0.7, 0.9])
@pytest.mark.parametrize("classes", [2, 4, 100])
def test_the_temperature_of_the_softmax_decides_nothing(share: float, classes: int) -> None:
    """Logits of which the object carries a share; scaled as a whole, as another weight penalty scales them."""
    rng = np.random.default_rng(0)
    whole = rng.normal(0, 1, (80, classes))
    whole[:, 0] = whole.max(axis=1) + rng.uniform(2, 6, 80)
    centred = whole - whole.mean(axis=1, keepdims=True)
    values, outcomes = [], set()
    for scale in (0.3, 1.0, 3.0):
        answers = removed(of_logits((1 - share) * scale * centred), of_logits(scale * centred))
        evidence = replace(asked(answers, classes=classes), log_odds=of_logits(scale * centred))
        verdict = needs_object(evidence)
        outcomes.add(verdict.outcome)
        values.append(verdict.findings[0].value)
    assert outcomes == {PASS if share > 0.5 else FAIL}
    assert values == pytest.approx([share] * 3, abs=0.08)


def test_only_right_pictures_are_asked() -> None:
    right = np.arange(80) < 40
    verdict = needs_object(asked(removed(np.where(right, -4.0, 2.0), 2.0), right=right))
    assert (verdict.outcome, verdict.findings[0].n) == (PASS, 40)


def test_pictures_without_room_elsewhere_are_left_out_and_said() -> None:
    elsewhere = np.where(np.arange(80) < 30, np.nan, 2.0)
    evidence = replace(asked(removed(-4.0, elsewhere)), area_share=np.full(80, 0.6))
    verdict = needs_object(evidence)
    assert verdict.findings[0].n == 50
    assert verdict.findings[0].details["without_answer"] == 30
    assert verdict.findings[0].details["unanswered_because"] == {"no_room": 30}
    subset = replace(evidence, experiments={"object_removed": {"pictures": 50}})
    assert needs_object(subset).findings[0].details["without_answer"] == 0, "the others were not drawn"


def test_no_room_elsewhere_at_all_is_invalid() -> None:
    assert needs_object(asked(removed(-4.0, np.nan))).outcome is INVALID
    crowded = removed(-4.0, np.where(np.arange(80) < 40, 2.0, np.nan))
    verdict = needs_object(replace(asked(crowded, right=np.arange(80) >= 40), area_share=np.full(80, 0.6)))
    assert verdict.outcome is INVALID
    assert (verdict.findings[0].reason, verdict.findings[0].details) == (NOT_BOTH, {"right": 40})


# survives_other_background


@pytest.mark.tor("TOR-028")
def test_backgrounds_that_do_not_matter_pass() -> None:
    verdict = survives_other_background(asked(swapped(3.0, 3.0)), max_reliance=0.05)
    assert verdict.outcome is PASS
    assert verdict.findings[0].value == 0
    assert verdict.findings[0].n == 80
    assert verdict.findings[0].upper == pytest.approx(0.0368, abs=5e-5)
    assert verdict.findings[0].details == {
        "paired": True,
        "lenders": 480,
        "lenders_needed": None,
        "right_on_own": 1.0,
        "right_on_other": 1.0,
        "directed": True,
        "followed": None,
        "plain": {},
        "without_answer": 0,
        "share_of_evidence": None,
        "classes": [],
        "of_classes": 10,
    }


def test_no_loss_in_few_pictures_is_no_certainty() -> None:
    """Zero of 59 leaves 5 % open (Clopper and Pearson), zero of 58 more."""
    assert survives_other_background(asked(swapped(3.0, 3.0), 59), max_reliance=0.05).outcome is PASS
    verdict = survives_other_background(asked(swapped(3.0, 3.0), 58), max_reliance=0.05)
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.findings[0].upper == pytest.approx(share_bounds(0, 58, 0.95).upper)
    few = survives_other_background(asked(swapped(3.0, 3.0), FEWEST - 1), max_reliance=0.9)
    assert (few.outcome, few.findings[0].further) == (INCONCLUSIVE, 1)
    assert few.findings[0].reason == why.TOO_FEW


@pytest.mark.tor("TOR-028")
def test_a_network_that_reads_the_background_fails() -> None:
    other = odds_of(0.6, 80)
    verdict = survives_other_background(asked(swapped(other, 3.0)), max_reliance=0.05)
    assert verdict.outcome is FAIL
    assert verdict.findings[0].value == pytest.approx(0.4)
    assert verdict.findings[0].worst[:2] == (48, 49)
    assert (verdict.findings[0].limit, verdict.findings[0].reason) == (0.05, why.BEYOND_LIMIT)


@pytest.mark.tor("TOR-028")
def test_what_pasting_breaks_by_itself_cancels() -> None:
    broken = odds_of(0.6, 80)
    verdict = survives_other_background(asked(swapped(broken, broken)), max_reliance=0.05)
    assert verdict.outcome is PASS
    assert verdict.findings[0].value == 0


def test_without_backgrounds_of_the_same_class_nothing_fails() -> None:
    answers = {key: odds for key, odds in swapped(odds_of(0.5, 80), 3.0).items() if "same" not in key[1]}
    verdict = survives_other_background(asked({**answers, ("background_replaced", "blur"): 3.0}), max_reliance=0.05)
    assert verdict.outcome is INCONCLUSIVE
    details = verdict.findings[0].details
    assert (details["paired"], details["right_on_own"], details["right_on_other"]) == (False, None, 0.5)
    assert details["plain"] == {"blur": 1.0}
    assert verdict.findings[0].reason == NO_CONTROL


def test_without_backgrounds_of_the_same_class_no_loss_at_all_passes() -> None:
    answers = {key: odds for key, odds in swapped(3.0, 3.0).items() if "same" not in key[1]}
    verdict = survives_other_background(asked(answers), max_reliance=0.05)
    assert verdict.outcome is PASS
    assert verdict.findings[0].details["paired"] is False


def test_a_few_backgrounds_of_the_same_class_do_not_stand_for_all() -> None:
    """A quarter of the pictures, in which nothing is lost, must not speak for those that lose everything."""
    quarter = np.arange(80) < 20
    answers = swapped(np.where(quarter, 3.0, -3.0), np.where(quarter, 3.0, np.nan))
    verdict = survives_other_background(asked(answers), max_reliance=0.2)
    assert (verdict.outcome, verdict.findings[0].n) == (INCONCLUSIVE, 80)


def test_donors_are_averaged_within_the_picture() -> None:
    answers = dict(swapped(3.0, 3.0))
    answers["background_replaced", "other 2"] = -3.0
    answers["background_replaced", "same 3"] = np.nan
    verdict = survives_other_background(asked(answers), max_reliance=0.05)
    assert (verdict.outcome, verdict.findings[0].n) == (FAIL, 80)
    assert verdict.findings[0].value == pytest.approx(1 / 3)


def test_it_says_how_often_the_prediction_follows_the_background() -> None:
    """`make_evidence` answers the next class where the label is under even odds."""
    evidence = asked(swapped(odds_of(0.5, 80), 3.0))
    donor = (evidence.class_index + 1).astype(np.float64) % 10
    notes = {("background_replaced", f"donor class {k}"): donor for k in (1, 2)}
    verdict = survives_other_background(replace(evidence, notes={**evidence.notes, **notes}), max_reliance=0.05)
    assert verdict.findings[0].details["followed"] == 0.5


def with_donors(evidence: Evidence, ahead: ArrayLike) -> Evidence:
    """The donors' classes lie so far after the label, and a lost label becomes the next class."""
    donor = (evidence.class_index + np.asarray(ahead)) % evidence.classes
    notes = {("background_replaced", f"donor class {k}"): donor.astype(np.float64) for k in (1, 2, 3)}
    return replace(evidence, notes={**evidence.notes, **notes})


@pytest.mark.tor("TOR-028")
def test_what_is_lost_must_go_where_the_background_points() -> None:
    lost = asked(swapped(odds_of(0.5, 80), 3.0))
    assert survives_other_background(with_donors(lost, 1), max_reliance=0.05).outcome is FAIL
    anywhere = survives_other_background(with_donors(lost, 1 + np.arange(80) % 9), max_reliance=0.05)
    assert anywhere.outcome is INCONCLUSIVE
    assert anywhere.findings[0].value == pytest.approx(0.5)
    assert anywhere.findings[0].reason == UNDIRECTED
    two = asked(swapped(odds_of(0.5, 80), 3.0), classes=2)
    assert survives_other_background(with_donors(two, 1), max_reliance=0.05).outcome is FAIL


@given(st.lists(st.sampled_from([-1.0, -1 / 3, 0.0, 1 / 3, 2 / 3, 1.0]), min_size=2, max_size=60))
@settings(max_examples=30, deadline=None)
def test_gain_bounds_hold_both_bounds(values: list[float]) -> None:
    found, plain = gain_bounds(values, 0.95, 0), mean_bounds(values, 0.95, 0)
    assert found is not None
    assert plain is not None
    assert found.lower <= plain.lower + 1e-12
    assert found.upper >= max(plain.upper - 1e-12, share_bounds(0, len(values), 0.95).upper - 1e-12)
    hits = int(sum(values) + 0.999999)
    assert found.upper >= share_bounds(min(max(0, hits), len(values)), len(values), 0.95).upper - 1e-12


def test_gain_bounds_refuse_what_is_no_difference_of_shares() -> None:
    assert gain_bounds([0.5], 0.95, 0) is None
    with pytest.raises(ValueError, match=r"1\.5 is no difference of shares"):
        gain_bounds([0.0, 1.5], 0.95, 0)
    with pytest.raises(ValueError, match="not finite"):
        gain_bounds([0.0, np.nan], 0.95, 0)


# right_for_the_right_reason


def reasons(alone: ArrayLike, without: ArrayLike, n: int = 80, right: ArrayLike = True) -> Evidence:
    return asked({**removed(without, 2.0), **replaced(alone)}, n, right)


@pytest.mark.tor("TOR-029")
def test_right_for_the_right_reason() -> None:
    verdict = right_for_the_right_reason(reasons(2.0, -3.0), max_share=0.05)
    assert verdict.outcome is PASS
    (finding,) = verdict.findings
    assert (finding.key, finding.value, finding.n, finding.reason) == ("experiment", 0.0, 80, "")
    assert finding.upper == pytest.approx(0.0368, abs=5e-5)
    assert (finding.details["missed"], finding.details["without_answer"]) == (0, 0)
    assert [(band["missed"], band["n"]) for band in finding.details["by_box"]] == [(0, 0), (0, finding.n), (0, 0)]


@pytest.mark.tor("TOR-029")
@pytest.mark.parametrize(("misses", "outcome"), [(0, PASS), (1, INCONCLUSIVE), (9, FAIL)])
def test_exact_bounds_of_the_misses_decide(misses: int, outcome: Outcome) -> None:
    without = np.where(np.arange(80) < misses, 2.5, -3.0)
    verdict = right_for_the_right_reason(reasons(2.0, without), max_share=0.05)
    (finding,) = verdict.findings
    assert verdict.outcome is outcome
    assert finding.value == misses / 80
    assert (finding.lower, finding.upper) == share_bounds(misses, 80, 0.95)
    assert set(finding.worst) <= set(range(misses))


@pytest.mark.tor("TOR-029")
def test_as_much_as_the_surroundings_is_a_miss() -> None:
    verdict = right_for_the_right_reason(reasons(1.0, 1.0), max_share=0.05)
    assert verdict.outcome is FAIL
    assert verdict.findings[0].value == 1
    assert (verdict.findings[0].details["missed"], verdict.findings[0].n) == (80, 80)


def test_the_lead_asked_for_is_the_profiles() -> None:
    evidence = reasons(1.0, 0.5)
    assert right_for_the_right_reason(evidence, max_share=0.05).outcome is PASS
    assert right_for_the_right_reason(evidence, max_share=0.05, min_lead=1.0).outcome is FAIL


@pytest.mark.tor("TOR-029")
def test_wrong_predictions_are_right_for_no_reason() -> None:
    right = np.arange(120) < 60
    verdict = right_for_the_right_reason(reasons(2.0, np.where(right, -3.0, 3.0), 120, right), max_share=0.05)
    assert (verdict.outcome, verdict.findings[0].n) == (PASS, 60)


@pytest.mark.tor("TOR-048")
def test_a_network_that_yields_no_number_for_altered_pictures_is_not_judged_by_the_rest() -> None:
    silent = np.arange(80) < 9
    evidence = replace(reasons(np.where(silent, np.nan, 2.0), np.where(silent, np.nan, -3.0)), unmade={})
    verdict = right_for_the_right_reason(evidence, max_share=0.05)
    assert verdict.outcome is INVALID
    assert verdict.reason == why.UNANSWERED
    assert verdict.details == {
        "intervention": "object_removed",
        "variant": "mean",
        "others": True,
        "pictures": 9,
        "of": 80,
        "first": 0,
    }
    some = {"pictures": 71}
    subset = replace(evidence, experiments={"object_removed": some, "background_replaced": some})
    assert right_for_the_right_reason(subset, max_share=0.05).outcome is PASS


@pytest.mark.tor("TOR-048")
def test_a_lead_that_is_no_number_of_a_judged_picture_is_a_miss() -> None:
    """Asked without the object by one fill alone, and without the background by another alone."""
    one = np.arange(80) == 3
    answers: dict[tuple[str, ...], ArrayLike] = {**removed(-3.0, 2.0), **replaced(2.0)}
    for variant in ("mean", "donor"):
        answers["object_removed", variant] = np.where(one, np.nan, -3.0)
    answers["background_replaced", "blur"] = np.where(one, np.nan, 2.0)
    evidence = asked(answers)
    assert np.flatnonzero(np.isnan(evidence.lead(FILLS))).tolist() == [3]
    assert judged_by_experiment(evidence).all()
    assert np.flatnonzero(missed(evidence, Miss())).tolist() == [3]
    assert right_for_the_right_reason(evidence, max_share=0.05).findings[0].worst == (3,)


# What all of them do


RULES: dict[Any, dict[str, Any]] = {
    depends_on_object: {"min_evidence": 0.5, "max_evidence_elsewhere": 0.25},
    survives_other_background: {"max_reliance": 0.05},
    right_for_the_right_reason: {"max_share": 0.05},
}
ALL_ANSWERS: Answers = {**removed(-4.0, 2.0), **replaced(3.0), **swapped(3.0, 3.0)}


@pytest.mark.tor("TOR-047")
@pytest.mark.parametrize("rule", RULES)
def test_an_experiment_that_was_not_run_is_invalid(rule: Any) -> None:
    verdict = rule(asked({}), **RULES[rule])
    assert verdict.outcome is INVALID
    assert (verdict.reason, verdict.decided_by, verdict.findings) == (why.NOT_RUN, None, ())
    assert verdict.details["intervention"] in verdict.details["needed"]
    assert verdict.details["variants"]


@pytest.mark.tor("TOR-047")
@pytest.mark.parametrize("rule", [depends_on_object, right_for_the_right_reason])
def test_a_fill_that_was_not_asked_is_invalid(rule: Any) -> None:
    answers = {key: odds for key, odds in ALL_ANSWERS.items() if not key[1].startswith("donor")}
    verdict = rule(asked(answers), **RULES[rule])
    assert verdict.outcome is INVALID
    assert (verdict.reason, verdict.details["intervention"]) == (why.NO_ANSWER, "object_removed")
    assert verdict.details["missing"][0] == "donor"
    assert rule(asked(answers), **RULES[rule], fills=("mean", "blur")).outcome is PASS


@pytest.mark.tor("TOR-047")
@pytest.mark.parametrize("rule", RULES)
def test_all_wrong_says_nothing(rule: Any) -> None:
    verdict = rule(asked(ALL_ANSWERS, right=False), **RULES[rule])
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.findings[0].value is None
    assert verdict.findings[0].reason == why.NO_PICTURES


@pytest.mark.tor("TOR-043")
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("n", [1, 2, FEWEST - 1])
def test_few_pictures_pass_nothing(rule: Any, n: int) -> None:
    verdict = rule(asked(ALL_ANSWERS, n), **RULES[rule])
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.findings[0].reason in {why.TOO_FEW, why.UNDECIDED}


@pytest.mark.slow
@pytest.mark.tor("TOR-048")
@given(
    st.integers(2, 90), st.integers(0, 2**31), st.floats(-5, 5), st.floats(-5, 5), st.floats(0, 4), st.integers(0, 90)
)
@settings(max_examples=40, deadline=None)
def test_more_reliance_never_improves_the_outcome(
    n: int, seed: int, without: float, alone: float, change: float, some: int
) -> None:
    """What is left without the object grows, or what the object alone says shrinks, in some pictures."""
    order = [PASS, INCONCLUSIVE, FAIL]
    noise = np.random.default_rng(seed).normal(0, 0.5, n)
    shift = np.where(np.arange(n) < some, change, 0.0)
    better = reasons(alone + noise, without + noise[::-1], n)
    worse = reasons(alone + noise - shift, without + noise[::-1] + shift, n)
    for rule in (right_for_the_right_reason, depends_on_object):
        before, after = rule(better, **RULES[rule]), rule(worse, **RULES[rule])
        assert order.index(after.outcome) >= order.index(before.outcome)


# The four cells


def test_four_cells() -> None:
    right, on = np.array([1, 1, 1, 0, 0, 1], bool), np.array([1, 1, 0, 0, 1, 1], bool)
    without = np.where(on, -1.0, 4.0) - np.arange(6) / 10
    without[5] = np.nan
    alone = np.where(np.isnan(without), np.nan, 2.0)
    cells = four_cells(reasons(alone, without, 6, right), Miss())
    assert cells is not None
    assert [(c.right, c.on_object, c.count) for c in cells.cells] == [
        (True, True, 2), (True, False, 1), (False, True, 1), (False, False, 1)
    ]  # fmt: skip
    assert (cells.judged, cells.unjudged, cells.fills) == (5, 1, FILLS)
    assert cells.cells[0].samples == (1, 0), "the largest lead first"
    assert four_cells(asked({}), Miss()) is None


def test_the_miss_is_the_profiles() -> None:
    default = load_profile("default")
    assert miss_of(default) == Miss(FILLS, 0.0)
    assert miss_of(load_profile("quick")) == Miss(("blur", "donor"), 0.0)
    assert miss_of(bare_profile()) == Miss()
    assert "supports the label at least as well as the object alone" in str(
        default.rules["right_for_the_right_reason"]["why"]
    )
