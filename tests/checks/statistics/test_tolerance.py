"""The 95/95 bound of the tail: the order statistics of the textbooks, and clusters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from checks.statistics.bounds import Bounds
from checks.statistics.tolerance import enough_for_tolerance, tolerance_bounds


@pytest.mark.parametrize(("n", "rank"), [(59, 1), (92, 1), (93, 2), (123, 2), (124, 3), (299, 9)])
def test_the_published_ranks(n: int, rank: int) -> None:
    values = np.random.default_rng(0).permutation(n).astype(float)
    assert tolerance_bounds(values, 0.95, 0.95) == Bounds(rank - 1, n - rank)


@pytest.mark.parametrize(
    ("coverage", "confidence", "enough"), [(0.95, 0.95, 59), (0.9, 0.95, 29), (0.99, 0.95, 299), (0.95, 0.99, 90)]
)
def test_enough_is_just_enough(coverage: float, confidence: float, enough: int) -> None:
    assert enough_for_tolerance(coverage, confidence) == enough
    assert tolerance_bounds(np.arange(enough), coverage, confidence) == Bounds(0, enough - 1)
    assert tolerance_bounds(np.arange(enough - 1), coverage, confidence) is None


@given(st.integers(1, 400), st.sampled_from([0.9, 0.95]), st.sampled_from([0.9, 0.95, 0.99]))
@settings(deadline=None)
def test_the_rank_is_the_largest_that_holds(n: int, coverage: float, confidence: float) -> None:
    """The k-th lowest of n uniform numbers is beta(k, n - k + 1)."""
    found = tolerance_bounds(np.arange(1, n + 1), coverage, confidence)
    rank = 0 if found is None else int(found.lower)
    if rank:
        assert stats.beta.cdf(1 - coverage, rank, n - rank + 1) >= confidence - 1e-12
    assert stats.beta.cdf(1 - coverage, rank + 1, n - rank) < confidence


@pytest.mark.slow
@given(st.lists(st.integers(0, 50), min_size=59, max_size=150))
@settings(max_examples=30, deadline=None)
def test_clusters_of_one_change_nothing(values: list[int]) -> None:
    alone = tolerance_bounds(values, 0.95, 0.95)
    clustered = tolerance_bounds(values, 0.95, 0.95, np.arange(len(values)))
    assert alone == clustered


def test_frames_of_a_flight_do_not_count_twice() -> None:
    values, flights = np.arange(600.0), np.repeat(np.arange(60), 10)
    assert tolerance_bounds(values, 0.95, 0.95) == Bounds(20, 579)
    assert tolerance_bounds(values, 0.95, 0.95, flights) == Bounds(0, 599)
    assert tolerance_bounds(values[:580], 0.95, 0.95, flights[:580]) is None


def test_tolerance_refuses() -> None:
    assert tolerance_bounds([], 0.95, 0.95) is None
    with pytest.raises(ValueError, match="1 not finite"):
        tolerance_bounds([0.1, np.nan], 0.95, 0.95)
    with pytest.raises(ValueError, match="between 0 and 1"):
        enough_for_tolerance(1.0, 0.95)
