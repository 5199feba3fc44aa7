"""The traces of JPEG's 8 x 8 blocks in the pixels, which outlive the file: a PNG that once was a JPEG has them."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from audit.inspection.findings import Quantity
from audit.inspection.view import FEWEST_OUTSIDE, Value, View

BLOCKS = Quantity("JPEG blocks outside the boxes", "surroundings")
BLOCK = 8
_SLIGHT = 0.05
"""Added to both means, so that flat surroundings show no blocks."""


def blockiness(view: View) -> Mapping[Quantity, Value]:
    """How much brightness changes across the borders of 8 x 8 blocks, over how much it does within, as logarithms."""
    luma, free = view.canvas.luma, view.canvas.free
    if min(luma.shape) <= 2 * BLOCK or free.mean() < FEWEST_OUTSIDE:
        return {}
    ratios = [_ratio(luma, free), _ratio(luma.T, free.T)]
    return {BLOCKS: np.array(ratios, dtype=np.float32)} if np.isfinite(ratios).all() else {}


def _ratio(luma: NDArray[np.int16], free: NDArray[np.bool_]) -> float:
    """Across upright borders; NaN where the boxes leave none."""
    change, seen = np.abs(luma[:, 1:] - luma[:, :-1]), free[:, 1:] & free[:, :-1]
    sums, counts = np.where(seen, change, 0).sum(axis=0, dtype=np.float64), seen.sum(axis=0)
    border = np.arange(1, luma.shape[1]) % BLOCK == 0
    if not (counts[border].sum() and counts[~border].sum()):
        return float("nan")
    across, within = (sums[at].sum() / counts[at].sum() for at in (border, ~border))
    return float(np.log((across + _SLIGHT) / (within + _SLIGHT)))
