"""The rules on the audit's tests of itself."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from checks import reasons
from checks.apply import apply
from checks.rules.control_is_caught import (
    ENDS_MISSING,
    FEW_MARKED,
    INNOCENT_BLAMED,
    NO_CONTROL,
    NO_LIMITS,
    NO_RULE,
    NOT_BLAMED,
    NOT_FLAGGED,
    OWN_RELIANCE,
    TOO_BLUNT,
    control_is_caught,
)
from checks.rules.explainer_is_valid import NO_CONTROL as NOT_RANDOMISED
from checks.rules.explainer_is_valid import NOTHING_RANDOMISED, explainer_is_valid
from checks.rules.methods_agree import NO_COPY, ONE_METHOD, methods_agree
from checks.statistics.bounds import mean_bounds, share_bounds
from checks.table.controls import Planted, Stage
from checks.table.evidence import Evidence
from checks.table.planted_copies import KEPT
from checks.verdict import Outcome, Verdict
from fixtures.evidence import bare_profile, make_evidence
from reports.result.controls import detection
from reports.wording.worded import WordedVerdict, worded_verdicts
from reports.wording.words import About

PASS, FAIL, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID
LAMBDAS = (0.0, 0.25, 0.5, 0.75, 1.0)
DETECTORS = ("linear", "saturating")
N = 24
FLAG = {
    "right_for_the_right_reason": {"max_share": 0.05, "min_lead": 0.0, "fills": ["mean"], "why": "as the test needs"}
}


def randomised(ends: Mapping[str, ArrayLike]) -> Evidence:
    """Evidence of methods whose maps have these similarities at the end, and 1 before it."""
    found = make_evidence({method: np.full(N, 0.5) for method in ends})
    cascade = {
        method: (Stage("head", np.ones(len(np.atleast_1d(end)))), Stage("features.0", np.atleast_1d(end).astype(float)))
        for method, end in ends.items()
        if np.size(end)
    }
    return replace(found, cascade=cascade, experiments={"randomisation": {}})


def around(mean: float, n: int = 16) -> ArrayLike:
    return mean + np.linspace(-0.1, 0.1, n)


@pytest.mark.tor("TOR-033")
def test_a_method_that_survives_is_taken_out_and_the_others_stay() -> None:
    found = randomised({"gradient": around(0.3), "edges": around(1.0)})
    verdict = explainer_is_valid(found, max_similarity=0.7)
    assert verdict.outcome is PASS
    assert verdict.details == {"kept": ["gradient"], "taken_out": ["edges"]}
    assert verdict.decided_by == "gradient"
    assert [(f.key, f.outcome, f.advisory) for f in verdict.findings] == [
        ("gradient", PASS, False),
        ("edges", FAIL, True),
    ]


def test_only_the_end_counts_and_its_bound_is_held_against_the_limit() -> None:
    end = around(0.6)
    found = randomised({"gradient": end})
    bounds = mean_bounds(end, 0.95, 0)
    assert bounds is not None
    assert explainer_is_valid(found, max_similarity=bounds.upper).outcome is PASS
    just_under = explainer_is_valid(found, max_similarity=bounds.upper - 1e-6)
    assert just_under.outcome is INCONCLUSIVE
    assert just_under.findings[0].value == pytest.approx(0.6)
    assert explainer_is_valid(found, max_similarity=bounds.lower - 1e-6).outcome is INVALID


@pytest.mark.tor("TOR-033")
@pytest.mark.parametrize("end", [np.full(16, np.nan), np.array([0.1, *[np.nan] * 15]), np.empty(0)])
def test_without_live_maps_a_method_is_no_evidence(end: ArrayLike) -> None:
    found = randomised({"gradient": around(0.3), "other": end})
    verdict = explainer_is_valid(found, max_similarity=0.7)
    assert (verdict.outcome, verdict.details["kept"]) == (PASS, ["gradient"])
    assert explainer_is_valid(randomised({"other": end}), max_similarity=0.7).outcome is not PASS


def test_dead_maps_are_left_out_and_told() -> None:
    verdict = explainer_is_valid(randomised({"gradient": [*np.linspace(0.2, 0.3, 10), np.nan]}), max_similarity=0.7)
    assert verdict.outcome is PASS
    assert (verdict.findings[0].n, verdict.findings[0].details["asked"]) == (10, 11)


@pytest.mark.tor("TOR-033")
def test_no_map_is_evidence_where_all_survive_or_nothing_was_randomised() -> None:
    all_survive = explainer_is_valid(randomised({"edges": around(0.95)}), max_similarity=0.7)
    assert all_survive.outcome is INVALID
    assert all_survive.details == {"kept": [], "taken_out": ["edges"]}
    not_run = replace(randomised({"gradient": around(0.1)}), experiments={})
    assert explainer_is_valid(not_run, max_similarity=0.7).reason == NOT_RANDOMISED
    assert explainer_is_valid(not_run, max_similarity=0.7).outcome is INVALID
    nothing = replace(not_run, cascade={}, experiments={"randomisation": {}})
    assert explainer_is_valid(nothing, max_similarity=0.7).reason == NOTHING_RANDOMISED


def test_a_profile_applies_the_rule_with_a_method_taken_out() -> None:
    found = replace(
        randomised({"gradient": around(0.3), "edges": around(1.0)}),
        profile=bare_profile(explainer_is_valid={"max_similarity": 0.7, "why": "as the test needs"}),
    )
    assert apply(found, "explainer_is_valid").outcome is PASS


def noted(
    agreements: Mapping[tuple[str, str], ArrayLike], methods: Sequence[str], copy: float | None = 0.0
) -> Evidence:
    """copy: what every method's maps have in common with those of a copy with random weights."""
    notes = {(a, f"agreement with {b}"): np.broadcast_to(np.asarray(v, float), N) for (a, b), v in agreements.items()}
    found = make_evidence({method: np.full(N, 0.5) for method in methods})
    cascade = {method: (Stage("all", np.full(16, copy)),) for method in methods} if copy is not None else {}
    return replace(found, notes=notes, cascade=cascade)


def test_methods_that_agree_pass_and_a_lone_dissenter_is_named() -> None:
    alike = {("a", "b"): 0.6, ("a", "c"): 0.5, ("c", "b"): 0.7}  # in either order
    verdict = methods_agree(noted(alike, "abc"), min_agreement=0.2)
    assert verdict.outcome is PASS
    assert (len(verdict.findings), verdict.decided_by) == (3, "a/c")
    pair = methods_agree(noted({("a", "b"): 0.6}, "ab"), min_agreement=0.2)
    assert pair.outcome is PASS
    assert pair.findings[0].value == pytest.approx(0.6)
    apart = methods_agree(noted({("a", "b"): 0.1}, "ab"), min_agreement=0.2)
    assert (apart.outcome, apart.findings[0].reason) == (INCONCLUSIVE, reasons.BEYOND_LIMIT)
    alone = methods_agree(noted(alike | {("a", "c"): 0.1, ("c", "b"): 0.0}, "abc"), min_agreement=0.2)
    assert alone.outcome is INCONCLUSIVE
    assert alone.details == {"dissenter": "c"}
    split = methods_agree(noted(alike | {("a", "c"): 0.1}, "abc"), min_agreement=0.2)
    assert split.outcome is INCONCLUSIVE
    assert (split.decided_by, split.details) == ("a/c", {})
    assert [finding.outcome for finding in split.findings].count(INCONCLUSIVE) == 1


@pytest.mark.tor("TOR-113")
def test_methods_must_agree_more_than_each_with_its_own_randomised_copy() -> None:
    alike = {("a", "b"): 0.4 + np.linspace(-0.01, 0.01, N)}
    assert methods_agree(noted(alike, "ab", 0.3), min_agreement=0.2).outcome is PASS
    edges = methods_agree(noted(alike, "ab", 0.45), min_agreement=0.2)
    (finding,) = edges.findings
    assert (edges.outcome, finding.reason) == (INCONCLUSIVE, reasons.BEYOND_LIMIT)
    assert (finding.limit, finding.chance) == (0.45, 0.45)
    assert finding.details["own_copy"] == {"a": 0.45, "b": 0.45}
    assert "with random weights: up to 0.45" in in_words(edges).sentence
    found = noted(alike, "ab", 0.1)
    one = replace(found, cascade={**found.cascade, "b": (Stage("all", np.linspace(0.3, 0.6, 16)),)})
    bounds = mean_bounds(np.linspace(0.3, 0.6, 16), 0.95, 0)
    assert bounds is not None
    assert methods_agree(one, min_agreement=0.2).findings[0].limit == bounds.upper, "the larger, by its upper bound"
    unknown = methods_agree(noted(alike, "ab", None), min_agreement=0.2)
    assert (unknown.outcome, unknown.findings[0].reason) == (INCONCLUSIVE, NO_COPY)
    assert in_words(unknown).next_step.startswith("Add the control randomisation")


def test_methods_never_fail_and_never_pass_by_absence() -> None:
    assert methods_agree(noted({("a", "b"): -1.0}, "ab"), min_agreement=0.2).outcome is INCONCLUSIVE
    assert methods_agree(noted({("a", "b"): np.nan}, "ab"), min_agreement=0.2).outcome is INCONCLUSIVE
    assert methods_agree(noted({}, "ab"), min_agreement=0.2).outcome is INCONCLUSIVE
    single = methods_agree(noted({}, "a"), min_agreement=0.2)
    assert single.outcome is INCONCLUSIVE
    assert single.reason == ONE_METHOD
    half = np.where(np.arange(N) < N // 2, 0.5, np.nan)
    assert methods_agree(noted({("a", "b"): half}, "ab"), min_agreement=0.2).findings[0].n == N // 2


K, STRENGTH = 10, 6.0
GUESS = -math.log(K - 1)
"""Log-odds of a label of which nothing is known."""


def controlled(
    lead: Mapping[float, float],
    fall: Mapping[float, float],
    n: int = N,
    profile: Mapping[str, Any] | None = None,
    left: ArrayLike = GUESS,
) -> Evidence:
    """Copies whose object leads by `lead`, and whose label loses `fall` of log-odds with the mark, at each lambda.

    left: the label's log-odds without the object.
    """
    answers: dict[tuple[str, ...], ArrayLike] = {}
    for detector in DETECTORS:
        for lam in LAMBDAS:
            subject = f"{detector} {lam:.2f}"
            answers |= {
                (subject, "mark", "shown"): 3.0,
                (subject, "mark", "elsewhere"): 3.0,
                (subject, "mark", "other"): np.where(np.arange(n) < round(lam * n), -1.0, 1.0),
                (subject, "mark", "hidden"): 3.0 - fall[lam] + np.linspace(-0.01, 0.01, n),
                (subject, "object_removed", "mean"): left,
                (subject, "background_replaced", "mean"): np.asarray(left) + lead[lam],
            }
    planted = Planted(DETECTORS, LAMBDAS, STRENGTH, (0.0, 0.0, 4.0, 4.0), n)
    found = make_evidence({"gradient": np.full(n, 0.5)}, answers=answers)
    assert found.classes == K
    return replace(found, planted=planted, profile=bare_profile(**(FLAG if profile is None else profile)))


LEAD = {0.0: 2.0, 0.25: 1.0, 0.5: -1.0, 0.75: -2.0, 1.0: -3.0}
FALL = {0.0: 0.0, 0.25: 1.0, 0.5: 2.0, 0.75: 3.0, 1.0: 4.0}
BY = tuple(FLAG)


def in_words(verdict: Verdict) -> WordedVerdict:
    return worded_verdicts([verdict], About(0.95))[0]


def caught(found: Evidence, most: float = 0.9) -> Verdict:
    return control_is_caught(found, flagged_by=BY, min_loss=0.05, max_limit_of_detection=most)


def values(found: Evidence) -> dict[str, float | None]:
    return {f.key: f.value for f in caught(found).findings}


def blamed_from(found: Evidence) -> float | None:
    blame = caught(found).finding("linear/blame")
    assert blame is not None
    return blame.details["share"]  # type: ignore[no-any-return]


@pytest.mark.tor("TOR-036")
def test_the_limit_of_detection_is_the_share_from_which_on_every_copy_is_flagged() -> None:
    verdict = caught(controlled(LEAD, FALL))
    assert verdict.outcome is PASS
    assert verdict.decided_by == "linear/points"
    assert verdict.findings[0].details["flagged_by"] == list(BY)
    assert values(controlled(LEAD, FALL)) == {
        "linear": 0.5,
        "linear/points": 0.5,
        "linear/blame": pytest.approx(0.68, abs=0.01),
        "saturating": 0.5,
        "saturating/points": 0.5,
        "saturating/blame": pytest.approx(0.68, abs=0.01),
        KEPT: 0.0,
    }
    assert [finding.key for finding in verdict.findings if not finding.advisory and not finding.founded] == []
    gap = {**LEAD, 0.75: 1.0}
    assert values(controlled(gap, FALL))["linear"] == 1.0
    assert blamed_from(controlled(LEAD, FALL)) == 0.25
    assert blamed_from(controlled(LEAD, {**FALL, 0.5: 0.0})) == 0.75


@pytest.mark.tor("TOR-036")
def test_what_the_network_keeps_without_the_object_counts_in_the_limit() -> None:
    third = np.append(np.full(N - 1, GUESS + STRENGTH / 3), 100.0)
    found = controlled(LEAD, FALL, left=third)
    verdict = caught(found)
    assert verdict.outcome is PASS
    assert values(found)[KEPT] == pytest.approx(1 / 3)
    assert values(found)["linear"] == 0.5
    details = verdict.findings[0].details
    assert (details["kept"], details["outside"]) == (pytest.approx(1 / 3), 0.67)
    limit = detection(found, in_words(verdict), "")
    assert limit.share == 0.67
    assert limit.kept == pytest.approx(1 / 3)
    assert limit.by_detector == {"linear": 0.5, "saturating": 0.5}
    assert "draws at least 67 % from outside it" in limit.sentence
    assert values(controlled(LEAD, FALL, left=GUESS - 2))[KEPT] == 0.0
    assert values(controlled(LEAD, FALL, left=GUESS + 0.004 * STRENGTH))[KEPT] == 0.0
    assert values(controlled(LEAD, FALL, left=50.0))[KEPT] == 1.0


@pytest.mark.tor("TOR-036")
def test_the_limit_is_what_hangs_on_the_mark_of_the_first_copy_that_is_flagged() -> None:
    found = controlled(LEAD, FALL)
    limit_in_points = caught(found).finding("linear/points")
    assert limit_in_points is not None
    details, bounds = limit_in_points.details, share_bounds(12, 24, 0.95)
    assert (details["reliance"], details["unseen"]) == (0.5, 0.25)
    assert (limit_in_points.lower, limit_in_points.upper) == bounds
    assert (limit_in_points.n, limit_in_points.confidence) == (24, 0.95)
    assert caught(found, bounds.upper).outcome is PASS
    blunt = caught(found, bounds.upper - 1e-6)
    assert (blunt.outcome, blunt.decided_by) == (INCONCLUSIVE, "linear/points")
    assert blunt.deciding is not None
    assert blunt.deciding.reason == TOO_BLUNT
    limit = detection(found, in_words(blunt), "")
    assert (limit.reliance, limit.share) == (0.5, 0.5)
    assert "once 50.0 points of accuracy hang on it" in limit.sentence


@pytest.mark.tor("TOR-036")
def test_a_limit_that_nobody_measured_is_no_pass() -> None:
    found = controlled(LEAD, FALL)
    unasked = replace(found, answers={key: given for key, given in found.answers.items() if key[2] != "other"})
    verdict = caught(unasked, 1.0)
    assert verdict.deciding is not None
    assert (verdict.outcome, verdict.deciding.reason, verdict.deciding.value) == (INCONCLUSIVE, TOO_BLUNT, None)


@pytest.mark.tor("TOR-036")
def test_without_the_object_removed_no_limit_is_stated() -> None:
    found = controlled(LEAD, FALL)
    answers = {key: given for key, given in found.answers.items() if key[0] != "linear 0.00"}
    silent = replace(found, answers={**answers, **{k: v for k, v in found.answers.items() if k[1] == "mark"}})
    verdict = caught(silent)
    details = verdict.findings[0].details
    assert (details["kept"], details["outside"]) == (None, None)
    assert KEPT not in values(silent)
    limit = detection(silent, in_words(verdict), "")
    assert limit.share is None
    assert limit.sentence.startswith("Not known. ")


@pytest.mark.tor("TOR-035")
def test_an_audit_that_misses_the_mark_alone_is_invalid() -> None:
    missed = caught(controlled({**LEAD, 1.0: 1.0}, FALL))
    assert missed.outcome is INVALID
    assert missed.deciding is not None
    assert (missed.decided_by, missed.deciding.reason) == ("linear", NOT_FLAGGED)
    unblamed = caught(controlled(LEAD, {**FALL, 1.0: 0.0}))
    assert unblamed.outcome is INVALID
    assert unblamed.deciding is not None
    assert (unblamed.decided_by, unblamed.deciding.reason) == ("linear/blame", NOT_BLAMED)


@pytest.mark.tor("TOR-035")
def test_an_audit_that_blames_the_mark_of_the_network_itself_is_invalid() -> None:
    verdict = caught(controlled(LEAD, {**FALL, 0.0: 2.0}))
    assert verdict.outcome is INVALID
    assert verdict.deciding is not None
    assert verdict.deciding.reason == INNOCENT_BLAMED
    assert verdict.deciding.details["loss_unmarked"] > 0.05
    # a loss within the limit is no blame: log-odds of 3 fall by a fifth, which is a point of probability
    assert caught(controlled(LEAD, {**FALL, 0.0: 0.2})).outcome is PASS


@pytest.mark.tor("TOR-036")
def test_a_network_that_is_flagged_itself_hides_the_limit() -> None:
    found = controlled({**LEAD, 0.0: -1.0}, FALL)
    verdict = caught(found)
    assert verdict.outcome is PASS
    assert values(found)["linear"] is None
    hidden = verdict.findings[0]
    assert (hidden.outcome, hidden.advisory, hidden.reason) == (INCONCLUSIVE, True, OWN_RELIANCE)
    assert hidden.details["flagged_unmarked"] is True
    assert verdict.finding("linear/points") is None
    assert verdict.decided_by == "linear/blame"
    assert verdict.deciding is not None
    assert verdict.deciding.founded


@pytest.mark.tor("TOR-035")
def test_a_control_that_says_nothing_is_invalid() -> None:
    found = controlled(LEAD, FALL)
    assert found.planted is not None
    nine = controlled(LEAD, FALL, n=9)
    too_few = replace(found, planted=replace(found.planted, pictures=9, detectors=(), lambdas=()))
    cases = {
        NO_CONTROL: (replace(found, planted=None), {}),
        FEW_MARKED: (too_few, {"pictures": 9, "fewest": 10}),
        ENDS_MISSING: (replace(found, planted=replace(found.planted, lambdas=(0.0, 0.5))), {}),
        NO_LIMITS: (controlled(LEAD, FALL, profile={}), {"rules": ["right_for_the_right_reason"]}),
    }
    for reason, (evidence, details) in cases.items():
        verdict = caught(evidence)
        assert (verdict.outcome, verdict.reason, verdict.details) == (INVALID, reason, details)
    unblamed = caught(replace(nine, planted=found.planted))
    assert unblamed.outcome is INVALID
    assert NOT_BLAMED in {finding.reason for finding in unblamed.findings}
    nobody = control_is_caught(found, flagged_by=(), min_loss=0.05, max_limit_of_detection=0.9)
    assert nobody.outcome is INVALID
    assert nobody.reason == NO_RULE


@pytest.mark.tor("TOR-035")
def test_a_rule_that_cannot_be_evaluated_flags_nothing() -> None:
    broken = {"right_for_the_right_reason": {"max_share": 2.0, "fills": ["mean"], "min_lead": 0.0, "why": "broken"}}
    verdict = caught(controlled(LEAD, FALL, profile=broken))
    assert verdict.outcome is INVALID
