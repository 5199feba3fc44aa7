"""Which colours occur at all, wherever: a mark at a changing place shows here if its colour is rare."""

from collections.abc import Mapping

import numpy as np

from audit.inspection.findings import Quantity
from audit.inspection.view import Value, View

PALETTE = Quantity("palette outside the boxes", "surroundings")
LEVELS = 4
"""Steps of each channel."""


def palette(view: View) -> Mapping[Quantity, Value]:
    """How much of the surroundings each of 64 colours covers, as square roots (Hellinger's distance)."""
    colours = view.canvas.colours_outside
    if not len(colours):
        return {}
    bins = (colours.astype(np.int64) * LEVELS // 256) @ np.array([LEVELS**2, LEVELS, 1])
    shares = np.bincount(bins, minlength=LEVELS**3) / len(bins)
    # Equal units for all colours: in units of its deviation, a colour that one picture has would count most.
    return {PALETTE: (np.sqrt(shares) * 255).round().astype(np.uint8)}
