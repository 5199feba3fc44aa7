"""A candidate against a baseline on the same pictures: is it worse by more than the margin, and on which slices?

Only discordant pictures count: `worse` are missed by the candidate alone, `better` by the baseline alone.
"""

import math

import numpy as np
import scipy
from numpy.typing import ArrayLike

from checks.statistics.bounds import Bounds
from checks.statistics.clusters import independent_n, totals

CONTINUITY = 0.5
"""Pictures. Without it, 6.2 % of candidates that are worse by the margin pass a gate of 5 %; with it, 4.8 %."""


def tango(worse: float, better: float, n: float, confidence: float, correction: float = 0.0) -> Bounds:
    """One-sided bounds of P(candidate misses) - P(baseline misses), from -1 to 1, behind (worse - better) / n.

    The score interval of Tango 1998, "Equivalence test and confidence interval for the difference in proportions for
    the paired-sample design". correction: a continuity correction, in pictures. n = 0: (-1, 1).
    Raises ValueError unless worse, better >= 0, worse + better <= n, and confidence is at least 1/2.
    """
    if not (worse >= 0 and better >= 0 and worse + better <= n):
        raise ValueError(f"{worse} worse and {better} better of {n}; need counts that n can hold")
    if not 0.5 <= confidence < 1:
        raise ValueError(f"confidence {confidence}; need at least 0.5 and under 1")
    z = float(scipy.special.ndtri(confidence))
    return Bounds(-_upper(better, worse, n, z, correction), _upper(worse, better, n, z, correction))


def paired_share_bounds(worse: int, better: int, n: int, confidence: float) -> Bounds:
    """The bounds that gate: `tango` with `CONTINUITY`. The candidate is not inferior where `upper` < margin.

    It is inferior where `lower` > margin, and undecided else. Raises ValueError as `tango`.
    """
    return tango(worse, better, n, confidence, CONTINUITY)


def paired_share_bounds_by_cluster(difference: ArrayLike, cluster: ArrayLike, confidence: float) -> Bounds:
    """As `paired_share_bounds`, from differences (n,): 1 worse, -1 better, 0 the same. Clusters count, not pictures.

    The counts are scaled to `independent_n`, for the reason given at `share_bounds_by_cluster`.
    Raises ValueError for other differences, and as `totals`.
    """
    x = np.asarray(difference, dtype=np.float64)
    totals(x, cluster)
    if not np.isin(x, (-1.0, 0.0, 1.0)).all():
        raise ValueError("a difference is none of -1, 0, 1; need better, the same, worse")
    return bounds_by_worth(int((x > 0).sum()), int((x < 0).sum()), len(x), independent_n(cluster), confidence)


def bounds_by_worth(worse: float, better: float, n: float, worth: float, confidence: float) -> Bounds:
    """As `paired_share_bounds`, of n pictures that are worth so many independent ones."""
    scale = worth / n if n else 0.0
    worse, better = scale * worse, scale * better
    return tango(worse, better, max(worth, worse + better), confidence, CONTINUITY)


def regression_p(worse: int, better: int) -> float:
    """One-sided p of "the candidate is not worse": how often a fair coin shows as many `worse` (exact McNemar 1947).

    1 where nothing is discordant. Tests no margin: a large p never shows that nothing regressed.
    """
    return float(scipy.stats.binomtest(worse, worse + better, alternative="greater").pvalue) if worse + better else 1.0


def votes(difference: ArrayLike, cluster: ArrayLike) -> tuple[int, int]:
    """(worse, better) clusters, by the sign of their sums of `difference` (n,), for `regression_p`: one vote each.

    Where candidate and baseline are alike, each cluster is as likely to vote for either, however alike its members are.
    """
    sums, _ = totals(difference, cluster)
    return int((sums > 0).sum()), int((sums < 0).sum())


def _upper(worse: float, better: float, n: float, z: float, correction: float) -> float:
    """The difference at which the score, corrected towards 0, has fallen to -z."""

    def above(difference: float) -> float:
        return score(worse, better, n, difference, correction) + z

    start, end = (worse - better) / n if n else 1.0, 1 - 1e-12
    if start >= end or above(end) >= 0:
        return 1.0
    return float(scipy.optimize.brentq(above, start, end, xtol=1e-12))


def score(worse: float, better: float, n: float, difference: float, correction: float = 0.0) -> float:
    """Tango's statistic: the observed less the stated difference, over its deviation under the stated one.

    The nuisance, P(better), is its maximum-likelihood estimate under the stated difference.
    """
    linear = (2 * n - worse + better) * difference - worse - better
    root = math.sqrt(max(0.0, linear**2 + 8 * n * better * difference * (1 - difference)))
    nuisance = (root - linear) / (4 * n)
    variance = n * (2 * nuisance + difference * (1 - difference))
    excess = worse - better - n * difference + correction
    return excess / math.sqrt(variance) if variance > 0 else 0.0
