"""The stratified sample: every unit stands the same chance, and bounds hold as they do without strata."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import beta, binom

from audit.errors import AuditError
from audit.sampling import CONFIDENCE, Unit, fewest, sampled, wanted
from audit.settings_sample import SampleTable
from checks.statistics.subset import Subset


def units(counts: dict[tuple[str, str], int]) -> list[Unit]:
    return [
        Unit(f"{label}-{weather}-{number}.jpg", label, {"weather": weather})
        for (label, weather), count in counts.items()
        for number in range(count)
    ]


MIXED = {("car", "sun"): 70, ("car", "rain"): 13, ("van", "sun"): 30, ("van", "rain"): 7, ("bus", "fog"): 1}


@pytest.mark.tor("TOR-127")
@given(n=st.integers(1, 120), seed=st.integers(0, 2**31 - 1))
def test_each_stratum_has_its_share_to_within_one(n: int, seed: int) -> None:
    some = sampled(units(MIXED), {"n": n, "by": ["label", "weather"]}, seed)
    assert some is not None
    assert len(set(some.numbers)) == n == sum(stratum.drawn for stratum in some.strata)
    assert sorted(some.numbers) == list(some.numbers)
    assert {stratum.values: stratum.of for stratum in some.strata} == MIXED
    assert all(abs(stratum.drawn - n * stratum.of / 121) < 1 for stratum in some.strata)


@pytest.mark.tor("TOR-127")
def test_every_sample_stands_the_same_chance() -> None:
    """Of 121 by 40 in 2,000 draws: each is drawn 661 times on average, within five standard deviations."""
    there = units(MIXED)
    often = Counter(
        number
        for seed in range(2000)
        for number in sampled(there, {"n": 40, "by": ["weather"]}, seed).numbers  # type: ignore[union-attr]
    )
    counts = np.array([often[number] for number in range(len(there))])
    p = 40 / 121
    assert np.abs(counts - 2000 * p).max() < 5 * np.sqrt(2000 * p * (1 - p))


@pytest.mark.tor("TOR-127")
def test_the_draw_goes_by_the_seed_and_not_by_the_order() -> None:
    there = units(MIXED)
    backwards = there[::-1]
    one, other = (sampled(side, {"n": 30, "by": ["label"]}, 7) for side in (there, backwards))
    again = sampled(there, {"n": 30, "by": ["label"]}, 8)
    assert one and other and again
    assert {there[n].image for n in one.numbers} == {backwards[n].image for n in other.numbers}
    assert one.numbers != again.numbers
    assert sampled(there, {"n": 121}, 0) is None


@pytest.mark.slow
@pytest.mark.tor("TOR-127")
@pytest.mark.parametrize("shares", [(0.5, 0.5, 0.5), (0.02, 0.3, 0.9), (0.0, 0.0, 1.0)])
def test_exact_bounds_hold_over_the_draws(shares: tuple[float, ...]) -> None:
    """Misses are spread unevenly over the strata: no more than one bound in twenty fails, to within chance."""
    there = units({("car", "sun"): 500, ("car", "rain"): 300, ("van", "sun"): 200})
    rng = np.random.default_rng(0)
    share_of = {("car", "sun"): shares[0], ("car", "rain"): shares[1], ("van", "sun"): shares[2]}
    missed = np.array([rng.random() < share_of[unit.label, unit.metadata["weather"]] for unit in there])
    true, draws = missed.mean(), 600
    fails = np.zeros(2)
    for seed in range(draws):
        some = sampled(there, {"n": 60, "by": ["label", "weather"]}, seed)
        assert some is not None
        lower, upper = Subset(60, 0.95, 0, None).share(missed[list(some.numbers)])
        fails += [true < lower, true > upper]
    assert fails.max() <= binom.ppf(0.9999, draws, 0.05)


@pytest.mark.tor("TOR-127")
@pytest.mark.parametrize("points", [0.5, 1, 2, 5, 20])
def test_a_precision_is_the_fewest_that_reach_it(points: float) -> None:
    """Found by a plain search from below."""

    def near(n: int) -> bool:
        return bool(beta.ppf(CONFIDENCE, n // 2 + 1, n - n // 2) - 0.5 <= points / 100)

    n = fewest(points)
    assert near(n)
    assert not any(near(smaller) for smaller in range(2, n, 2))
    assert wanted({"precision": f"{points} points", "n": None}) == n


def test_two_points_take_so_many() -> None:
    assert (fewest(2), fewest(1)) == (1740, 6862)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, "need either n or precision"),
        ({"n": 5, "precision": "2 points"}, "need either n or precision"),
        ({"precision": "2 %"}, "need points from 0.1 on"),
        ({"precision": "0.01 points"}, "need points from 0.1 on"),
        ({"n": 0}, "greater than 0"),
        ({"n": 5, "of": 3}, "Extra inputs"),
    ],
)
def test_what_asks_for_no_sample_is_refused(table: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        SampleTable.model_validate(table)


def test_a_column_that_no_sample_has_is_refused() -> None:
    with pytest.raises(AuditError, match=r"data\.sample\.by = 'wether' is no column; did you mean 'weather'\?"):
        sampled(units(MIXED), {"n": 5, "by": ["wether"]}, 0)
