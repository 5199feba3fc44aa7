"""Bounds of a mean over pictures that were put on backgrounds which a few pictures lent to all of them.

Pictures and backgrounds are both draws. Bounds that count the pictures alone know nothing of the backgrounds that were
not drawn: where an eighth of them carries a cue, one drawn more or less moves the mean for all pictures at once.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from checks.statistics.bounds import Bounds, mean_bounds
from checks.statistics.gain import no_nearer_than_a_share

Floats = NDArray[np.float64]
DIGITS = 12
"""Digits of a lender's part in the mean; the rest is rounding."""


class Loans(NamedTuple):
    """What came of each of V backgrounds of n pictures, which is averaged within the picture, then over pictures."""

    sign: int
    """The sign with which the average enters the mean, 1 or -1."""
    value: Floats
    """(V, n) from -1 to 1, NaN where there is no answer."""
    lender: NDArray[np.int64]
    """(V, n) whose background it was, by any number; a cluster lends as one."""

    @property
    def each(self) -> Floats:
        """(n,) the average; NaN where there is none."""
        there = np.isfinite(self.value)
        total = np.where(there, self.value, 0).sum(axis=0)
        return np.where(there.any(axis=0), total / np.maximum(there.sum(axis=0), 1), np.nan)

    def among(self, chosen: NDArray[np.bool_]) -> "Loans":
        """Those of some of the pictures (n,)."""
        return Loans(self.sign, self.value[:, chosen], self.lender[:, chosen])


def lenders(loans: Sequence[Loans]) -> int:
    """How many there are among the answers."""
    return len(np.unique(np.concatenate([part.lender[np.isfinite(part.value)] for part in loans])))


def lender_bounds(mean: float, by_pictures: Bounds, loans: Sequence[Loans], confidence: float, seed: int) -> Bounds:
    """Bounds of the mean that hold for other pictures on other backgrounds.

    The margin that the pictures leave and the one that the lenders leave add as their squares do (Zou and Donner 2008,
    "Construction of confidence limits about effect measures"; two-way clusters as in Cameron, Gelbach and Miller 2011,
    but what both count is not taken off, so that the margin is rather too wide). That of the lenders is the bound of a
    mean over them, in which each stands with what it moved, and is never nearer than the exact bound of a share. Where
    each lender lent to one picture alone, the bounds of the pictures are right already.
    """
    there = [np.isfinite(part.value) for part in loans]
    lender = np.concatenate([part.lender[asked] for part, asked in zip(loans, there, strict=True)])
    picture = np.concatenate([asked.nonzero()[1] for asked in there])
    names, member = np.unique(lender, return_inverse=True)
    count = len(names)
    if np.unique(np.stack([member, picture]), axis=1).shape[1] == count:
        return by_pictures
    weights = [asked / np.maximum(asked.sum(axis=0), 1) / max(1, asked.any(axis=0).sum()) for asked in there]
    used = np.bincount(member, np.concatenate([w[asked] for w, asked in zip(weights, there, strict=True)]))
    moved = [_moved(part, weight)[asked] for part, weight, asked in zip(loans, weights, there, strict=True)]
    by_lenders = mean_bounds(mean + count * np.bincount(member, np.concatenate(moved)).round(DIGITS), confidence, seed)
    if by_lenders is None:
        return Bounds(min(-1.0, by_pictures.lower), max(1.0, by_pictures.upper))
    worth = float(used.sum() ** 2 / (used**2).sum())
    by_lenders = no_nearer_than_a_share(by_lenders, mean, count, worth, confidence)
    return Bounds(
        lower=mean - math.hypot(mean - by_pictures.lower, mean - by_lenders.lower),
        upper=mean + math.hypot(by_pictures.upper - mean, by_lenders.upper - mean),
    )


def _moved(part: Loans, weight: Floats) -> Floats:
    """(V, n) by how much each answer moves the mean from where it would be were all alike."""
    value = np.nan_to_num(part.value)
    moved: Floats = part.sign * weight * (value - (weight * value).sum())
    return moved
