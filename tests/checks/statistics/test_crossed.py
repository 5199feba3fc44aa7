"""Bounds for other pictures on other backgrounds, where a few backgrounds were lent to all pictures."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from checks.rules.survives_other_background import survives_other_background
from checks.statistics.bounds import Bounds, clopper_pearson, mean_bounds, share_bounds
from checks.statistics.crossed import Loans, lender_bounds, lenders
from checks.statistics.gain import gain_bounds
from checks.swaps.verdict import FEW_LENDERS, NAMELESS
from checks.table.evidence import Evidence
from checks.verdict import Outcome
from fixtures.evidence import make_evidence

SURE = 0.95
Floats = NDArray[np.float64]


def bounds(parts: Sequence[Loans]) -> tuple[float, Bounds, Bounds]:
    """The mean, its bounds by the pictures alone, and by pictures and lenders."""
    each = np.sum([part.sign * part.each for part in parts], axis=0)
    alone = gain_bounds(each, SURE, 0)
    assert alone is not None
    return float(each.mean()), alone, lender_bounds(float(each.mean()), alone, parts, SURE, 0)


def subset(rng: np.random.Generator, pictures: int, count: int, sign: int = 1, share: float = 0.3) -> Loans:
    """Three answers to each picture, each 1 with this share, on backgrounds of so many lenders; some are missing."""
    value = (rng.random((3, pictures)) < share).astype(np.float64)
    value[1:][rng.random((2, pictures)) < 0.2] = np.nan
    return Loans(sign, value, rng.integers(0, count, (3, pictures)))


def test_where_nobody_lends_twice_the_pictures_bounds_stand() -> None:
    value = (np.arange(120).reshape(3, 40) % 7 == 0).astype(np.float64)
    _, alone, both = bounds([Loans(1, value, np.arange(120).reshape(3, 40))])
    assert both == alone
    mine = np.tile(np.arange(40), (3, 1))
    assert bounds([Loans(1, value, mine)])[2] == alone, "one lender for each picture, three times"


@pytest.mark.parametrize(("pictures", "count"), [(100, 64), (400, 32)])
def test_no_loss_is_as_certain_as_the_backgrounds_are_many(pictures: int, count: int) -> None:
    value = np.zeros((2, pictures))
    lender = np.stack([np.arange(pictures) % count, (np.arange(pictures) + 1) % count])
    _, alone, both = bounds([Loans(1, value, lender)])
    used = np.bincount(lender.ravel())
    worth = used.sum() ** 2 / (used**2).sum()
    assert alone.upper == share_bounds(0, pictures, SURE).upper
    assert both.upper == pytest.approx(math.hypot(alone.upper, 1 - (1 - SURE) ** (1 / worth)))
    assert both.lower == 0


@pytest.mark.slow
@given(st.integers(0, 10**6), st.integers(2, 40), st.integers(2, 30))
@settings(max_examples=25, deadline=None)
def test_a_slow_count_agrees(seed: int, pictures: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    parts = [subset(rng, pictures, count), subset(rng, pictures, count, sign=-1)]
    mean, alone, both = bounds(parts)
    moved: dict[int, float] = {}
    use: dict[int, float] = {}
    lent_to: dict[int, set[int]] = {}
    for part in parts:
        average = sum(np.nanmean(part.value[:, i]) for i in range(pictures)) / pictures
        for i in range(pictures):
            asked = [v for v in range(3) if np.isfinite(part.value[v, i])]
            for v in asked:
                weight, who = 1 / (len(asked) * pictures), int(part.lender[v, i])
                moved[who] = moved.get(who, 0.0) + part.sign * weight * (part.value[v, i] - average)
                use[who] = use.get(who, 0.0) + weight
                lent_to.setdefault(who, set()).add(i)
    plain = mean_bounds([mean + len(moved) * round(each, 12) for each in moved.values()], SURE, 0)
    assert lenders(parts) == len(moved)
    if plain is None:
        assert both.lower <= -1
        assert both.upper >= 1
        return
    worth = sum(use.values()) ** 2 / sum(each**2 for each in use.values())
    hits = math.ceil(len(moved) * max(0.0, mean) - 1e-6)
    exact = clopper_pearson(worth * min(hits, len(moved)) / len(moved), worth, SURE)
    upper = max(plain.upper, exact.upper)
    if max(map(len, lent_to.values())) > 1:
        assert both.upper == pytest.approx(mean + math.hypot(alone.upper - mean, upper - mean), abs=1e-9)
    assert both.upper >= alone.upper
    assert both.lower <= alone.lower


def test_the_order_of_pictures_and_answers_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    part = subset(rng, 60, 20)
    order = rng.permutation(60)
    turned = Loans(1, part.value[::-1, order], part.lender[::-1, order])
    assert bounds([turned])[2] == pytest.approx(bounds([part])[2])


def cue_in_an_eighth(seed: int, pictures: int, count: int) -> Loans:
    """Three of so many backgrounds behind each picture; one of eight in the world has a mark that costs the label."""
    rng = np.random.default_rng(seed)
    marked = rng.random(count) < 1 / 8
    lender = np.stack([rng.permutation(count)[:3] for _ in range(pictures)], axis=1)
    return Loans(1, marked[lender].astype(np.float64), lender)


@pytest.mark.slow
@pytest.mark.tor("TOR-028")
@pytest.mark.parametrize("count", [64, 128])
def test_coverage_where_a_few_backgrounds_carry_a_cue(count: int) -> None:
    """The pictures' bounds alone lie under the truth far oftener than they say; those of both do not."""
    found = [bounds([cue_in_an_eighth(seed, 400, count)]) for seed in range(200)]
    assert sum(alone.upper < 1 / 8 for _, alone, _ in found) > 0.15 * len(found)
    assert sum(both.upper < 1 / 8 for _, _, both in found) <= 0.075 * len(found)
    assert sum(both.lower > 1 / 8 for _, _, both in found) <= 0.075 * len(found)


def asked(loans: Loans, **changed: Any) -> Evidence:
    """Pictures predicted right. The label stands on each background of its own class, and falls where the loan is 1."""
    n = loans.value.shape[1]
    answers: dict[tuple[str, ...], Floats] = {}
    notes: dict[tuple[str, str], Floats] = {}
    for k, (lost, lender) in enumerate(zip(loans.value, loans.lender, strict=True), 1):
        answers["background_replaced", f"other {k}"] = np.where(lost == 1, -3.0, 3.0)
        answers["background_replaced", f"same {k}"] = np.full(n, 3.0)
        for kind in ("other", "same"):
            notes["background_replaced", f"donor of {kind} {k}"] = lender.astype(np.float64)
    return replace(make_evidence({"gradient": np.full(n, 0.5)}, answers=answers), notes=notes, **changed)


def with_bad_lenders(bad: int, count: int) -> Evidence:
    """Of each forty backgrounds, so many cost the label behind whatever picture."""
    loans = cue_in_an_eighth(0, 4_000, count)
    return asked(loans._replace(value=(loans.lender % 40 < bad).astype(np.float64)))


@pytest.mark.tor("TOR-028")
@pytest.mark.parametrize("bad", [0, 1, 2])
def test_as_many_lenders_as_are_asked_for_decide(bad: int) -> None:
    few = survives_other_background(with_bad_lenders(bad, 40), max_reliance=0.07).findings[0]
    assert (few.reason, few.details["lenders"]) == (FEW_LENDERS, 40)
    needed = few.details["lenders_needed"]
    assert needed > 40
    enough = survives_other_background(with_bad_lenders(bad, -(-needed // 40) * 40), max_reliance=0.07)
    assert enough.outcome is Outcome.PASS


@pytest.mark.tor("TOR-028")
def test_a_few_backgrounds_without_the_cue_do_not_pass_for_many() -> None:
    loans = cue_in_an_eighth(0, 400, 24)
    none = loans._replace(value=np.zeros_like(loans.value))
    verdict = survives_other_background(asked(none), max_reliance=0.1)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.findings[0].further is None
    details = verdict.findings[0].details
    assert (verdict.findings[0].n, details["lenders"], details["right_on_own"]) == (400, 24, 1.0)
    assert verdict.findings[0].reason == FEW_LENDERS
    assert 24 < details["lenders_needed"] <= 64
    many = none._replace(lender=cue_in_an_eighth(0, 400, 64).lender)
    assert survives_other_background(asked(many), max_reliance=0.1).outcome is Outcome.PASS


@pytest.mark.tor("TOR-028")
def test_pictures_of_one_cluster_lend_as_one() -> None:
    loans = cue_in_an_eighth(0, 400, 64)
    none = loans._replace(value=np.zeros_like(loans.value))
    assert survives_other_background(asked(none), max_reliance=0.1).outcome is Outcome.PASS
    flights = np.array([f"flight {number % 16}" for number in range(400)])
    verdict = survives_other_background(asked(none, cluster_of=flights), max_reliance=0.1)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.findings[0].upper == pytest.approx(
        math.hypot(share_bounds(0, 400, SURE).upper, share_bounds(0, 16, SURE).upper), rel=0.05
    )


@pytest.mark.tor("TOR-048")
def test_a_record_that_does_not_name_its_lenders_is_invalid() -> None:
    evidence = asked(cue_in_an_eighth(0, 80, 64))
    notes = {key: np.where(np.arange(80) < 3, np.nan, values) for key, values in evidence.notes.items()}
    verdict = survives_other_background(replace(evidence, notes=notes), max_reliance=0.1)
    assert verdict.outcome is Outcome.INVALID
    assert verdict.reason == NAMELESS
    assert verdict.details == {"intervention": "background_replaced", "variant": "same 1", "pictures": 3}
