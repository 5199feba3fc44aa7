"""The rules on maps: relevance against chance and against null maps."""

import numpy as np
import pytest

from checks import reasons
from checks.rules.relevance_beats_chance import relevance_beats_chance
from checks.rules.relevance_beats_null_maps import (
    ALIKE,
    BEHIND,
    LACKS_REQUIRED,
    NO_NULL_MAP,
    REQUIRED,
    SHORT_OF_MARGIN,
    relevance_beats_null_maps,
)
from checks.statistics.subset import FEWEST
from fixtures.evidence import make_evidence
from fixtures.rules import FAIL, INCONCLUSIVE, INVALID, NULL_MAPS, PASS, deciding, spread


@pytest.mark.tor("TOR-037")
def test_chance_pass() -> None:
    verdict = relevance_beats_chance(make_evidence({"gradient": spread(0.412, 100, 0.05)}), margin=0.0)
    (finding,) = verdict.findings
    assert verdict.outcome is finding.outcome is PASS
    assert finding.value == pytest.approx(0.262)
    assert finding.lower is not None
    assert 0.25 < finding.lower < 0.262
    assert finding.chance == pytest.approx(0.15)
    assert (finding.limit, finding.n) == (0.0, 100)
    assert finding.worst[:3] == (0, 1, 2)
    assert finding.details == {"method": "gradient", "mass": pytest.approx(0.412)}
    assert finding.reason == ""


@pytest.mark.tor("TOR-037")
def test_chance_fail() -> None:
    verdict = relevance_beats_chance(make_evidence({"gradient": spread(0.05, 100, 0.05)}), margin=0.0)
    finding = deciding(verdict)
    assert verdict.outcome is finding.outcome is FAIL
    assert finding.reason == reasons.BEYOND_LIMIT
    assert finding.details["mass"] == pytest.approx(0.05)
    assert finding.chance == pytest.approx(0.15)
    assert finding.upper is not None
    assert finding.upper < 0


@pytest.mark.tor("TOR-043")
def test_chance_inconclusive_says_how_many_pictures() -> None:
    verdict = relevance_beats_chance(make_evidence({"gradient": spread(0.16, 40, 0.3)}), margin=0.0)
    (finding,) = verdict.findings
    assert verdict.outcome is INCONCLUSIVE
    assert finding.further is not None
    more = relevance_beats_chance(make_evidence({"gradient": spread(0.16, 40 + finding.further, 0.3)}), margin=0.0)
    assert more.outcome is PASS
    assert finding.reason == reasons.UNDECIDED


def test_chance_exactly_is_no_more_than_chance() -> None:
    verdict = relevance_beats_chance(make_evidence({"uniform": [0.15] * 100}), margin=0.0)
    assert verdict.outcome is INCONCLUSIVE
    assert (verdict.findings[0].further, verdict.findings[0].reason) == (None, reasons.UNDECIDED)


@pytest.mark.parametrize("noise", [3e-8, -3e-8])
def test_rounding_is_neither_pass_nor_fail(noise: float) -> None:
    assert relevance_beats_chance(make_evidence({"flat": [0.15 + noise] * 100}), margin=0.0).outcome is INCONCLUSIVE


@pytest.mark.tor("TOR-043")
@pytest.mark.parametrize("n", [1, 2, FEWEST - 1])
def test_too_few_pictures_decide_nothing(n: int) -> None:
    verdict = relevance_beats_chance(make_evidence({"gradient": [0.9] * n}), margin=0.0)
    assert verdict.outcome is INCONCLUSIVE
    assert (verdict.findings[0].further, verdict.findings[0].reason) == (FEWEST - n, reasons.TOO_FEW)


@pytest.mark.tor("TOR-037")
def test_chance_takes_the_worst_method() -> None:
    verdict = relevance_beats_chance(
        make_evidence({"good": spread(0.5, 80), "bad": spread(0.05, 80, 0.05), "meh": spread(0.15, 80)}), margin=0.0
    )
    assert [finding.outcome for finding in verdict.findings] == [PASS, FAIL, INCONCLUSIVE]
    assert verdict.outcome is FAIL
    assert verdict.decided_by == "bad"


def test_dead_maps_are_left_out_of_the_mean_and_paired_with_their_own_area() -> None:
    mass, area = np.array([0.9, np.nan] * 40), np.array([0.3, 0.99] * 40)
    (finding,) = relevance_beats_chance(make_evidence({"gradient": mass}, area=area), margin=0.0).findings
    assert finding.n == 40
    assert finding.value == pytest.approx(0.6)
    assert finding.chance == pytest.approx(0.3)


@pytest.mark.tor("TOR-048")
def test_a_living_map_without_a_score_is_invalid() -> None:
    evidence = make_evidence({"gradient": [*spread(0.5, 79), np.nan]})
    evidence.dead["gradient"][:] = False
    verdict = relevance_beats_chance(evidence, margin=0.0)
    assert verdict.outcome is INVALID
    assert (verdict.findings[0].worst, verdict.findings[0].reason) == ((79,), reasons.NO_SCORE)


@pytest.mark.tor("TOR-037")
def test_null_maps_pass() -> None:
    evidence = make_evidence({"a": spread(0.5, 80)}, {"centre": spread(0.2, 80), "edges": spread(0.3, 80)[::-1]})
    verdict = relevance_beats_null_maps(evidence, margin=0.0)
    assert verdict.outcome is PASS
    assert [finding.key for finding in verdict.findings] == ["a/centre", "a/edges"]
    assert verdict.decided_by == "a/edges", "the closest"
    assert [finding.value for finding in verdict.findings] == [pytest.approx(0.3), pytest.approx(0.2)]
    assert [finding.chance for finding in verdict.findings] == [pytest.approx(0.2), pytest.approx(0.3)]


def test_a_null_map_that_does_better_is_inconclusive_and_never_a_failure() -> None:
    evidence = make_evidence({"a": spread(0.4, 80)}, {"centre": spread(0.6, 80), "edges": spread(0.2, 80)})
    verdict = relevance_beats_null_maps(evidence, margin=0.0)
    assert [finding.outcome for finding in verdict.findings] == [INCONCLUSIVE, PASS]
    assert verdict.outcome is INCONCLUSIVE
    finding = deciding(verdict)
    assert (finding.key, finding.reason, finding.n) == ("a/centre", BEHIND, 80)
    assert finding.details["mean"] == pytest.approx(0.4)
    assert finding.chance == pytest.approx(0.6)
    assert finding.upper == pytest.approx(-0.2)


def test_a_lead_for_certain_that_is_short_of_the_margin_says_so() -> None:
    evidence = make_evidence({"a": spread(0.49, 80, 0.05)}, {"centre": np.full(80, 0.2)})
    verdict = relevance_beats_null_maps(evidence, margin=0.3)
    finding = deciding(verdict)
    assert verdict.outcome is finding.outcome is INCONCLUSIVE
    assert (finding.reason, finding.further, finding.limit) == (SHORT_OF_MARGIN, None, 0.3)
    assert finding.value == pytest.approx(0.29)
    sure = relevance_beats_null_maps(evidence, margin=0.285)
    assert sure.outcome is INCONCLUSIVE
    assert deciding(sure).reason == SHORT_OF_MARGIN
    assert deciding(sure).further is not None


def test_a_null_map_that_cannot_be_told_apart_says_so() -> None:
    evidence = make_evidence({"a": spread(0.4, 80)}, {"centre": np.full(80, 0.4)})
    verdict = relevance_beats_null_maps(evidence, margin=0.01)
    assert verdict.outcome is INCONCLUSIVE
    assert (deciding(verdict).reason, deciding(verdict).further) == (ALIKE, None)


def test_few_pictures_make_nothing_certain() -> None:
    few = {"centre": np.full(FEWEST - 1, 0.2)}
    for mean in (0.1, 0.9):
        verdict = relevance_beats_null_maps(make_evidence({"a": spread(mean, FEWEST - 1)}, few), margin=0.0)
        assert deciding(verdict).reason == reasons.TOO_FEW


@pytest.mark.tor("TOR-037")
def test_a_required_null_map_that_the_record_lacks_is_invalid() -> None:
    evidence = make_evidence({"a": spread(0.5, 80)}, {"centre": spread(0.2, 80)})
    assert relevance_beats_null_maps(evidence, margin=0.0, required=("centre",)).outcome is PASS
    verdict = relevance_beats_null_maps(evidence, margin=0.0, required=NULL_MAPS)
    assert verdict.outcome is INVALID
    assert (verdict.decided_by, deciding(verdict).reason) == (REQUIRED, LACKS_REQUIRED)
    assert deciding(verdict).details == {"missing": ["uniform", "edges", "random_model"]}


def test_null_maps_ahead_but_too_few_pictures() -> None:
    evidence = make_evidence({"a": spread(0.42, 40, 0.3)}, {"centre": np.full(40, 0.4)})
    verdict = relevance_beats_null_maps(evidence, margin=0.0)
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.findings[0].further is not None
    assert verdict.findings[0].reason == ALIKE


@pytest.mark.tor("TOR-037")
def test_null_maps_are_paired_where_both_live() -> None:
    method, centre = spread(0.5, 80), np.full(80, 0.1)
    method[:10], centre[5:15] = np.nan, np.nan
    evidence = make_evidence({"a": method}, {"centre": centre})
    evidence.made["centre"][60:] = False
    (finding,) = relevance_beats_null_maps(evidence, margin=0.0).findings
    assert finding.n == 45
    assert finding.value == pytest.approx(method[15:60].mean() - 0.1)


@pytest.mark.parametrize("alive", [0, 1, FEWEST - 1])
def test_a_null_map_with_too_few_pictures_is_inconclusive(alive: int) -> None:
    evidence = make_evidence({"a": spread(0.5, 80)}, {"centre": np.full(80, 0.1)})
    evidence.made["centre"][alive:] = False
    assert relevance_beats_null_maps(evidence, margin=0.0).outcome is INCONCLUSIVE


@pytest.mark.tor("TOR-037")
def test_no_null_map_is_invalid() -> None:
    verdict = relevance_beats_null_maps(make_evidence({"a": spread(0.5, 80)}), margin=0.0)
    assert (verdict.outcome, verdict.reason, verdict.findings) == (INVALID, NO_NULL_MAP, ())
    nothing = relevance_beats_null_maps(make_evidence({}), margin=0.0)
    assert (nothing.outcome, nothing.reason) == (INVALID, reasons.NO_METHOD)


def test_null_maps_by_auc() -> None:
    evidence = make_evidence({"a": spread(0.2, 80)}, {"centre": spread(0.4, 80)})
    evidence.scores["a"]["auc"][:] = 0.9
    verdict = relevance_beats_null_maps(evidence, margin=0.0, measure="auc")
    assert verdict.outcome is PASS
    assert (deciding(verdict).quantity, str(deciding(verdict).unit)) == ("auc_over_null_map", "auc")
    assert deciding(verdict).details["mean"] == pytest.approx(0.9)
    assert deciding(verdict).chance == pytest.approx(0.4)
