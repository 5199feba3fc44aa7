"""What a property of one class does to the logit of that class, by itself and as a share of the class's evidence.

Every picture was given the property of V donors. For class c, over pictures that are not of c: the *pull* B is the mean
logit of c with the property of c, less the mean with that of neither, within the picture. The *evidence of the rest* O
is the mean logit of c in pictures of c, less that in others, both with the property of neither. The share is
B / (B + O). It does not depend on the temperature of a softmax, and what cutting and pasting costs cancels.

Both are weighted sums of logits, so their errors are too: they are summed by picture, or cluster, and by lender, and
the two variances are added (two-way clusters as in Cameron, Gelbach and Miller 2011, but what both count is not taken
off).
"""

import math
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from audit.record.class_logits import FEWEST_OF_CLASS
from checks.statistics.bounds import Bounds

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Lent(NamedTuple):
    """Of one class, what came of each of V donors of n pictures."""

    logit: Floats
    """(V, n) of the class, centred; NaN where there is no answer."""
    of_class: NDArray[np.bool_]
    """(V, n): the donor is of the class."""
    lender: Ints
    """(V, n): who lends, by any number; a cluster lends as one."""
    own: NDArray[np.bool_]
    """(n,): the picture is of the class."""
    unit: Ints
    """(n,): the number of the picture's cluster, or its own."""


class Pull(NamedTuple):
    """What the property of one class does."""

    pull: float
    """B, in logits."""
    rest: float
    """O, in logits."""
    share: float
    """B / (B + O). Where the rest does not speak for the class, 1, or 0 where the pull does not either."""
    bounds: Bounds
    """One-sided, of the share. Where the rest does not speak for the class, 0 to 1, or 1 where the pull is certain."""
    p: float
    """Probability of such a pull or a larger one where there is none."""
    pictures: int
    """That are not of the class and were given its property."""
    lenders: int
    """Of the class."""


def pull_of(lent: Lent, confidence: float) -> Pull | None:
    """None where fewer than `FEWEST_OF_CLASS` pictures, units or lenders are on any side."""
    there = np.isfinite(lent.logit)
    given, neither, kept = (
        there & part for part in (lent.of_class & ~lent.own, ~lent.of_class & ~lent.own, ~lent.of_class & lent.own)
    )
    paired = given.any(axis=0) & neither.any(axis=0)
    lenders = len(np.unique(lent.lender[given & paired]))
    units = [len(np.unique(lent.unit[some])) for some in (paired, kept.any(axis=0))]
    if min(lenders, *units) < FEWEST_OF_CLASS:
        return None
    pulling = _mean(given & paired) - _mean(neither & paired)
    resting = _mean(kept) - _mean(neither)
    value = np.where(there, lent.logit, 0)
    pull, rest = float((pulling * value).sum()), float((resting * value).sum())
    apart = np.where(there, lent.logit - _levels(lent.logit, (given, neither, kept)), 0)
    freedom = min(lenders, units[0]) - 1
    spread = _error(pulling * apart, lent)
    p = float(scipy.special.stdtr(freedom, -pull / spread)) if spread > 0 else float(pull <= 0)
    total = pull + rest
    if rest <= 0 or total <= 0:
        share, bounds = float(pull > 0 >= rest), Bounds(float(rest <= 0 and p <= 1 - confidence), 1.0)
        return Pull(pull, rest, share, bounds, p, int(paired.sum()), lenders)
    error = _error((rest * pulling - pull * resting) / total**2 * apart, lent)
    margin = float(scipy.special.stdtrit(freedom, confidence)) * error
    bounds = Bounds(pull / total - margin, pull / total + margin)
    return Pull(pull, rest, pull / total, bounds, p, int(paired.sum()), lenders)


def _mean(some: NDArray[np.bool_]) -> Floats:
    """(V, n): the weights of a mean within each picture, then over the pictures that have any."""
    pictures = max(1, int(some.any(axis=0).sum()))
    return np.asarray(some / np.maximum(some.sum(axis=0), 1) / pictures, dtype=np.float64)


def _levels(logit: Floats, groups: tuple[NDArray[np.bool_], ...]) -> Floats:
    """(V, n): the mean of each answer's group."""
    levels = np.zeros(logit.shape)
    for group in groups:
        levels[group] = logit[group].mean()
    return levels


def _error(parts: Floats, lent: Lent) -> float:
    """The standard error of the sum of the parts (V, n)."""
    units = np.bincount(lent.unit, parts.sum(axis=0))
    lenders = np.bincount(np.unique(lent.lender, return_inverse=True)[1].reshape(-1), parts.reshape(-1))
    return math.sqrt(sum(_variance(sums[sums != 0]) for sums in (units, lenders)))


def _variance(sums: Floats) -> float:
    count = len(sums)
    return float((sums**2).sum() * count / (count - 1)) if count > 1 else 0.0
