"""Pictures that share a flight, a scene or a patient, and how many independent ones they are worth."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def totals(values: ArrayLike, cluster: ArrayLike) -> tuple[Floats, Floats]:
    """The sum and the number of values in each cluster, both (clusters,), in an order that only the totals decide.

    values: (n,) finite. cluster: (n,) ids of any one type. Raises ValueError for other shapes, NaN and infinity.
    """
    x, ids = np.asarray(values, dtype=np.float64), np.asarray(cluster)
    if x.ndim != 1 or not np.isfinite(x).all():
        raise ValueError(f"shape {x.shape} with {int((~np.isfinite(x)).sum())} not finite; need finite numbers (n,)")
    if ids.shape != x.shape:
        raise ValueError(f"clusters of shape {ids.shape} for {len(x)} values; need one cluster for each value")
    order = np.argsort(x, kind="stable")  # sums that round alike whatever the order of the values
    x, (names, member) = x[order], np.unique(ids[order], return_inverse=True)
    sums = np.bincount(member, weights=x, minlength=len(names)).astype(np.float64)
    sizes = np.bincount(member, minlength=len(names)).astype(np.float64)
    by_total = np.lexsort((sums, sizes))
    return sums[by_total], sizes[by_total]


def independent_n(cluster: ArrayLike) -> float:
    """How many independent values (n,) of these clusters are worth at worst: where all of a cluster are alike.

    n^2 / sum of squared sizes (Kish 1965): the number of clusters where all are of one size, fewer else. 0 for none.
    """
    _, sizes = totals(np.zeros(len(np.asarray(cluster))), cluster)
    return float(sizes.sum() ** 2 / (sizes**2).sum()) if len(sizes) else 0.0


def effective_n(values: ArrayLike, cluster: ArrayLike) -> float:
    """How many independent values would show the mean of `values` (n,) as well as these do: n over the design effect.

    The design effect (Kish 1965) is the variance of the mean by clusters over the variance as if all were independent.
    Held between `independent_n` and n; `independent_n` where nothing varies, since then nothing shows that members of
    a cluster differ. An estimate, to be shown; no bound rests on it. Raises ValueError as `totals`.
    """
    sums, sizes = totals(values, cluster)
    x, worst = np.asarray(values, dtype=np.float64), independent_n(cluster)
    if len(sizes) < 2 or x.min() == x.max():
        return worst
    naive = x.var(ddof=1) / len(x)
    by_cluster = float(standard_error(sums, sizes)) ** 2
    return float(min(len(x), max(worst, len(x) * naive / by_cluster))) if by_cluster > 0 else float(len(x))


def standard_error(sums: Floats, sizes: Floats) -> Floats:
    """Standard error of the sum of sums over the sum of sizes, each cluster left out once; (..., clusters) -> (...).

    The jackknife, CR3 in MacKinnon, Nielsen and Webb 2023, "Cluster-robust inference": safe where sizes differ.
    One value in each cluster gives the textbook's s / sqrt(n). Needs two clusters.
    """
    clusters, n = sums.shape[-1], sizes.sum(axis=-1, keepdims=True)
    mean = sums.sum(axis=-1, keepdims=True) / n
    change = (sums - mean * sizes) / (n - sizes)
    squares = (change**2).sum(axis=-1)
    return np.asarray(np.sqrt((clusters - 1) / clusters * squares), dtype=np.float64)
