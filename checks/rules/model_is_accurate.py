"""Accuracy: only right answers can be right for the wrong reason."""

import numpy as np
from numpy.typing import NDArray

from checks import reasons
from checks.profile import Share
from checks.table.evidence import Evidence
from checks.table.mean_difference import lowest
from checks.verdict import Details, Direction, Finding, Outcome, Unit, Verdict

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

    Details: `right` pictures, the share `in_first_five` where the network knows more than five classes, and `silent`,
    the pictures for which it yields no number.
    """
    answered = np.isfinite(evidence.probability) & np.isfinite(evidence.label_rank)
    right = evidence.right & answered
    n, k = evidence.n, int(right.sum())
    commonest = float(np.unique(evidence.class_index, return_counts=True)[1].max() / n) if n else None
    limit = max(min_accuracy, commonest or 0.0)
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
        chance=commonest,
        **subset.counted,
        lower=lower,
        upper=upper,
        further=subset.further_for_share(~right, 1 - limit) if undecided else None,
        reason=reason,
        details=_details(evidence, k, answered),
        worst=lowest(np.where(answered, evidence.probability, -np.inf)[~right], evidence.sample[~right]),
    )
    return Verdict(rule="model_is_accurate", outcome=outcome, decided_by=finding.key, findings=(finding,))


def _decided(evidence: Evidence, lower: float, upper: float, limit: float) -> tuple[Outcome, str]:
    if evidence.n == 0:
        return Outcome.INVALID, reasons.NO_PICTURES
    if evidence.classes < 2:
        return Outcome.INVALID, ONE_CLASS_KNOWN
    if len(np.unique(evidence.class_index)) < 2:
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
