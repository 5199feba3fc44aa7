"""What the tail of a score is like: a bound that most pictures keep, whatever the score's distribution."""

import math

import numpy as np
import scipy
from numpy.typing import ArrayLike

from checks.statistics.bounds import Bounds, share_bounds_by_cluster
from checks.statistics.clusters import totals


def tolerance_bounds(
    values: ArrayLike, coverage: float, confidence: float, cluster: ArrayLike | None = None
) -> Bounds | None:
    """With the stated confidence, the share `coverage` of pictures is at least `lower`; and as many at most `upper`.

    The bounds are values of the sample (n,): the k-th lowest and the k-th highest, k by the binomial distribution
    (Wilks 1941). Each holds alone. With clusters, the value under which a share of pictures lies that
    `share_bounds_by_cluster` still shows to be within 1 - coverage.
    None where too few were seen, see `enough_for_tolerance`. Raises ValueError for NaN, infinity, and other shapes.
    """
    x = np.sort(totals(values, np.arange(len(np.asarray(values))))[0])
    if cluster is None:
        k = _rank(len(x), coverage, confidence)
        return Bounds(float(x[k - 1]), float(x[-k])) if k > 0 else None
    lower = _lowest_shown(values, cluster, coverage, confidence)
    upper = _lowest_shown(-np.asarray(values, dtype=np.float64), cluster, coverage, confidence)
    return Bounds(lower, -upper) if lower is not None and upper is not None else None


def enough_for_tolerance(coverage: float, confidence: float) -> int:
    """The fewest independent pictures, or clusters of one size, for `tolerance_bounds`: 59 for 95 % and 95 %."""
    if not (0 < coverage < 1 and 0 < confidence < 1):
        raise ValueError(f"coverage {coverage}, confidence {confidence}; need both between 0 and 1")
    return math.ceil(math.log1p(-confidence) / math.log(coverage))


def _rank(n: int, coverage: float, confidence: float) -> int:
    """The largest k with P(fewer than k of n lie in a tail of 1 - coverage) <= 1 - confidence; 0 for none."""
    return int(scipy.stats.binom.ppf(1 - confidence, n, 1 - coverage)) if n else 0


def _lowest_shown(values: ArrayLike, cluster: ArrayLike, coverage: float, confidence: float) -> float | None:
    """The highest value of the sample under which a share of at most 1 - coverage is shown to lie. Bisection."""
    x = np.asarray(values, dtype=np.float64)
    candidates = np.unique(x)

    def shown(rank: int) -> bool:
        below = x < candidates[rank]
        return share_bounds_by_cluster(below, cluster, confidence).upper <= 1 - coverage

    if not len(x) or not shown(0):
        return None
    least, beyond = 0, len(candidates)
    while beyond - least > 1:
        middle = (least + beyond) // 2
        least, beyond = (middle, beyond) if shown(middle) else (least, middle)
    return float(candidates[least])
