"""Accuracy: only right answers can be right for the wrong reason."""

import numpy as np
from numpy.typing import NDArray

from checks.comparison import lowest, needed
from checks.evidence import Evidence
from checks.profile import Share
from checks.statistics import further_for_share, share_bounds
from checks.verdict import Finding, Outcome, Verdict
from checks.words import count, percent

NEXT = {
    Outcome.PASS: "",
    Outcome.FAIL: "Check first that labels, classes and preprocessing are the model's own; then train it better.",
    Outcome.INCONCLUSIVE: "Add boxed pictures.",
    Outcome.INVALID: "Run the audit on pictures that can be measured.",
}


def model_is_accurate(evidence: Evidence, *, min_accuracy: Share) -> Verdict:
    """The model predicts the label of the picture often enough (top-1).

    Exact bounds (Clopper and Pearson 1934): PASS where the lower bound reaches `min_accuracy`, FAIL where the upper
    bound is under it. A picture for which the network yields NaN counts as wrong.
    """
    answered = np.isfinite(evidence.probability) & np.isfinite(evidence.label_rank)
    right = evidence.right & answered
    n, k = evidence.n, int(right.sum())
    lower, upper = share_bounds(k, n, evidence.confidence)
    outcome = _outcome(n, lower, upper, min_accuracy)
    undecided = outcome is Outcome.INCONCLUSIVE
    further = further_for_share(n - k, n, 1 - min_accuracy, evidence.confidence) if undecided else None
    bound = f"upper bound {percent(upper)}" if outcome is Outcome.FAIL else f"lower bound {percent(lower)}"
    finding = Finding(
        subject="top-1 accuracy",
        outcome=outcome,
        quantity="share of the pictures whose label is predicted",
        value=k / n if n else None,
        limit=min_accuracy,
        chance=1 / evidence.classes if evidence.classes else None,
        n=n,
        lower=lower,
        upper=upper,
        further=further,
        worst=lowest(np.where(answered, evidence.probability, -np.inf)[~right], evidence.sample[~right]),
        sentence=_seen(evidence, k, answered, bound) + (f"; {needed(further)}." if undecided else "."),
    )
    return Verdict(
        rule="model_is_accurate",
        question="Does the model predict the label often enough?",
        outcome=outcome,
        sentence=finding.sentence,
        next_step=NEXT[outcome],
        findings=(finding,),
    )


def _outcome(n: int, lower: float, upper: float, limit: float) -> Outcome:
    if n == 0:
        return Outcome.INVALID
    if lower >= limit:
        return Outcome.PASS
    return Outcome.FAIL if upper < limit else Outcome.INCONCLUSIVE


def _seen(evidence: Evidence, k: int, answered: NDArray[np.bool_], bound: str) -> str:
    n = evidence.n
    if n == 0:
        return "No picture was measured"
    text = f"The label is predicted in {k:,} of {count(n, 'picture')}: {percent(k / n)} ({bound})"
    if evidence.classes > 5:
        in_five = int((evidence.label_rank[answered] <= 5).sum())
        text += f"; it is among the first five in {percent(in_five / n)}"
    silent = n - int(answered.sum())
    if silent:
        text += f"; the network yields no number for {count(silent, 'picture')}, counted as wrong"
    return text
