"""When a candidate is called a cue, and what is said of it."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import ArrayLike

from checks import reasons
from checks.rules.no_shared_hotspot import (
    BOUNDED,
    CONFIRMED_BY_HIDING,
    CONFIRMED_BY_PASTING,
    FEW_SEARCHED,
    NOT_CONFIRMED,
    NOT_SEARCHED,
    PASTING_ALONE,
    SEARCH,
    no_shared_hotspot,
)
from checks.statistics.bounds import mean_bounds
from checks.statistics.paired_proportions import paired_share_bounds
from checks.statistics.subset import FEWEST
from checks.table.answers import Given
from checks.table.controls import Cue
from checks.table.evidence import Evidence
from checks.table.variants import KINDS
from checks.verdict import Outcome, Verdict
from fixtures.evidence import bare_profile, make_evidence

PASS, FAIL, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID
N, CLASSES, ASKED = 160, 4, 24
CORNER = (0.0, 0.84, 0.16, 1.0)


def given(log_odds: np.ndarray, place: np.ndarray, predicted: np.ndarray) -> Given:
    return Given(place, 1 / (1 + np.exp(-log_odds)), log_odds, predicted)


def evidence(*cues: Cue, right: float = 1.0) -> Evidence:
    known = np.arange(N) < right * N
    plain = make_evidence({"gradient": np.full(N, 0.5)}, classes=CLASSES, right=known)
    return replace(plain, cues=cues, experiments={"shared_cues": {}}, frame=(112, 112))


def cue(number: int = 1, box: tuple[float, float, float, float] | None = CORNER) -> Cue:
    return Cue(number, 0, "place" if box else "appearance", box, 0.16, 38, 40)


def after_testing(
    found: Evidence, number: int = 1, *, before: float = 2.0, loss: float = 0.0, turned: int = 0, asked: int = ASKED
) -> Evidence:
    """With answers: log-odds `before` where as much is hidden elsewhere, less by `loss` where it is hidden itself."""
    mine, others = (np.flatnonzero(chosen)[:asked] for chosen in (found.class_index == 0, found.class_index != 0))
    jitter = 0.01 * np.linspace(-1, 1, len(mine))
    elsewhere = given(before + jitter, mine, np.zeros(len(mine), np.int64))
    hidden = given(before - loss - 2 * jitter, mine, np.zeros(len(mine), np.int64))
    pasted = np.where(np.arange(len(others)) < turned, 0, found.class_index[others])
    controls = given(np.full(len(others), -4.0), others, found.class_index[others])
    answers = {
        ("model", f"cue {number}", "hidden"): hidden,
        ("model", f"cue {number}", "elsewhere"): elsewhere,
        ("model", f"cue {number}", "pasted"): given(np.full(len(others), -1.0), others, pasted),
        ("model", f"cue {number}", "pasted elsewhere"): controls,
    }
    return replace(found, answers={**found.answers, **answers})


def judged(found: Evidence) -> Verdict:
    return no_shared_hotspot(found, min_loss=0.05, min_turned=0.05, min_searched=0.8)


@pytest.mark.tor("TOR-030")
def test_a_confirmed_cue_is_named() -> None:
    verdict = judged(after_testing(evidence(cue()), loss=4.0, turned=20))
    assert verdict.outcome is FAIL
    finding = verdict.findings[0]
    assert verdict.decided_by == finding.key == "cue 1"
    assert finding.reason == CONFIRMED_BY_HIDING
    assert finding.details == {
        "id": 1,
        "class_index": 0,
        "class_label": "runway",
        "box": list(CORNER),
        "side": 0.16,
        "window": [18, 18],
        "seen_in": 38,
        "pictures": 40,
        "log_odds": pytest.approx(4.0),
        "pasted": 24,
        "turned": 20,
        "turned_elsewhere": 0,
    }
    assert finding.n == ASKED
    assert finding.lower is not None
    assert finding.lower > 0.05
    assert len(finding.worst) == 8


@pytest.mark.tor("TOR-030")
def test_what_hiding_does_not_change_is_no_cue() -> None:
    verdict = judged(after_testing(evidence(cue()), loss=0.02))
    assert verdict.outcome is PASS
    assert (verdict.decided_by, verdict.findings[0].reason) == ("cue 1", "")


def test_saturation_cannot_hide_a_cue() -> None:
    """At log-odds of 20 a loss of 6 is no loss of probability; the other classes' pictures tell."""
    saturated = evidence(cue())
    assert judged(after_testing(saturated, before=20.0, loss=6.0, turned=0)).outcome is PASS
    verdict = judged(after_testing(saturated, before=20.0, loss=6.0, turned=12))
    assert verdict.outcome is FAIL
    assert verdict.findings[0].value == pytest.approx(0, abs=1e-6)
    assert verdict.findings[0].reason == CONFIRMED_BY_PASTING
    assert verdict.findings[0].details["log_odds"] == pytest.approx(6.0)


@pytest.mark.tor("TOR-030")
def test_turning_others_alone_is_neither_a_cue_nor_none() -> None:
    """An object of the class that nobody boxed turns pictures, and so does a mark that overrules the object."""
    verdict = judged(after_testing(evidence(cue()), loss=-0.5, turned=12))
    assert verdict.outcome is INCONCLUSIVE
    assert (verdict.decided_by, verdict.findings[0].reason) == ("cue 1", PASTING_ALONE)


def test_what_reaches_the_limit_without_being_sure_is_inconclusive() -> None:
    found = judged(after_testing(evidence(cue()), before=20.0, loss=6.0, turned=3))
    assert found.outcome is INCONCLUSIVE
    assert (found.decided_by, found.findings[0].outcome) == ("cue 1", INCONCLUSIVE)


@pytest.mark.tor("TOR-030")
def test_bounds_are_stricter_the_more_candidates_there_are() -> None:
    cues = [cue(i) for i in range(1, 9)]
    turned = 10
    alone = after_testing(evidence(cues[0]), before=20.0, loss=6.0, turned=turned)
    assert judged(alone).outcome is FAIL
    among = evidence(*cues)
    for number in range(2, 9):
        among = after_testing(among, number)
    among = after_testing(among, 1, before=20.0, loss=6.0, turned=turned)
    verdict = judged(among)
    assert [f.outcome for f in verdict.findings[1:]] == [PASS] * 8
    assert verdict.findings[0].outcome is INCONCLUSIVE
    assert paired_share_bounds(turned, 0, ASKED, 1 - 0.05 / 2).lower > 0.05
    assert not paired_share_bounds(turned, 0, ASKED, 1 - 0.05 / 16).lower > 0.05
    finding = verdict.findings[1]
    lost = among.answered("cue 2", "elsewhere").probability - among.answered("cue 2", "hidden").probability
    assert finding.upper == mean_bounds(lost[np.isfinite(lost)], 1 - 0.05 / 16, 0).upper  # type: ignore[union-attr]


@pytest.mark.tor("TOR-030")
def test_no_candidate_is_a_pass_only_where_a_search_could_be_made() -> None:
    verdict = judged(evidence())
    assert verdict.outcome is PASS
    assert [finding.key for finding in verdict.findings] == [SEARCH]
    few = judged(evidence(right=0.3))
    assert few.outcome is INCONCLUSIVE
    (search,) = few.findings
    assert search.details == {"classes": 4, "searched": 0, "fewest": FEWEST}
    assert (search.value, search.limit, search.reason) == (0, 0.8, FEW_SEARCHED)
    nothing = replace(make_evidence({"gradient": []}), experiments={"shared_cues": {}})
    assert judged(nothing).outcome is INCONCLUSIVE


@pytest.mark.tor("TOR-030")
def test_a_class_whose_maps_were_drawn_for_few_or_are_dead_was_not_searched() -> None:
    whole = evidence()
    assert judged(whole).outcome is PASS
    first = np.arange(whole.n) < 5
    for starved in (replace(whole, made={"gradient": first}), replace(whole, dead={"gradient": ~first})):
        verdict = judged(starved)
        assert verdict.outcome is INCONCLUSIVE
        assert verdict.findings[0].details["searched"] == 0
    second = {"gradient": first, "gradcam": ~first}
    alive = {"gradient": np.zeros(whole.n, bool), "gradcam": np.zeros(whole.n, bool)}
    both = replace(whole, methods=("gradient", "gradcam"), made=second, dead=alive)
    assert judged(both).outcome is PASS, "one living map of each picture is enough, whichever method made it"


@pytest.mark.tor("TOR-030")
def test_what_could_not_be_searched_passes_where_other_backgrounds_bound_it() -> None:
    few = evidence(right=0.3)
    right, on_others = np.where(few.right, 3.0, -3.0), dict[tuple[str, ...], ArrayLike]()
    for variant in (f"{kind} {number}" for kind in KINDS for number in (1, 2)):
        on_others["background_replaced", variant] = right
    lent = make_evidence({"gradient": np.full(few.n, 0.5)}, classes=4, answers=on_others)
    asked = replace(few, answers={**few.answers, **lent.answers}, notes=lent.notes)
    for limit, outcome in ((0.1, PASS), (0.0, INCONCLUSIVE)):
        limits = {"survives_other_background": {"max_reliance": limit, "why": "as the test needs"}}
        verdict = judged(replace(asked, profile=bare_profile(**limits)))
        assert verdict.outcome is outcome
        assert [(f.key, f.outcome, f.advisory) for f in verdict.findings] == [
            (SEARCH, INCONCLUSIVE, outcome is PASS),
            *([(BOUNDED, PASS, False)] if outcome is PASS else []),
        ]
        if outcome is PASS:
            assert (verdict.decided_by, verdict.findings[-1].quantity) == (BOUNDED, "reliance_on_background")
            assert verdict.findings[-1].founded


@pytest.mark.tor("TOR-030", "TOR-108")
def test_a_candidate_passes_only_by_its_upper_bound() -> None:
    """An estimate within the limit is not enough: the bound is, at the confidence that both ways leave it."""
    found = after_testing(evidence(cue()), loss=0.02)
    noisy = after_testing(evidence(cue()), loss=0.02)
    spread = noisy.answers["model", "cue 1", "hidden"]
    wide = np.where(np.arange(ASKED) % 2 == 0, 0.0, 3.98)
    noisy = replace(
        noisy,
        answers={**noisy.answers, ("model", "cue 1", "hidden"): given(wide, spread.place, spread.predicted)},
    )
    assert judged(found).outcome is PASS
    verdict = judged(noisy)
    finding = verdict.findings[0]
    lost = noisy.answered("cue 1", "elsewhere").probability - noisy.answered("cue 1", "hidden").probability
    assert (finding.outcome, finding.confidence) == (INCONCLUSIVE, 1 - 0.05 / 2)
    assert finding.upper == mean_bounds(lost[np.isfinite(lost)], 1 - 0.05 / 2, 0).upper  # type: ignore[union-attr]
    mild = no_shared_hotspot(noisy, min_loss=0.2, min_turned=0.05, min_searched=0.8).findings[0]
    assert (mild.outcome, mild.reason) == (INCONCLUSIVE, NOT_CONFIRMED)
    assert mild.further


def test_a_confirmed_cue_fails_whatever_was_not_searched() -> None:
    few = evidence(cue(), right=0.45)
    assert judged(few).findings[-1].outcome is INCONCLUSIVE
    assert judged(after_testing(few, loss=4.0)).outcome is FAIL


def test_too_few_pictures_confirm_nothing() -> None:
    verdict = judged(after_testing(evidence(cue()), loss=4.0, turned=8, asked=FEWEST - 1))
    assert verdict.outcome is INCONCLUSIVE
    assert (verdict.findings[0].n, verdict.findings[0].reason) == (FEWEST - 1, reasons.TOO_FEW)


def test_a_study_that_did_not_run_is_invalid() -> None:
    verdict = judged(make_evidence({"gradient": np.full(N, 0.5)}))
    assert verdict.outcome is INVALID
    assert verdict.reason == NOT_SEARCHED


def test_a_candidate_without_answers_is_invalid() -> None:
    verdict = judged(evidence(cue()))
    assert verdict.outcome is INVALID
    assert (verdict.decided_by, verdict.findings[0].reason) == ("cue 1", reasons.NO_PICTURES)


def test_a_candidate_without_a_place_has_a_square_window() -> None:
    anywhere = judged(after_testing(evidence(cue(box=None)), loss=4.0)).findings[0]
    assert (anywhere.details["box"], anywhere.details["window"]) == (None, [18, 18])
    unframed = judged(replace(after_testing(evidence(cue()), loss=4.0), frame=None)).findings[0]
    assert (unframed.details["window"], unframed.details["side"]) == (None, 0.16)
