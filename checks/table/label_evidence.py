"""The evidence for the label, as a quantity that a softmax's temperature does not decide."""

import math

import numpy as np

from checks.table.evidence import Floats

NONE = 1e-6
"""Evidence up to this is the rounding of single precision, and counts as none."""


def label_evidence(log_odds: Floats, classes: int) -> Floats:
    """Log-odds of the label above those of a guess among K classes: log-odds + log(K - 1).

    0 where every class is as likely, and never under 0 where the label is predicted. It is the label's logit less the
    logarithm of the mean exponential of the others, which lies between their mean and their largest: so it nearly
    scales with the logits.
    """
    return log_odds + math.log(max(classes - 1, 1))


def share_kept(log_odds: Floats, own: Floats, classes: int) -> Floats:
    """(n,) the share of a picture's own evidence (n,) that it keeps when it is altered, 0 to 1.

    log_odds: (n,) of the altered picture. Evidence against the label is none for it, and more than there was is all of
    it, so that one picture weighs no more than another. A picture without evidence of its own has none to lose and
    keeps all. NaN stays.
    """
    left = label_evidence(log_odds, classes)
    whole = np.where(np.isnan(left), np.nan, 1.0)
    share = np.clip(left / np.where(own > NONE, own, 1.0), 0.0, 1.0)
    return np.asarray(np.where(own > NONE, share, whole))
