"""What a planted copy draws from outside the object: the mark's share, and what the network itself draws from there."""

import math

import numpy as np

from checks.table.controls import Planted
from checks.table.evidence import Evidence
from checks.table.label_evidence import label_evidence
from checks.table.needs import ALL_FILLS
from checks.table.over_columns import median

KEPT = "kept"
"""Key of the finding that says it."""
LEAST = 0.005
"""Less is counted as nothing."""
ROUNDING = 1e-9
"""Rounding error of a percentage."""


def kept_without_object(evidence: Evidence, planted: Planted) -> float | None:
    """The share of its evidence for the label that the network keeps when the object is removed, 0 to 1.

    In the unit in which the mark's share is counted: the evidence for the label (`label_evidence`) by the network's own
    margin s. The median over the stamped pictures, in each of which it is
    that over the fills. None where the object was not removed from them.
    """
    copy = evidence.as_subject(planted.subject(planted.detectors[0], 0.0))
    left = median([copy.answered("object_removed", fill).log_odds for fill in ALL_FILLS], copy.n)
    left = label_evidence(left[np.isfinite(left)], evidence.classes)
    if not len(left) or not planted.strength > 0:
        return None
    kept = float(np.median(left) / planted.strength)
    return min(kept, 1.0) if kept >= LEAST else 0.0


def outside(share: float, kept: float) -> float:
    """The share of a copy's evidence that comes from outside the object, where the mark carries `share` of it.

    Rounded up to a whole percent where it is a sum: the shares that are tried lie further apart.
    """
    return math.ceil(100 * (share + (1 - share) * kept) - ROUNDING) / 100 if kept else share
