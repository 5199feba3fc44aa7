"""A candidate against a baseline: published intervals, exact tests, and what must not pass."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.statistics.bounds import Bounds
from checks.statistics.paired_proportions import (
    CONTINUITY,
    paired_share_bounds,
    paired_share_bounds_by_cluster,
    regression_p,
    score,
    tango,
    votes,
)

tables = st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(0, 30)).filter(lambda t: sum(t) > 0)


@pytest.mark.tor("TOR-042")
@pytest.mark.parametrize(
    ("worse", "better", "n", "confidence", "published"),
    [
        (1, 7, 21, 0.975, (-0.517, -0.026)),  # Fagerland, Lydersen and Laake 2014, table V
        (16, 8, 86, 0.975, (-0.020, 0.207)),  # Agresti and Min 2005
        (28, 25, 618, 0.95, (-0.0148, 0.0247)),  # the R package PropCIs, scoreci.mp(25, 28, 618, 0.9)
        (0, 1, 44, 0.95, (-0.096, 0.037)),  # the lenses of Tango 1998
    ],
)
def test_tango_gives_the_published_intervals(
    worse: int, better: int, n: int, confidence: float, published: tuple[float, float]
) -> None:
    digits = 4 if n == 618 else 3
    assert tango(worse, better, n, confidence) == pytest.approx(published, abs=0.51 * 10**-digits)


def test_nothing_discordant_is_wilsons_interval() -> None:
    z2 = 1.6448536269514722**2
    assert tango(0, 0, 52, 0.95) == pytest.approx((-z2 / (52 + z2), z2 / (52 + z2)))


@pytest.mark.slow
@pytest.mark.tor("TOR-042")
@given(tables, st.sampled_from([0.9, 0.95, 0.99]))
@settings(deadline=None)
def test_tango_solves_the_score_equation(table: tuple[int, int, int], confidence: float) -> None:
    worse, better, same = table
    n = worse + better + same
    bounds, wider = tango(worse, better, n, confidence), paired_share_bounds(worse, better, n, confidence)
    z = {0.9: 1.2815515655446004, 0.95: 1.6448536269514722, 0.99: 2.3263478740408408}[confidence]
    assert -1 <= wider.lower <= bounds.lower <= (worse - better) / n <= bounds.upper <= wider.upper <= 1
    if wider.upper < 1:
        assert score(worse, better, n, bounds.upper) == pytest.approx(-z, abs=1e-5)
        assert score(worse, better, n, wider.upper, CONTINUITY) == pytest.approx(-z, abs=1e-5)
    mirrored = tango(better, worse, n, confidence)
    assert mirrored == pytest.approx((-bounds.upper, -bounds.lower), abs=1e-9)


@given(st.integers(0, 8), st.integers(0, 8), st.integers(1, 30), st.floats(-0.6, 0.6))
@settings(max_examples=60, deadline=None)
def test_the_nuisance_maximises_the_likelihood(worse: int, better: int, same: int, difference: float) -> None:
    n = worse + better + same
    q = np.linspace(max(0.0, -difference), (1 - difference) / 2, 20_001)[1:-1]
    likelihood = worse * np.log(q + difference) + better * np.log(q) + same * np.log1p(-2 * q - difference)
    best = q[np.argmax(likelihood)]
    variance = n * (2 * best + difference - difference**2)
    expected = (worse - better - n * difference) / variance**0.5
    assert score(worse, better, n, difference) == pytest.approx(expected, rel=0.02, abs=0.02)


def test_edges_of_tango() -> None:
    assert tango(0, 0, 0, 0.95) == Bounds(-1.0, 1.0)
    assert tango(5, 0, 5, 0.95).upper == 1.0
    assert tango(0, 5, 5, 0.95).lower == -1.0
    assert tango(3, 1, 20, 0.5) == pytest.approx((0.1, 0.1))
    for worse, better, n in ((-1, 0, 5), (3, 3, 5), (float("nan"), 0, 5)):
        with pytest.raises(ValueError, match="need counts that n can hold"):
            tango(worse, better, n, 0.95)
    for confidence in (0.4, 1.0, float("nan")):
        with pytest.raises(ValueError, match="need at least"):
            tango(0, 0, 5, confidence)


def test_seventy_pictures_without_a_difference_show_five_percent() -> None:
    assert paired_share_bounds(0, 0, 70, 0.95).upper < 0.05
    assert paired_share_bounds(0, 0, 69, 0.95).upper > 0.05


@pytest.mark.tor("TOR-042")
def test_not_significantly_worse_is_no_pass() -> None:
    assert regression_p(6, 1) > 0.05
    assert paired_share_bounds(6, 1, 80, 0.95).upper > 0.05


def test_paired_bounds_by_cluster() -> None:
    difference = np.array([1, 1, -1] + [0] * 97)
    assert paired_share_bounds_by_cluster(difference, np.arange(100), 0.95) == pytest.approx(
        paired_share_bounds(2, 1, 100, 0.95)
    )
    flights = np.repeat(np.arange(100), 8)
    assert paired_share_bounds_by_cluster(np.repeat(difference, 8), flights, 0.95) == pytest.approx(
        paired_share_bounds(2, 1, 100, 0.95)
    )
    assert paired_share_bounds_by_cluster([], [], 0.95) == Bounds(-1.0, 1.0)
    assert paired_share_bounds_by_cluster([1, 1, -1], ["a", "a", "b"], 0.95).upper == pytest.approx(
        tango(1.2, 0.6, 1.8, 0.95, CONTINUITY).upper
    )
    with pytest.raises(ValueError, match="none of -1, 0, 1"):
        paired_share_bounds_by_cluster([0.5], ["a"], 0.95)


@given(st.integers(0, 20), st.integers(0, 20))
def test_regression_p_counts_the_coins(worse: int, better: int) -> None:
    n = worse + better
    assert regression_p(worse, better) == pytest.approx(sum(comb(n, i) for i in range(worse, n + 1)) / 2**n)


def test_regression_p_of_a_published_table() -> None:
    """Fagerland, Lydersen and Laake 2014: 7 against 1, two-sided exact McNemar 0.070."""
    assert 2 * regression_p(7, 1) == pytest.approx(0.070, abs=5e-4)


def test_votes_are_by_cluster() -> None:
    assert votes([1, 1, -1, -1, -1, 0], ["a", "a", "a", "b", "b", "c"]) == (1, 1)
    assert votes([1, -1], ["a", "a"]) == (0, 0)
