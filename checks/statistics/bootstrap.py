"""Bounds of a mean from the totals of its clusters: the bootstrap's and Student's. Whole stacks of data at once."""

import warnings

import numpy as np
import scipy
from numpy.typing import NDArray

from checks.statistics.clusters import Floats, standard_error

RESAMPLES = 9_999
BATCH = 500
"""Resamples that are held at a time."""


def student(sums: Floats, sizes: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Lower and upper one-sided bounds by a cluster-robust Student t, with clusters - 1 degrees of freedom.

    sums: (..., clusters); sizes: (clusters,) or as sums. Both bounds: (...).
    """
    mean = sums.sum(axis=-1) / sizes.sum(axis=-1)
    half = scipy.special.stdtrit(sums.shape[-1] - 1, confidence) * standard_error(sums, sizes)
    return mean - half, mean + half


def bca(sums: Floats, sizes: Floats, confidence: float, seed: int) -> tuple[Floats, Floats]:
    """Lower and upper one-sided bounds of the ratio of the sums by drawing whole clusters (Efron 1987, BCa).

    The percentile interval where BCa is degenerate. Shapes as in `student`.
    """
    alike = bool((sizes == sizes.flat[0]).all())
    data = (sums / sizes,) if alike else (sums, np.broadcast_to(sizes, sums.shape))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # the degenerate case is answered below
        result = scipy.stats.bootstrap(
            data,
            np.mean if alike else _ratio,
            paired=not alike,
            confidence_level=2 * confidence - 1,  # two one-sided bounds
            n_resamples=RESAMPLES,
            batch=BATCH,
            vectorized=True,
            axis=-1,
            method="BCa",
            rng=np.random.default_rng(seed),
        )
    low, high = np.asarray(result.confidence_interval.low), np.asarray(result.confidence_interval.high)
    plain = np.quantile(result.bootstrap_distribution, [1 - confidence, confidence], axis=-1)
    sound = np.isfinite(low) & np.isfinite(high)
    return np.where(sound, low, plain[0]), np.where(sound, high, plain[1])


def _ratio(sums: Floats, sizes: Floats, axis: int = -1) -> NDArray[np.float64]:
    return np.asarray(sums.sum(axis=axis) / sizes.sum(axis=axis), dtype=np.float64)
