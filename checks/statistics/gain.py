"""Bounds of a mean difference of shares, most of which may be 0."""

import math

import numpy as np
from numpy.typing import ArrayLike

from checks.statistics.bounds import Bounds, clopper_pearson, mean_bounds
from checks.statistics.clusters import independent_n

ROUNDING = 1e-6
"""Rounding error of a sum of shares."""


def gain_bounds(values: ArrayLike, confidence: float, seed: int, cluster: ArrayLike | None = None) -> Bounds | None:
    """One-sided bounds of the mean of `values` (n,) between -1 and 1.

    Those of `mean_bounds`, which knows no spread that it has not seen and would be certain of 0 after 0 in twenty
    pictures; so neither is nearer than the exact bound of a share with as many hits as the values add up to, rounded
    outwards. cluster: (n,) ids; the exact bound is that of `share_bounds_by_cluster` then.
    None where `mean_bounds` is. Raises ValueError for NaN, infinity, and values beyond 1.
    """
    x = np.asarray(values, dtype=np.float64)
    bounds = mean_bounds(x, confidence, seed, cluster)
    if bounds is None:
        return None
    if np.abs(x).max() > 1:
        raise ValueError(f"{np.abs(x).max()} is no difference of shares; need -1 to 1")
    worth = float(len(x)) if cluster is None else independent_n(cluster)
    return no_nearer_than_a_share(bounds, math.fsum(x) / len(x), len(x), worth, confidence)


def no_nearer_than_a_share(bounds: Bounds, mean: float, n: int, worth: float, confidence: float) -> Bounds:
    """The bounds of a mean of n values, or where they are further the exact ones of a share with as many hits.

    worth: how many independent values the n are worth.
    """
    hits = n * max(0.0, mean)
    most = clopper_pearson(worth * min(n, math.ceil(hits - ROUNDING)) / n, worth, confidence).upper
    least = clopper_pearson(worth * min(n, math.floor(hits + ROUNDING)) / n, worth, confidence).lower
    return Bounds(min(bounds.lower, least), max(bounds.upper, most))
