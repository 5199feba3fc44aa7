"""Accuracy: only right answers can be right for the wrong reason."""

import numpy as np
from numpy.typing import NDArray

from checks.profile import Share
from checks.table.evidence import Evidence
from checks.table.mean_difference import lowest, needed
from checks.verdict import Finding, Outcome, Verdict
from checks.words import count, percent

NEXT = {
    Outcome.PASS: "",
    Outcome.FAIL: "Check first that labels, classes and preprocessing are the model's own; then train it better.",
    Outcome.INCONCLUSIVE: "Add boxed pictures.",
    Outcome.INVALID: "Run the audit on pictures of two classes at least, with a network that tells them apart.",
}


def model_is_accurate(evidence: Evidence, *, min_accuracy: Share) -> Verdict:
    """The model predicts the label of the picture often enough (top-1).

    Exact bounds (Clopper and Pearson 1934), by cluster where one is named: PASS where the lower bound reaches the
    limit, FAIL where the upper bound is under it. The limit is `min_accuracy`, or the share of the commonest class in
    the data where that is larger: so often a network is right that always names it. A picture for which the network
    yields NaN counts as wrong. Where the data hold or the network knows a single class, accuracy says nothing: INVALID.
    """
    answered = np.isfinite(evidence.probability) & np.isfinite(evidence.label_rank)
    right = evidence.right & answered
    n, k = evidence.n, int(right.sum())
    commonest = float(np.unique(evidence.class_index, return_counts=True)[1].max() / n) if n else None
    limit = max(min_accuracy, commonest or 0.0)
    drawn = evidence.drawn(np.ones(n, bool))
    lower, upper = drawn.share(right)
    nothing = _says_nothing(evidence)
    outcome = Outcome.INVALID if nothing else _outcome(lower, upper, limit)
    undecided = outcome is Outcome.INCONCLUSIVE
    further = drawn.further_for_share(~right, 1 - limit) if undecided else None
    seen = _seen(evidence, k, answered, f"upper bound {percent(upper)}" if outcome is Outcome.FAIL else _lower(lower))
    seen += _required(outcome, min_accuracy, commonest or 0.0)
    seen += f"; {needed(further, within_reach=k > limit * n, noun=drawn.noun)}." if undecided else "."
    finding = Finding(
        subject="top-1 accuracy",
        outcome=outcome,
        quantity="share of the pictures whose label is predicted",
        value=k / n if n else None,
        limit=limit,
        chance=commonest,
        **drawn.counted,
        lower=lower,
        upper=upper,
        further=further,
        worst=lowest(np.where(answered, evidence.probability, -np.inf)[~right], evidence.sample[~right]),
        sentence=nothing or seen,
    )
    return Verdict(
        rule="model_is_accurate",
        question="Does the model predict the label often enough?",
        outcome=outcome,
        sentence=finding.sentence,
        next_step=NEXT[outcome],
        findings=(finding,),
    )


def _says_nothing(evidence: Evidence) -> str:
    """Why accuracy says nothing, or ''."""
    if evidence.n == 0:
        return "No picture was measured."
    if evidence.classes < 2:
        return "The network knows fewer than two classes, so that accuracy says nothing."
    if len(np.unique(evidence.class_index)) < 2:
        return (
            "The pictures are all of one class, so that a network that always names it would be right throughout:"
            " accuracy says nothing."
        )
    return ""


def _outcome(lower: float, upper: float, limit: float) -> Outcome:
    if lower >= limit:
        return Outcome.PASS
    return Outcome.FAIL if upper < limit else Outcome.INCONCLUSIVE


def _lower(lower: float) -> str:
    return f"lower bound {percent(lower)}"


def _required(outcome: Outcome, min_accuracy: float, commonest: float) -> str:
    if outcome is Outcome.PASS:
        return ""
    if commonest > min_accuracy:
        return f"; always naming the commonest class would be right in {percent(commonest)}, which must be exceeded"
    return f"; the profile asks for {percent(min_accuracy)}"


def _seen(evidence: Evidence, k: int, answered: NDArray[np.bool_], bound: str) -> str:
    n = evidence.n
    if n == 0:
        return ""
    drawn = evidence.drawn(np.ones(n, bool))
    text = f"The label is predicted in {k:,} of {drawn}: {percent(k / n)} ({bound})"
    if evidence.classes > 5:
        in_five = int((evidence.label_rank[answered] <= 5).sum())
        text += f"; it is among the first five in {percent(in_five / n)}"
    silent = n - int(answered.sum())
    if silent:
        text += f"; the network yields no number for {count(silent, 'picture')}, counted as wrong"
    return text
