"""Focus, noise and resampling: how much the surroundings change over one, two, four and eight pixels."""

from collections.abc import Mapping

import numpy as np

from audit.inspection.findings import Quantity
from audit.inspection.view import FEWEST_OUTSIDE, Value, View

SPECTRUM = Quantity("sharpness and noise outside the boxes", "surroundings")
LAGS = (1, 2, 4, 8)


def sharpness(view: View) -> Mapping[Quantity, Value]:
    """The mean change of brightness over 1, 2, 4 and 8 pixels outside the boxes: a coarse spectrum."""
    luma, free = view.canvas.luma, view.canvas.free
    if min(luma.shape) <= max(LAGS) or free.mean() < FEWEST_OUTSIDE:
        return {}
    strength = []
    for lag in LAGS:
        across = np.abs(luma[:, lag:] - luma[:, :-lag])[free[:, lag:] & free[:, :-lag]]
        down = np.abs(luma[lag:] - luma[:-lag])[free[lag:] & free[:-lag]]
        if not (len(across) and len(down)):
            return {}
        strength.append((across.mean() + down.mean()) / 2)
    return {SPECTRUM: np.log1p(np.array(strength, dtype=np.float32) * 16)}
