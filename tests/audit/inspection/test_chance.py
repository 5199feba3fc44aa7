"""Neighbours and what chance does, against slow plain oracles."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from audit.inspection.chance import Tally, _graph, _variances, critical, tail, tally
from audit.inspection.neighbours import Edges, Floats, Ints, neighbours


def plain_neighbours(values: Floats, group: Ints, k: int) -> list[set[int]]:
    """One picture after the other, one distance after the other."""
    found = []
    for i in range(len(values)):
        others = [j for j in range(len(values)) if group[j] != group[i]]
        others.sort(key=lambda j: sum((values[i] - values[j]) ** 2))
        found.append(set(others[:k]))
    return found


@pytest.mark.parametrize(("n", "k"), [(5, 1), (30, 3), (700, 9)])
def test_neighbours_are_the_nearest_outside_the_group(n: int, k: int) -> None:
    rng = np.random.default_rng(n)
    values = (rng.permutation(n * 2)[: n * 2].reshape(n, 2) * 10.0).astype(np.float32)
    group = rng.integers(0, n // 2, n)
    edges = neighbours(values, group, k, 0)
    some = rng.permutation(n)[:20]
    slow = plain_neighbours(values[:, :].astype(np.float64), group, k) if n < 100 else None
    for i in some:
        near = set(edges.target[edges.source == i].tolist())
        if slow is not None:
            distance = np.sort([((values[i] - values[j]) ** 2).sum() for j in slow[i]])
        else:
            apart = ((values - values[i]) ** 2).sum(axis=1)
            distance = np.sort(apart[group != group[i]])[:k]
        assert len(near) == min(k, int((group != group[i]).sum()))
        assert not near & set(np.flatnonzero(group == group[i]).tolist())
        reached = np.sort([((values[i] - values[j]) ** 2).sum() for j in near])
        assert reached == pytest.approx(distance, rel=0.02)  # chance lies between nearly equal ones
    assert np.bincount(edges.source, edges.weight) == pytest.approx(1)


def test_of_equal_values_chance_decides() -> None:
    edges = neighbours(np.zeros((40, 1), np.float32), np.arange(40), 3, 0)
    assert len(set(edges.target.tolist())) > 30
    assert not (edges.source == edges.target).any()


def test_whoever_has_no_neighbour_is_not_counted() -> None:
    edges = neighbours(np.zeros((4, 1), np.float32), np.zeros(4, np.int64), 3, 0)
    assert len(edges.source) == 0
    pooled, single = tally(edges, np.array([0, 0, 1, 1]), np.zeros(4, np.int64), 2, 0)
    assert pooled.n == 0 and pooled.p == 1.0 and all(one.p == 1.0 for one in single)
    assert critical(0.05, pooled) is None


@settings(max_examples=10)
@given(st.integers(0, 1000))
def test_the_variance_is_that_of_all_ways_to_deal_the_labels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    label = np.array([0, 0, 0, 1, 1, 2])
    source, target = rng.integers(0, 6, (2, 9))
    keep = source != target
    source, target, weight = source[keep], target[keep], rng.random(int(keep.sum()))
    deals = np.array(list(set(permutations(label.tolist()))))
    every = [
        [(weight * (deal[source] == deal[target]) * (deal[source] == c)).sum() for c in range(3)] for deal in deals
    ]
    sums = np.column_stack([every, np.sum(every, axis=1)])
    shown = _variances(_graph(source, target, weight), np.bincount(label).astype(np.float64))
    assert shown == pytest.approx(sums.var(axis=0), abs=1e-9)


def test_p_is_never_smaller_than_labels_can_be_dealt() -> None:
    """Two classes of five, told perfectly: 2 of 252 ways show as much."""
    label = np.repeat([0, 1], 5)
    edges = neighbours(label[:, None].astype(np.float32), np.arange(10), 2, 0)
    pooled, single = tally(edges, label, np.arange(10), 2, 0)
    assert pooled.share == 1.0 and pooled.p >= 2 / 252 - 1e-12
    assert single[0].p >= 1 / 252 - 1e-12
    assert critical(1e-4, pooled) is None


@given(st.floats(-3, 8), st.floats(0.002, 2))
def test_the_tail_is_that_of_pearson_iii(z: float, skewness: float) -> None:
    assert float(tail(z, skewness)) == pytest.approx(float(stats.pearson3.sf(z, skewness)), rel=1e-4, abs=1e-12)


@given(st.floats(1e-5, 0.05), st.floats(0, 1.5), st.floats(0.05, 0.5), st.floats(0.01, 0.05))
def test_the_critical_share_is_where_p_meets_the_level(level: float, skew: float, chance: float, spread: float) -> None:
    share = critical(level, Tally(0.0, chance, spread, skew, 0.0, 100))
    if share is not None:
        assert Tally(share, chance, spread, skew, 0.0, 100).p == pytest.approx(level, rel=1e-3)


def test_members_of_a_cluster_count_once() -> None:
    """Forty frames of two films, alike within: no evidence, whatever they show."""
    rng = np.random.default_rng(0)
    label, group = np.repeat([0, 1], 20), np.repeat([0, 1, 2, 3], 10)
    values = (label[:, None] + 0.01 * rng.normal(size=(40, 2))).astype(np.float32)
    assert tally(neighbours(values, group, 3, 0), label, group, 2, 0)[0].p > 0.05
    assert tally(neighbours(values, np.arange(40), 3, 0), label, np.arange(40), 2, 0)[0].p < 1e-6


def test_chance_is_what_a_neighbour_from_outside_would_do() -> None:
    label, group = np.array([0, 0, 1, 1, 1]), np.array([0, 1, 1, 2, 3])
    edges = Edges(np.arange(5), np.array([1, 3, 3, 4, 0]), np.ones(5))
    allowed = [1 / 4, 1 / 3, 2 / 3, 2 / 4, 2 / 4]
    assert tally(edges, label, group, 2, 0)[0].chance == pytest.approx(np.mean(allowed))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dimensions", "shares", "members", "k"),
    [(48, [1 / 6] * 6, 1, 9), (2, [0.8, 0.2], 1, 9), (1, [0.5, 0.5], 1, 3), (2, [1 / 3] * 3, 4, 3)],
)
def test_under_labels_by_chance_p_is_as_rare_as_it_says(
    dimensions: int, shares: list[float], members: int, k: int
) -> None:
    rng, small = np.random.default_rng(0), []
    for _ in range(800):
        label = np.repeat(rng.choice(len(shares), 100 // members, p=shares), members)
        group = np.repeat(np.arange(100 // members), members)
        values = np.repeat(rng.normal(size=(100 // members, dimensions)), members, axis=0)
        edges = neighbours(values.astype(np.float32), group, k, int(rng.integers(2**31)))
        small.append(tally(edges, label, group, len(shares), 0)[0].p)
    for level in (0.05, 0.01):
        allowed = stats.binom.ppf(0.999, len(small), level * 1.3)
        assert np.sum(np.array(small) <= level) <= allowed
