"""Accuracy: only right answers can be right for the wrong reason."""

import numpy as np
from numpy.typing import NDArray

from audit.registry import Need
from checks import reasons
from checks.demand import CLASSES, Demand, of_pictures
from checks.profile import Share
from checks.table.evidence import Evidence
from checks.table.layout import Layout
from checks.table.mean_difference import lowest
from checks.verdict import Details, Direction, Finding, Outcome, Unit, Verdict

NEEDS: frozenset[Need] = frozenset()

ONE_CLASS_KNOWN = "one_class_known"
"""Reason: the network knows fewer than two classes."""
ONE_CLASS_SHOWN = "one_class_shown"
"""Reason: the pictures are all of one class, so that a network that always names it is right throughout."""


def model_is_accurate(evidence: Evidence, *, min_accuracy: Share) -> Verdict:
    """The model predicts the label of the picture often enough (top-1).

    Exact bounds (Clopper and Pearson 1934), by cluster where one is named: PASS where the lower bound reaches the
    limit, FAIL where the upper bound is under it. The limit is `min_accuracy`, or the share of the commonest class in
    the data where that is larger: so often a network is right that always names it. A picture for which the network
    yields NaN counts as wrong. Where the data hold or the network knows a single class, accuracy says nothing: INVALID.
    A detector is right where it detects the label at one of the boxes, which none is that always names one class: for
    it the limit is `min_accuracy`, and a single class will do.

    Details: `right` pictures, the share `in_first_five` where the network knows more than five classes, and `silent`,
    the pictures for which it yields no number.
    """
    answered = np.isfinite(evidence.probability) & np.isfinite(evidence.label_rank)
    right = evidence.right & answered
    n, k = evidence.n, int(right.sum())
    in_classes = np.unique(evidence.class_index, return_counts=True)[1]
    limit = _limit(in_classes, min_accuracy, detects=evidence.detects)
    subset = evidence.subset(np.ones(n, bool))
    lower, upper = subset.share(right)
    outcome, reason = _decided(evidence, lower, upper, limit)
    undecided = outcome is Outcome.INCONCLUSIVE
    finding = Finding(
        key="accuracy",
        outcome=outcome,
        quantity="top_1_accuracy",
        unit=Unit.SHARE,
        better=Direction.HIGHER,
        value=k / n if n else None,
        limit=limit,
        chance=_commonest(in_classes),
        **subset.counted,
        lower=lower,
        upper=upper,
        further=subset.further_for_share(~right, 1 - limit) if undecided else None,
        reason=reason,
        details=_details(evidence, k, answered),
        worst=lowest(np.where(answered, evidence.probability, -np.inf)[~right], evidence.sample[~right]),
    )
    return Verdict(rule="model_is_accurate", outcome=outcome, decided_by=finding.key, findings=(finding,))


def needed(layout: Layout, *, min_accuracy: Share) -> tuple[Demand, ...]:
    """Two classes, and pictures, as many as show the limit where all are predicted right."""
    subset, classes, detects = layout.subset, layout.in_classes, layout.asked.detects
    known = min(layout.asked.classes, len(classes))
    limit = _limit(classes, min_accuracy, detects=detects)
    pictures = of_pictures(subset, subset.further_for_share(np.zeros(subset.n), 1 - limit))
    if detects:
        return (pictures,)
    two_classes = Demand(key=CLASSES, have=known, needed=2)
    return (two_classes, pictures) if two_classes.met else (two_classes,)


def _limit(in_classes: NDArray[np.int64], min_accuracy: float, *, detects: bool) -> float:
    """in_classes: the pictures of each class that has any."""
    return min_accuracy if detects else max(min_accuracy, _commonest(in_classes) or 0.0)


def _commonest(in_classes: NDArray[np.int64]) -> float | None:
    """The share of the commonest class; None without pictures."""
    return float(in_classes.max() / in_classes.sum()) if len(in_classes) else None


def _decided(evidence: Evidence, lower: float, upper: float, limit: float) -> tuple[Outcome, str]:
    if evidence.n == 0:
        return Outcome.INVALID, reasons.NO_PICTURES
    if evidence.classes < 2:
        return Outcome.INVALID, ONE_CLASS_KNOWN
    if len(np.unique(evidence.class_index)) < 2 and not evidence.detects:
        return Outcome.INVALID, ONE_CLASS_SHOWN
    if lower >= limit:
        return Outcome.PASS, ""
    if upper < limit:
        return Outcome.FAIL, reasons.BEYOND_LIMIT
    return Outcome.INCONCLUSIVE, reasons.UNDECIDED


def _details(evidence: Evidence, right: int, answered: NDArray[np.bool_]) -> Details:
    details: Details = {"right": right, "silent": evidence.n - int(answered.sum())}
    if evidence.classes > 5 and evidence.n:
        details["in_first_five"] = int((evidence.label_rank[answered] <= 5).sum()) / evidence.n
    return details
