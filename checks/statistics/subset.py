"""Some pictures of the evidence: how many, of how many clusters, and what they show. Rules take their bounds here."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from checks.statistics.bounds import (
    FEWEST_CLUSTERS,
    Bounds,
    further_for_mean,
    further_for_share,
    further_for_share_by_cluster,
    mean_bounds,
    share_bounds,
    share_bounds_by_cluster,
)
from checks.statistics.clusters import independent_n
from checks.statistics.gain import ROUNDING, gain_bounds
from checks.statistics.paired_proportions import paired_share_bounds, paired_share_bounds_by_cluster
from checks.statistics.tolerance import enough_for_tolerance, tolerance_bounds
from checks.verdict import Tolerance

FEWEST = 20
"""Pictures. With fewer, a 95 % bound of a skewed score holds in under 90 % of all draws (`test_coverage_*`)."""
COVERAGE = 0.95
"""Coverage of the tolerance bound beside a mean."""


@dataclass(frozen=True, eq=False)
class Subset:
    """n pictures. Where the settings name a cluster, each bound takes whole clusters, and what is further counts them.

    values, hit: (n,) in the pictures' order.
    """

    n: int
    confidence: float
    seed: int
    cluster: NDArray[Any] | None = None
    """(n,) ids; None where the settings name none."""

    @cached_property
    def clusters(self) -> int | None:
        return None if self.cluster is None else len(np.unique(self.cluster))

    @cached_property
    def independent(self) -> float | None:
        """How many independent pictures they are worth at worst, where all of a cluster are alike."""
        return None if self.cluster is None else independent_n(self.cluster)

    @property
    def counted(self) -> dict[str, Any]:
        """As entries of a finding."""
        return {
            "n": self.n,
            "clusters": self.clusters,
            "independent": self.independent,
            "confidence": self.confidence,
        }

    @property
    def missing(self) -> int:
        """How many further ones a mean needs before it has a bound to rely on; 0 where there are enough."""
        if self.clusters is None or self.independent is None or self.clusters == self.n > 0:
            return max(0, FEWEST - self.n)
        if self.n == 0:
            return FEWEST_CLUSTERS
        return max(0, math.ceil((FEWEST_CLUSTERS - self.independent) * self.clusters / self.independent))

    @property
    def enough(self) -> bool:
        return self.missing == 0

    def share(self, hit: ArrayLike) -> Bounds:
        if self.cluster is None:
            return share_bounds(int(np.sum(hit)), self.n, self.confidence)
        return share_bounds_by_cluster(hit, self.cluster, self.confidence)

    def mean(self, values: ArrayLike) -> Bounds | None:
        return mean_bounds(values, self.confidence, self.seed, self.cluster)

    def gain(self, values: ArrayLike) -> Bounds | None:
        return gain_bounds(values, self.confidence, self.seed, self.cluster)

    def paired(self, difference: ArrayLike) -> Bounds:
        """Bounds of the mean of 1, -1 and 0."""
        x = np.asarray(difference, dtype=np.float64)
        if self.cluster is None:
            return paired_share_bounds(int((x > 0).sum()), int((x < 0).sum()), self.n, self.confidence)
        return paired_share_bounds_by_cluster(x, self.cluster, self.confidence)

    def tolerance(self, values: ArrayLike) -> Tolerance:
        bounds = tolerance_bounds(values, COVERAGE, self.confidence, self.cluster)
        needed = None if bounds else enough_for_tolerance(COVERAGE, self.confidence)
        return Tolerance(coverage=COVERAGE, lower=bounds.lower if bounds else None, needed=needed)

    def further_for_share(self, miss: ArrayLike, limit: float) -> int | None:
        if self.cluster is None:
            return further_for_share(int(np.sum(miss)), self.n, limit, self.confidence)
        return further_for_share_by_cluster(miss, self.cluster, limit, self.confidence)

    def further_for_gain(self, values: ArrayLike, limit: float) -> int | None:
        """After which the upper bound of `gain` is within the limit: that of the mean, and that of the exact share."""
        x = np.asarray(values, dtype=np.float64)
        by_mean = self.further_for_mean(1 - x, 1 - limit)
        if not self.n or by_mean is None:
            return by_mean
        hit = np.zeros(self.n, bool)
        hit[np.argsort(-x, kind="stable")[: math.ceil(max(0.0, math.fsum(x)) - ROUNDING)]] = True
        by_share = self.further_for_share(hit, limit)
        return None if by_share is None else max(by_mean, by_share)

    def further_at_no_gain(self, limit: float) -> int | None:
        """After which the upper bound of `gain` is within the limit, if every value is 0."""
        none = np.zeros(self.n)
        bounds = self.gain(none)
        within = bounds is not None and self.enough and bounds.upper <= limit
        return 0 if within else self.further_for_gain(none, limit) if self.n else self.missing

    def further_for_mean(self, values: ArrayLike, limit: float) -> int | None:
        return self.missing or further_for_mean(values, limit, self.confidence, self.cluster)
