"""Bounds against sums written out by hand, and against their own promise."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from checks.statistics import bounds as statistics
from checks.statistics.bounds import Bounds, further_for_mean, further_for_share, mean_bounds, share_bounds
from checks.statistics.subset import FEWEST


def at_most(k: int, n: int, p: float) -> float:
    """P(X <= k), X binomial, by the definition."""
    return sum(comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1))


@pytest.mark.tor("TOR-038")
@given(
    st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.9, 0.95, 0.99])
)
@settings(deadline=None)
def test_share_bounds_solve_the_binomial_equations(k_of_n: tuple[int, int], confidence: float) -> None:
    k, n = k_of_n
    lower, upper = share_bounds(k, n, confidence)
    assert lower <= k / n <= upper
    if k > 0:
        assert 1 - at_most(k - 1, n, lower) == pytest.approx(1 - confidence, abs=1e-9)
    if k < n:
        assert at_most(k, n, upper) == pytest.approx(1 - confidence, abs=1e-9)


@pytest.mark.tor("TOR-038")
def test_share_bounds_known() -> None:
    assert share_bounds(0, 59, 0.95).upper == pytest.approx(0.0495, abs=5e-5)
    assert share_bounds(3, 300, 0.95).upper == pytest.approx(0.0256, abs=5e-5)
    assert share_bounds(0, 0, 0.95) == Bounds(0.0, 1.0)
    assert share_bounds(7, 7, 0.95).upper == 1.0
    assert share_bounds(0, 7, 0.95).lower == 0.0


@pytest.mark.parametrize(("k", "n"), [(-1, 5), (6, 5), (0.5, 5), (float("nan"), 5)])
def test_share_bounds_refuse(k: int, n: int) -> None:
    with pytest.raises(ValueError):
        share_bounds(k, n, 0.95)


@pytest.mark.tor("TOR-038")
@pytest.mark.parametrize(
    ("misses", "limit", "enough"),
    [(0, 0.05, 59), (1, 0.05, 93), (2, 0.05, 124), (0, 0.01, 299), (1, 0.01, 473), (0, 0.001, 2995)],
)
def test_the_published_numbers_are_just_enough(misses: int, limit: float, enough: int) -> None:
    assert further_for_share(misses, enough, limit, 0.95) == 0
    assert share_bounds(misses, enough, 0.95).upper <= limit
    assert share_bounds(misses, enough - 1, 0.95).upper > limit


@pytest.mark.tor("TOR-043")
@pytest.mark.parametrize("n", [1, 10, 40, 58])
def test_no_miss_of_59_shows_five_percent(n: int) -> None:
    assert further_for_share(0, n, 0.05, 0.95) == 59 - n


@pytest.mark.slow
@pytest.mark.tor("TOR-043")
@given(st.integers(1, 40), st.integers(0, 10), st.sampled_from([0.11, 0.32, 0.5]))
@settings(deadline=None)
def test_further_for_share_is_the_smallest_number(n: int, misses: int, limit: float) -> None:
    misses = min(misses, n)
    found = further_for_share(misses, n, limit, 0.95)
    if misses / n >= limit:
        assert found is None
        return
    assert found is not None
    totals = range(n, n + found + 1)
    bounds = [share_bounds(-(-misses * total // n), total, 0.95).upper for total in totals]
    assert bounds[-1] <= limit
    assert all(bound > limit for bound in bounds[:-1])


@pytest.mark.slow
def test_further_for_share_gives_up_where_no_number_would_do() -> None:
    assert further_for_share(0, 0, 0.05, 0.95) is None
    assert further_for_share(4_999, 10_000, 0.5, 0.95) is None


values = st.lists(st.floats(-1, 1), min_size=2, max_size=40)


@pytest.mark.slow
@given(values)
@settings(deadline=None)
def test_mean_bounds_hold_the_mean_and_ignore_the_order(x: list[float]) -> None:
    found = mean_bounds(x, 0.95, seed=0)
    assert found is not None
    assert found.lower <= np.mean(x) + 1e-12
    assert found.upper >= np.mean(x) - 1e-12
    assert mean_bounds(x[::-1], 0.95, seed=0) == found


@pytest.mark.slow
@given(st.integers(0, 2**31), st.integers(FEWEST, 80), st.floats(-1, 1))
@settings(max_examples=30, deadline=None)
def test_mean_bounds_move_with_the_values(seed: int, n: int, shift: float) -> None:
    x = np.random.default_rng(seed).random(n)
    found, moved = mean_bounds(x, 0.95, 0), mean_bounds(x + shift, 0.95, 0)
    assert found is not None
    assert moved is not None
    assert moved == pytest.approx([bound + shift for bound in found], abs=1e-6)


def test_mean_bounds_of_constant_few_and_broken_values() -> None:
    assert mean_bounds([0.3] * 5, 0.95, 0) == Bounds(0.3, 0.3)
    assert mean_bounds([0.3], 0.95, 0) is None
    assert mean_bounds([], 0.95, 0) is None
    for broken in (np.nan, np.inf):
        with pytest.raises(ValueError, match="1 not finite"):
            mean_bounds([0.1, broken, 0.3], 0.95, 0)
        with pytest.raises(ValueError, match="1 not finite"):
            further_for_mean([0.1, broken, 0.3], 0, 0.95)


def test_a_degenerate_bca_falls_back_to_percentiles() -> None:
    """The deviations are so small that their cubes underflow."""
    x = np.array([0.0] * 30 + [1e-160])
    found = mean_bounds(x, 0.95, 0)
    assert found is not None
    assert found.lower <= x.mean() <= found.upper


def test_mean_bounds_are_the_wider_of_bootstrap_and_student() -> None:
    x = np.random.default_rng(1).beta(0.3, 2, 60)
    found = mean_bounds(x, 0.95, 0)
    half = stats.t.ppf(0.95, 59) * x.std(ddof=1) / 60**0.5
    assert found is not None
    assert found.lower == pytest.approx(x.mean() - half)
    assert found.upper > x.mean() + 1.05 * half, "the long tail lies above, which only the bootstrap sees"


def test_two_values_are_no_evidence() -> None:
    found = mean_bounds([0.30, 0.31], 0.95, 0)
    assert found is not None
    assert found.lower < 0.28, "the bootstrap alone would say 0.30"


@pytest.mark.parametrize("shape", [(0.3, 2.0), (2.0, 0.3), (2.0, 2.0)])
def test_the_switch_to_student_moves_no_bound_by_a_tenth_of_an_error(
    shape: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.random.default_rng(2).beta(*shape, statistics.BOOTSTRAP_UP_TO)
    with_bootstrap = mean_bounds(x, 0.95, 0)
    monkeypatch.setattr(statistics, "BOOTSTRAP_UP_TO", 0)
    student = mean_bounds(x, 0.95, 0)
    error = x.std(ddof=1) / len(x) ** 0.5
    assert with_bootstrap is not None
    assert student is not None
    assert np.abs(np.subtract(with_bootstrap, student)).max() < 0.1 * error


@pytest.mark.tor("TOR-043")
def test_further_for_mean() -> None:
    x = np.tile([0.0, 0.2], 10)
    further = further_for_mean(x, 0.09, 0.95)
    assert further is not None
    half = stats.norm.ppf(0.95) * x.std(ddof=1) / (20 + further) ** 0.5
    assert 0.1 - half >= 0.09
    assert 0.1 - half * ((20 + further) / (19 + further)) ** 0.5 < 0.09
    assert further_for_mean(x, 0.1, 0.95) is None
    assert further_for_mean(x, 0.11, 0.95) is None
    assert further_for_mean([0.5], 0.1, 0.95) is None


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.01, 0.05, 0.3])
def test_coverage_of_share_bounds(share: float) -> None:
    """Exact: never less than it says, summed over every outcome."""
    n = 80
    weight = stats.binom.pmf(np.arange(n + 1), n, share)
    bounds = np.array([share_bounds(k, n, 0.95) for k in range(n + 1)])
    assert weight[bounds[:, 0] <= share].sum() >= 0.95
    assert weight[bounds[:, 1] >= share].sum() >= 0.95
