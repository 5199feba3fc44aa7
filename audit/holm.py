"""Many tests at once: p-values adjusted so that the chance of any false alarm among them stays the stated one."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjusted p (m,) in the order given: to call those within alpha true is wrong with a chance of alpha at most.

    Holm 1979, "A simple sequentially rejective multiple test procedure". Raises ValueError unless all are in 0 to 1.
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"p-values {p}; need numbers from 0 to 1 (m,)")
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted


def holm_level(p_values: ArrayLike, alpha: float) -> NDArray[np.float64]:
    """(m,): the level that Holm's procedure holds each p against: alpha over those that are left at its turn.

    Those after the first that is not within its level are held against that one's, where the procedure ends.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    turn = np.empty(len(p), dtype=np.int64)
    turn[order] = np.arange(len(p))
    rejected = int((holm(p) <= alpha).sum())
    return np.asarray(alpha / (len(p) - np.minimum(turn, min(rejected, len(p) - 1))), dtype=np.float64)
