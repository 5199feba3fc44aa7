"""Discordant pairs: pictures that turned worse or better, the bound of what was lost, and what follows."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from checks.baseline.matched import Mask, Pairs
from checks.baseline.result import What
from checks.statistics.bounds import MOST_UNITS, Bounds
from checks.statistics.clusters import independent_n
from checks.statistics.paired_proportions import bounds_by_worth, paired_share_bounds, votes
from checks.statistics.subset import FEWEST
from checks.verdict import Outcome, Profile

QUANTITY: dict[What, str] = {"evidence": "miss_share_increase", "prediction": "accuracy_loss"}
"""Misses are those by experiment, as a share of the pictures."""


class Margin(NamedTuple):
    """What is allowed, and how sure one must be."""

    margin: float
    why: str
    confidence: float


class Turned(NamedTuple):
    """How many pictures turned, of how many."""

    worse: int
    better: int
    n: int
    clusters: int | None = None
    """None where the settings name no column of them."""
    independent: float | None = None
    """How many independent pictures they are worth at worst."""
    votes: tuple[int, int] | None = None
    """Clusters in which more turned worse, and better."""

    @property
    def counted(self) -> dict[str, Any]:
        """The number of pictures as entries of a finding."""
        return {"n": self.n, "clusters": self.clusters, "independent": self.independent}

    @property
    def loss(self) -> float:
        return (self.worse - self.better) / self.n if self.n else 0.0


class Turn(NamedTuple):
    """Masks (n,) of the pictures that are bad on either side, and of those that count."""

    bad_before: Mask
    bad_after: Mask
    counted: Mask
    cluster: NDArray[Any] | None = None

    @property
    def worse(self) -> Mask:
        return self.counted & self.bad_after & ~self.bad_before

    def among(self, here: Mask) -> Turned:
        better = self.counted & self.bad_before & ~self.bad_after
        worse, improved, n = (int((mask & here).sum()) for mask in (self.worse, better, self.counted))
        if self.cluster is None:
            return Turned(worse, improved, n)
        there = self.counted & here
        cluster, change = self.cluster[there], (self.worse.astype(int) - better)[there]
        clusters = len(np.unique(cluster))
        return Turned(worse, improved, n, clusters, independent_n(cluster), votes(change, cluster))


def turns(pairs: Pairs) -> dict[What, Turn]:
    """Evidence: where the baseline was judged by experiment; what the candidate then leaves unjudged is its miss."""
    before, after = pairs.before, pairs.after
    everywhere = before.right | ~before.right
    return {
        "evidence": Turn(before.miss, ~after.judged | after.miss, before.judged, pairs.cluster),
        "prediction": Turn(~before.right, ~after.right, everywhere, pairs.cluster),
    }


def margin_of(profile: Profile) -> Margin:
    """Raises ValueError where the profile fixes none."""
    if profile.non_inferiority is None:
        raise ValueError(f"profile {profile.name} fixes no margin")
    return Margin(profile.non_inferiority.margin, profile.non_inferiority.why, profile.confidence)


def bounds_of(turned: Turned, confidence: float, same: bool) -> Bounds:
    """The bounds of the loss. same: the same network gave the same numbers, so exactly nothing was lost."""
    if same and turned.n:
        return Bounds(0.0, 0.0)
    if turned.independent is None:
        return paired_share_bounds(turned.worse, turned.better, turned.n, confidence)
    return bounds_by_worth(turned.worse, turned.better, turned.n, turned.independent, confidence)


def non_inferior(loss: Bounds, margin: float) -> Outcome:
    """PASS where the upper bound is within the margin, FAIL where the lower one is beyond, else INCONCLUSIVE."""
    if loss.upper < margin:
        return Outcome.PASS
    return Outcome.FAIL if loss.lower > margin else Outcome.INCONCLUSIVE


def further_pictures(turned: Turned, allowed: Margin) -> int | None:
    """Further pictures, or clusters, after which the bound is within the margin, where as many turn.

    None where none would do.
    """
    if turned.n == 0:
        return FEWEST
    if not turned.loss < allowed.margin:
        return None

    worth = turned.n if turned.independent is None else turned.independent

    def enough(further: int) -> bool:
        reached = bounds_by_worth(turned.worse, turned.better, turned.n, worth + further, allowed.confidence)
        return reached.upper < allowed.margin

    further = _least(enough, 0, MOST_UNITS)
    return None if further is None else math.ceil(further * (turned.clusters or turned.n) / worth)


def _least(enough: Callable[[int], bool], low: int, high: int) -> int | None:
    """How many more than `low`, which is not enough, are; None where `high` is not."""
    start = low
    if not enough(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high - start
