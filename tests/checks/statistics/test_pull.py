"""The pull of a class against a plain loop, its coverage, and what must not change it."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.statistics.pull import Lent, Pull, pull_of

PICTURES, CLASSES, LENDERS, DONORS = 120, 4, 48, 4


def lent(
    seed: int, pull: float, rest: float, of_lender: float = 0.0, of_picture: float = 0.0, cut: float = 0.0
) -> Lent:
    """Logits of class 0: `rest` in its own pictures, `pull` with what its pictures lent, and noise."""
    rng = np.random.default_rng(seed)
    label = np.arange(PICTURES) % CLASSES
    lender = rng.integers(0, LENDERS, (DONORS, PICTURES))
    of_class = lender % CLASSES == 0
    logit = cut + rest * (label == 0) + pull * of_class + rng.normal(0, 0.3, lender.shape)
    logit += of_lender * rng.normal(size=LENDERS)[lender] + of_picture * rng.normal(size=PICTURES)
    return Lent(logit, of_class, lender, label == 0, np.arange(PICTURES))


def pulled(of: Lent, confidence: float = 0.95) -> Pull:
    pull = pull_of(of, confidence)
    assert pull is not None
    return pull


def plain(of: Lent) -> tuple[float, float]:
    """B and O by loops over pictures and donors."""
    pulls, rests, others = [], [], []
    for i, own in enumerate(of.own):
        given_it = [of.logit[v, i] for v in range(len(of.logit)) if of.of_class[v, i]]
        neither = [of.logit[v, i] for v in range(len(of.logit)) if not of.of_class[v, i]]
        if own:
            rests += [np.mean(neither)] if neither else []
        else:
            others += [np.mean(neither)] if neither else []
            pulls += [np.mean(given_it) - np.mean(neither)] if given_it and neither else []
    return float(np.mean(pulls)), float(np.mean(rests) - np.mean(others))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), pull=st.floats(-2, 2), rest=st.floats(-1, 5))
def test_pull_and_rest_are_those_of_a_plain_loop(seed: int, pull: float, rest: float) -> None:
    of = lent(seed, pull, rest, of_lender=0.3, of_picture=0.5)
    both = pulled(of)
    assert (both.pull, both.rest) == pytest.approx(plain(of))
    if both.pull + both.rest > 0 and both.rest > 0:
        assert both.share == pytest.approx(both.pull / (both.pull + both.rest))
    assert both.bounds.lower <= both.share <= both.bounds.upper
    assert 0 <= both.p <= 1


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), factor=st.floats(0.1, 10), cut=st.floats(-3, 3))
def test_neither_temperature_nor_the_cut_changes_the_share(seed: int, factor: float, cut: float) -> None:
    of, hotter = lent(seed, 1.0, 3.0), lent(seed, 1.0, 3.0, cut=cut)
    other = pulled(hotter._replace(logit=factor * hotter.logit))
    assert (other.share, *other.bounds, other.p) == pytest.approx(
        (pulled(of).share, *pulled(of).bounds, pulled(of).p), rel=1e-6, abs=1e-9
    )


@pytest.mark.parametrize(
    "lacking",
    [
        lambda of: of._replace(own=np.arange(PICTURES) < 9),
        lambda of: of._replace(lender=of.lender % 9),
        lambda of: of._replace(unit=np.arange(PICTURES) % 9),
        lambda of: of._replace(logit=np.full_like(of.logit, np.nan)),
        lambda of: of._replace(of_class=np.zeros_like(of.of_class)),
    ],
)
def test_too_few_of_anything_say_nothing(lacking: Callable[[Lent], Lent]) -> None:
    assert pull_of(lacking(lent(0, 1.0, 1.0)), 0.95) is None


def test_where_the_rest_speaks_against_the_class_all_evidence_is_the_regions() -> None:
    assert pulled(lent(1, 1.0, -2.0))[2:4] == (1, (1, 1))
    assert pulled(lent(1, 0.0, -2.0)).bounds == (0, 1)
    assert pulled(lent(1, -1.0, -2.0))[2:4] == (0, (0, 1))


def test_a_cluster_counts_as_one() -> None:
    rng = np.random.default_rng(5)
    of = lent(5, 1.0, 2.0)
    shared = of._replace(unit=np.arange(PICTURES) // 2, logit=of.logit + np.repeat(rng.normal(size=PICTURES // 2), 2))
    alone, together = pulled(shared._replace(unit=np.arange(PICTURES))), pulled(shared)
    assert together.share == alone.share
    assert together.bounds != alone.bounds


@pytest.mark.slow
@pytest.mark.parametrize(("of_lender", "of_picture"), [(0.0, 0.0), (0.5, 0.0), (0.0, 1.0), (0.4, 0.8)])
def test_bounds_hold_and_nothing_is_called_a_pull_too_often(of_lender: float, of_picture: float) -> None:
    draws = [lent(seed, 0.8, 3.2, of_lender, of_picture) for seed in range(400)]
    share = 0.8 / 4.0
    assert np.mean([pulled(of).bounds.lower <= share for of in draws]) >= 0.93
    assert np.mean([pulled(of).bounds.upper >= share for of in draws]) >= 0.93
    none = [pulled(lent(seed, 0.0, 3.2, of_lender, of_picture)).p <= 0.05 for seed in range(400)]
    assert np.mean(none) <= 0.07
