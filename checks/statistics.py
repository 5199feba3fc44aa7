"""Confidence bounds, and how many pictures would be enough. Everything rests on scipy; NaN in raises, never passes.

n counts independent units: pictures of one approach or one patient are fewer than they look.
"""

import math
import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

RESAMPLES = 9_999
BOOTSTRAP_UP_TO = 2_000
"""Values. Beyond, skewness moves a bound by under a tenth of a standard error, and Student's t alone will do."""
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
    return Bounds(
        lower=float(stats.beta.ppf(1 - confidence, k, n - k + 1)) if k > 0 else 0.0,
        upper=float(stats.beta.ppf(confidence, k + 1, n - k)) if k < n else 1.0,
    )


def mean_bounds(values: ArrayLike, confidence: float, seed: int) -> Bounds | None:
    """One-sided bounds of the mean of `values` (n,): the wider of BCa bootstrap and Student's t.

    The bootstrap (Efron 1987, BCa) follows skewness, but knows no spread that it has not seen, so that it is too narrow
    for few values; Student's t is wide for few values, but symmetric. Order does not matter. None for n < 2.
    Raises ValueError for NaN and infinity.
    """
    x = np.sort(_finite(values))
    _share(confidence)
    if len(x) < 2:
        return None
    if x[0] == x[-1]:
        return Bounds(float(x[0]), float(x[0]))
    half = float(stats.t.ppf(confidence, len(x) - 1)) * _standard_error(x)
    student = Bounds(float(x.mean()) - half, float(x.mean()) + half)
    if len(x) > BOOTSTRAP_UP_TO:
        return student
    bootstrap = _bootstrap(x, confidence, seed)
    return Bounds(min(bootstrap.lower, student.lower), max(bootstrap.upper, student.upper))


def _bootstrap(x: NDArray[np.float64], confidence: float, seed: int) -> Bounds:
    """BCa, or the percentile interval where BCa is degenerate."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # the degenerate case is answered below
        result = stats.bootstrap(
            (x,),
            np.mean,
            confidence_level=2 * confidence - 1,  # two one-sided bounds
            n_resamples=RESAMPLES,
            batch=500,
            vectorized=True,
            method="BCa",
            rng=np.random.default_rng(seed),
        )
    low, high = float(result.confidence_interval.low), float(result.confidence_interval.high)
    if math.isfinite(low) and math.isfinite(high):
        return Bounds(low, high)
    low, high = np.quantile(result.bootstrap_distribution, [1 - confidence, confidence])
    return Bounds(float(low), float(high))


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
        enough = np.asarray(stats.binom.cdf(expected, units, limit) <= 1 - confidence)
        if enough.any():
            return int(units[np.argmax(enough)]) - n
        first *= 2
    return None


def further_for_mean(values: ArrayLike, limit: float, confidence: float) -> int | None:
    """Further values after which the lower bound of the mean exceeds `limit`, at the observed mean and deviation.

    Normal approximation, at least 1. None where the mean is not over the limit, where n < 2,
    or where `MOST_UNITS` would not do. Raises ValueError for NaN.
    """
    x = _finite(values)
    _share(confidence)
    if len(x) < 2 or not x.mean() > limit:
        return None
    needed = float((stats.norm.ppf(confidence) * x.std(ddof=1) / (x.mean() - limit)) ** 2)
    return max(1, math.ceil(needed) - len(x)) if needed <= MOST_UNITS else None


def _standard_error(x: NDArray[np.float64]) -> float:
    return float(x.std(ddof=1)) / math.sqrt(len(x))


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
