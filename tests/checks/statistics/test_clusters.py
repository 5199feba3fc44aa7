"""Bounds where pictures share a flight: what they must equal, and what they must never say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from checks.statistics.bootstrap import bca, student
from checks.statistics.bounds import (
    FEWEST_CLUSTERS,
    Bounds,
    further_for_mean,
    mean_bounds,
    share_bounds,
    share_bounds_by_cluster,
    wilson,
)
from checks.statistics.clusters import effective_n, independent_n, standard_error, totals

some_clusters = st.lists(st.tuples(st.floats(-1, 1), st.sampled_from("abcdef")), min_size=2, max_size=40)


def columns(rows: list[tuple[float, str]]) -> tuple[list[float], list[str]]:
    values, cluster = zip(*rows, strict=True)
    return list(values), list(cluster)


@given(some_clusters)
@settings(deadline=None)
def test_totals_by_hand_in_any_order_and_under_any_name(rows: list[tuple[float, str]]) -> None:
    values, cluster = columns(rows)
    sums, sizes = totals(values, cluster)
    by_hand = [(cluster.count(c), sum(v for v, k in rows if k == c)) for c in set(cluster)]
    assert sorted(sizes) == sorted(size for size, _ in by_hand)
    assert sorted(sums) == pytest.approx(sorted(total for _, total in by_hand), abs=1e-9)
    again, sizes_again = totals(values[::-1], [-ord(c) for c in cluster[::-1]])
    assert (again == sums).all(), "to the last bit, or the bootstrap depends on the order"
    assert (sizes_again == sizes).all()


def test_totals_refuse() -> None:
    with pytest.raises(ValueError, match="1 not finite"):
        totals([0.1, np.nan], ["a", "b"])
    with pytest.raises(ValueError, match="need one cluster for each value"):
        totals([0.1, 0.2], ["a"])


def test_independent_n() -> None:
    assert independent_n(np.repeat(np.arange(12), 7)) == pytest.approx(12)
    assert independent_n(["a"] * 9 + ["b"]) == pytest.approx(100 / 82)
    assert independent_n([]) == 0


def test_effective_n_is_n_over_the_design_effect() -> None:
    """deff = 1 + (m - 1) ICC: the classic formula, met on average."""
    rng, m, correlation = np.random.default_rng(0), 5, 0.3
    shared = np.repeat(rng.normal(size=2000), m)
    x = correlation**0.5 * shared + (1 - correlation) ** 0.5 * rng.normal(size=len(shared))
    cluster = np.repeat(np.arange(2000), m)
    assert effective_n(x, cluster) == pytest.approx(len(x) / (1 + (m - 1) * correlation), rel=0.05)
    assert effective_n(shared, cluster) == pytest.approx(2000)
    assert effective_n(x, np.arange(len(x))) == pytest.approx(len(x))


@pytest.mark.slow
@given(some_clusters)
@settings(deadline=None)
def test_effective_n_lies_between_clusters_and_values(rows: list[tuple[float, str]]) -> None:
    values, cluster = columns(rows)
    assert independent_n(cluster) - 1e-9 <= effective_n(values, cluster) <= len(values) + 1e-9


def test_what_never_varies_shows_nothing_about_its_members() -> None:
    assert effective_n(np.zeros(100), np.repeat(np.arange(10), 10)) == pytest.approx(10)


def test_standard_error_leaves_one_cluster_out() -> None:
    rng = np.random.default_rng(1)
    sums, sizes = rng.random(9), rng.integers(1, 8, 9).astype(float)
    mean = sums.sum() / sizes.sum()
    without = [np.delete(sums, i).sum() / np.delete(sizes, i).sum() for i in range(9)]
    assert standard_error(sums, sizes) == pytest.approx((8 / 9 * sum((w - mean) ** 2 for w in without)) ** 0.5)
    assert standard_error(sums, np.ones(9)) == pytest.approx(sums.std(ddof=1) / 3)


@pytest.mark.tor("TOR-040")
def test_share_bounds_by_cluster_count_the_flights() -> None:
    flights = np.repeat(np.arange(59), 20)
    assert share_bounds_by_cluster(np.zeros(59 * 20), flights, 0.95).upper == pytest.approx(
        share_bounds(0, 59, 0.95).upper
    )
    one = np.zeros(59 * 20)
    one[:20] = 1
    assert share_bounds_by_cluster(one, flights, 0.95) == pytest.approx(share_bounds(1, 59, 0.95))
    assert share_bounds_by_cluster(np.zeros(1000), np.zeros(1000), 0.95).upper == pytest.approx(0.95)
    assert share_bounds_by_cluster([], [], 0.95) == Bounds(0.0, 1.0)
    assert share_bounds_by_cluster(np.ones(30), np.arange(30) % 3, 0.95).upper == 1.0


@pytest.mark.slow
@given(st.lists(st.booleans(), min_size=1, max_size=60))
@settings(deadline=None)
def test_pictures_of_their_own_are_counted_one_by_one(hit: list[bool]) -> None:
    found = share_bounds_by_cluster(hit, np.arange(len(hit)), 0.95)
    assert found == pytest.approx(share_bounds(sum(hit), len(hit), 0.95))


@pytest.mark.tor("TOR-040")
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=1, max_size=60))
@settings(deadline=None)
def test_clusters_never_narrow_a_share_and_more_misses_never_help(rows: list[tuple[bool, int]]) -> None:
    hit, cluster = np.array([h for h, _ in rows]), np.array([c for _, c in rows])
    found, naive = share_bounds_by_cluster(hit, cluster, 0.95), share_bounds(int(hit.sum()), len(hit), 0.95)
    assert found.lower <= naive.lower + 1e-9
    assert found.upper >= naive.upper - 1e-9
    if not hit.all():
        worse = hit.copy()
        worse[np.argmin(worse)] = True
        assert share_bounds_by_cluster(worse, cluster, 0.95).upper >= found.upper


def test_share_bounds_by_cluster_refuse() -> None:
    with pytest.raises(ValueError, match="neither 0 nor 1"):
        share_bounds_by_cluster([0, 0.5], ["a", "b"], 0.95)
    with pytest.raises(ValueError, match="1 not finite"):
        share_bounds_by_cluster([0, np.nan], ["a", "b"], 0.95)


def test_wilson_by_the_formula() -> None:
    """Newcombe 1998, table I: 95 % two-sided of 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    published = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (k, n), interval in published.items():
        assert wilson(k, n, 0.975) == pytest.approx(interval, abs=5e-5)
    for k, n in [(0, 7), (1, 9), (50, 80), (80, 80)]:
        interval = stats.binomtest(k, n).proportion_ci(0.9, method="wilson")
        assert wilson(k, n, 0.95) == pytest.approx(tuple(interval), rel=1e-12)
    assert wilson(0, 300, 0.95).upper == pytest.approx(0.0089, abs=5e-5)
    assert wilson(0, 0, 0.95) == Bounds(0.0, 1.0)
    with pytest.raises(ValueError, match="whole numbers"):
        wilson(3, 2, 0.95)


def test_mean_bounds_of_single_values_are_those_without_clusters() -> None:
    x = np.random.default_rng(2).random(40)
    assert mean_bounds(x, 0.95, 0, np.arange(40)) == mean_bounds(x, 0.95, 0)
    assert further_for_mean(x, 0.4, 0.95, np.arange(40)) == further_for_mean(x, 0.4, 0.95)


@pytest.mark.tor("TOR-040")
def test_mean_bounds_of_copies_are_those_of_the_originals() -> None:
    """Twenty frames of a flight that do not differ tell as much as one."""
    x = np.random.default_rng(3).random(40)
    copies, flights = np.repeat(x, 20), np.repeat(np.arange(40), 20)
    found, ignored = mean_bounds(copies, 0.95, 0, flights), mean_bounds(copies, 0.95, 0)
    assert found == pytest.approx(mean_bounds(x, 0.95, 0))
    assert found is not None
    assert ignored is not None
    assert found.upper - found.lower > 4 * (ignored.upper - ignored.lower)
    assert further_for_mean(copies, 0.45, 0.95, flights) == further_for_mean(x, 0.45, 0.95)


def test_mean_bounds_ignore_the_order_and_the_names() -> None:
    rng = np.random.default_rng(4)
    x, cluster, order = rng.random(400), rng.integers(0, 50, 400), rng.permutation(400)
    renamed = np.array([f"flight {c * 7 % 50}" for c in cluster])
    assert mean_bounds(x[order], 0.95, 0, renamed[order]) == mean_bounds(x, 0.95, 0, cluster)


@pytest.mark.tor("TOR-040")
def test_few_clusters_are_no_evidence() -> None:
    x = np.random.default_rng(5).random(20 * FEWEST_CLUSTERS)
    assert mean_bounds(x, 0.95, 0, np.arange(len(x)) % FEWEST_CLUSTERS) is not None
    assert mean_bounds(x, 0.95, 0, np.arange(len(x)) % (FEWEST_CLUSTERS - 1)) is None
    dominated = np.where(np.arange(len(x)) < len(x) // 2, 0, np.arange(len(x)))
    assert mean_bounds(x, 0.95, 0, dominated) is None, "many clusters, of which one holds half of the values"
    assert mean_bounds(np.full(len(x), 0.3), 0.95, 0, np.arange(len(x)) % 40) == Bounds(0.3, 0.3)


@pytest.mark.parametrize("members", [1, 4])
def test_student_and_bca_of_a_stack_are_those_of_each(members: int) -> None:
    rng = np.random.default_rng(6)
    sums, alike = rng.random((3, 30)), np.full(30, float(members))
    for sizes in (alike, np.arange(1.0, 31.0)):
        assert np.array(student(sums, sizes, 0.95))[:, 1] == pytest.approx(np.array(student(sums[1], sizes, 0.95)))
        assert np.array(bca(sums, sizes, 0.95, 0))[:, 1] == pytest.approx(np.array(bca(sums[1], sizes, 0.95, 0)))


def test_bca_by_the_formula() -> None:
    """Efron 1987: bias from the share of resamples below the estimate, acceleration from leaving out one cluster."""
    rng = np.random.default_rng(7)
    sums, sizes = rng.beta(0.5, 2, 40) * 5, rng.integers(1, 9, 40).astype(float)
    subset = np.random.default_rng(8).integers(0, 40, (40_000, 40))
    means, mean = np.sort(sums[subset].sum(1) / sizes[subset].sum(1)), sums.sum() / sizes.sum()
    without = (sums.sum() - sums) / (sizes.sum() - sizes)
    change = without.mean() - without
    acceleration = (change**3).sum() / (6 * (change**2).sum() ** 1.5)
    bias = stats.norm.ppf((means < mean).mean())
    for side, tail in zip(bca(sums, sizes, 0.95, 0), (0.05, 0.95), strict=True):
        z = stats.norm.ppf(tail)
        level = stats.norm.cdf(bias + (bias + z) / (1 - acceleration * (bias + z)))
        assert side == pytest.approx(np.quantile(means, level), abs=0.02 * (means[-1] - means[0]))
