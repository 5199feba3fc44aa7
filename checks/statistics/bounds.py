"""Confidence bounds, and how many pictures would be enough. Everything rests on scipy; NaN in raises, never passes.

Pictures of one flight or one patient are fewer than they look: bounds take the cluster of each value.
What each bound holds in simulation is printed by `python -m benchmarks.coverage`.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from checks.statistics.bootstrap import bca, student
from checks.statistics.clusters import independent_n, standard_error, totals

BOOTSTRAP_UP_TO = 2_000
"""Clusters. Beyond, skewness moves a bound by under a tenth of a standard error, and Student's t alone will do."""
FEWEST_CLUSTERS = 30
"""By `independent_n`. With 20 of one size, a 95 % bound of the mean of a skewed score holds in 92 % of all draws."""
FEWEST_OF_A_MEAN = 2
"""Values, or clusters: one alone shows no spread."""
MOST_UNITS = 100_000
"""Where the search for a sufficient number ends."""


class Bounds(NamedTuple):
    """Two one-sided bounds: each holds with the stated confidence, not both together."""

    lower: float
    upper: float


def share_bounds(k: int, n: int, confidence: float) -> Bounds:
    """Exact one-sided bounds of the share behind k of n (Clopper and Pearson 1934). Nothing seen: (0, 1).

    Raises ValueError where k or n is no whole number, or not 0 <= k <= n.
    """
    _whole(k, n)
    _share(confidence)
    return clopper_pearson(k, n, confidence)


def share_bounds_by_cluster(hit: ArrayLike, cluster: ArrayLike, confidence: float) -> Bounds:
    """One-sided bounds of the share behind `hit` (n,), ones and zeros, where members of a cluster may be all alike.

    Clopper and Pearson with `independent_n` for n, as Korn and Graubard 1998 do with an effective n, but with the
    worst one instead of an estimate. An estimate knows nothing of a kind of flight that has not been seen, so that a
    gate on it lets through far more than it says where few clusters hold most of the misses.
    59 flights of one size without a miss show 5 %, however many pictures each has.
    One value in each cluster gives `share_bounds`.
    Raises ValueError where a value is neither 0 nor 1, and as `totals`.
    """
    sums, sizes = totals(hit, cluster)
    _share(confidence)
    if not np.isin(np.asarray(hit, dtype=np.float64), (0.0, 1.0)).all():
        raise ValueError("a value is neither 0 nor 1; need hits and misses")
    if not len(sums):
        return Bounds(0.0, 1.0)
    n = independent_n(cluster)
    return clopper_pearson(n * float(sums.sum() / sizes.sum()), n, confidence)


def clopper_pearson(k: float, n: float, confidence: float) -> Bounds:
    """Their bounds for numbers that need not be whole, since clusters are worth so many. 0 <= k <= n."""
    return Bounds(
        lower=float(scipy.special.betaincinv(k, n - k + 1, 1 - confidence)) if k > 0 else 0.0,
        upper=float(scipy.special.betaincinv(k + 1, n - k, confidence)) if k < n else 1.0,
    )


def wilson(k: int, n: int, confidence: float) -> Bounds:
    """Score bounds of the share behind k of n (Wilson 1927), each one-sided. For plots and tables: they gate nothing.

    Nothing seen: (0, 1). Raises ValueError as `share_bounds`.
    """
    _whole(k, n)
    _share(confidence)
    if n == 0:
        return Bounds(0.0, 1.0)
    z, share = float(scipy.special.ndtri(confidence)), k / n
    middle, shrink = share + z * z / (2 * n), 1 + z * z / n
    half = z * math.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    return Bounds((middle - half) / shrink if k > 0 else 0.0, (middle + half) / shrink if k < n else 1.0)


def mean_bounds(values: ArrayLike, confidence: float, seed: int, cluster: ArrayLike | None = None) -> Bounds | None:
    """One-sided bounds of the mean of `values` (n,): the wider of BCa bootstrap and Student's t.

    The bootstrap (Efron 1987, BCa) follows skewness, but knows no spread that it has not seen, so that it is too narrow
    for few values; Student's t is wide for few values, but symmetric. Order does not matter.
    cluster: (n,) ids. Whole clusters are resampled then, and t is cluster-robust (`standard_error`).
    None for n < 2, and for clusters that are worth less than `FEWEST_CLUSTERS`, unless each has one value only.
    Raises ValueError for NaN and infinity.
    """
    x = np.sort(_finite(values))
    _share(confidence)
    sums, sizes = (x, np.ones(len(x))) if cluster is None else totals(values, cluster)
    if len(sums) < FEWEST_OF_A_MEAN or (
        cluster is not None and len(sums) < len(x) and independent_n(cluster) < FEWEST_CLUSTERS
    ):
        return None
    if x[0] == x[-1]:
        return Bounds(float(x[0]), float(x[0]))
    lower, upper = student(sums, sizes, confidence)
    if len(sums) <= BOOTSTRAP_UP_TO:
        low, high = _resampled(sums.tobytes(), sizes.astype(np.float64).tobytes(), confidence, seed)
        lower, upper = np.minimum(lower, low), np.maximum(upper, high)
    return Bounds(float(lower), float(upper))


@lru_cache(maxsize=4096)
def _resampled(sums: bytes, sizes: bytes, confidence: float, seed: int) -> tuple[float, float]:
    """BCa bounds, remembered: a record is judged again by `verify`, by a comparison and by each test of a session."""
    low, high = bca(np.frombuffer(sums), np.frombuffer(sizes), confidence, seed)
    return float(low), float(high)


def further_for_share(misses: int, n: int, limit: float, confidence: float) -> int | None:
    """Further units after which the exact upper bound of the miss share is within `limit`, at the observed rate.

    Misses to come are rounded up. 0 where it is within already; None where the observed share is not under the limit,
    where nothing was seen, or where `MOST_UNITS` would not do. Raises ValueError as `share_bounds`.
    """
    _whole(misses, n)
    _share(confidence)
    _share(limit)
    if n == 0 or misses >= limit * n:
        return None
    first = n
    while first <= MOST_UNITS:
        units = np.arange(first, 2 * first, dtype=np.int64)
        expected = -(-misses * units // n)
        enough = np.asarray(scipy.special.bdtr(expected, units, limit) <= 1 - confidence)
        if enough.any():
            return int(units[np.argmax(enough)]) - n
        first *= 2
    return None


def further_for_share_by_cluster(miss: ArrayLike, cluster: ArrayLike, limit: float, confidence: float) -> int | None:
    """Further clusters, of sizes as those seen, after which `share_bounds_by_cluster` of `miss` (n,) is within `limit`.

    At the observed rate, which need not be a whole number of clusters. Else as `further_for_share`.
    """
    sums, sizes = totals(miss, cluster)
    _share(confidence)
    _share(limit)
    rate = float(sums.sum() / sizes.sum()) if len(sums) else 1.0
    if not rate < limit:
        return None
    worth = independent_n(cluster)
    units = np.arange(MOST_UNITS + 1) + worth
    enough = np.asarray(scipy.special.betainc(rate * units + 1, units * (1 - rate), limit) >= confidence)
    return math.ceil(np.argmax(enough) * len(sums) / worth) if enough.any() else None


def further_for_mean(
    values: ArrayLike, limit: float, confidence: float, cluster: ArrayLike | None = None
) -> int | None:
    """Further clusters (values, where no cluster is given) after which the lower bound of the mean exceeds `limit`.

    At the observed mean, deviation and sizes. Normal approximation, at least 1. None where the mean is not over the
    limit, where there are fewer than two, or where `MOST_UNITS` would not do. Raises ValueError for NaN.
    """
    x = _finite(values)
    _share(confidence)
    sums, sizes = (x, np.ones(len(x))) if cluster is None else totals(values, cluster)
    units = len(sums)
    if units < 2 or not x.mean() > limit:
        return None
    deviation = float(standard_error(sums, sizes)) * math.sqrt(units)
    needed = float((scipy.special.ndtri(confidence) * deviation / (x.mean() - limit)) ** 2)
    return max(1, math.ceil(needed) - units) if needed <= MOST_UNITS else None


def _finite(values: ArrayLike) -> NDArray[np.float64]:
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or not np.isfinite(x).all():
        raise ValueError(f"shape {x.shape} with {int((~np.isfinite(x)).sum())} not finite; need finite numbers (n,)")
    return x


def _whole(k: int, n: int) -> None:
    if not (k == int(k) and n == int(n) and 0 <= k <= n):
        raise ValueError(f"{k} of {n}; need whole numbers with 0 <= k <= n")


def _share(value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{value} is no share; need 0 to 1")
