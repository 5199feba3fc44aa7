"""Right for the right reason: the object speaks for the label, not what surrounds it."""

import numpy as np
from numpy.typing import NDArray

from checks.profile import Share
from checks.statistics.subset import Subset
from checks.table.cells import Miss, judged_by_experiment, missed
from checks.table.evidence import Evidence
from checks.table.mean_difference import lowest, needed
from checks.table.needs import ALL_FILLS, Fills, Number, for_the_lead, left_out, unjudged
from checks.table.unanswered import MOST_LOST, unfit
from checks.table.unanswered import NEXT as NO_NUMBER
from checks.verdict import Finding, Outcome, Verdict
from checks.words import percent

RULE = "right_for_the_right_reason"
QUESTION = "Where the label is predicted, is it the object that speaks for it?"
NEXT = {
    Outcome.PASS: "",
    Outcome.FAIL: "Look at the worst pictures: their label stands without the object. Find what in the surroundings"
    " says it, train on pictures in which that misleads, and audit again.",
    Outcome.INCONCLUSIVE: "Add boxed pictures.",
    Outcome.INVALID: NO_NUMBER,
}


def right_for_the_right_reason(
    evidence: Evidence, *, max_share: Share, min_lead: Number = 0.0, fills: Fills = ALL_FILLS
) -> Verdict:
    """Few of the pictures predicted right are right for the wrong reason, by the experiment.

    A picture is a miss where the surroundings without the object speak at least as much for the label as the object
    without its surroundings, whichever of `fills` is used: no difference of the label's log-odds is over `min_lead`.
    Exact bounds of the share of misses (Clopper and Pearson 1934), by cluster where one is named: PASS where the upper
    bound is within `max_share`, FAIL where the lower bound is over it.
    """
    needs = for_the_lead(fills)
    if verdict := unfit(RULE, QUESTION, evidence, needs):
        return verdict
    judged = judged_by_experiment(evidence)
    right = evidence.right & judged
    off = right & missed(evidence, Miss(fills, min_lead))
    n, k = int(right.sum()), int(off.sum())
    lost = unjudged(evidence, judged, "object_removed")
    subset = evidence.subset(right)
    lower, upper = subset.share(off[right])
    outcome = _outcome(n, lost, (lower, upper), max_share)
    undecided = outcome is Outcome.INCONCLUSIVE
    further = _further(subset, off[right], max_share) if undecided else None
    lead = np.nan_to_num(evidence.lead(fills), nan=-np.inf)
    finding = Finding(
        subject="experiment",
        outcome=outcome,
        quantity="share of the pictures predicted right that are right for the wrong reason",
        value=k / n if n else None,
        limit=max_share,
        **subset.counted,
        lower=lower if n else None,
        upper=upper if n else None,
        further=further,
        worst=lowest(lead[off], evidence.sample[off]),
        sentence=_sentence(k, subset, outcome, (lower, upper), max_share)
        + _undecided(subset, k, max_share, further, undecided)
        + f"{left_out(lost)}.",
    )
    return Verdict(
        rule=RULE, question=QUESTION, outcome=outcome, sentence=finding.sentence, next_step=NEXT[outcome],
        findings=(finding,),
    )  # fmt: skip


def _outcome(n: int, lost: int, bounds: tuple[float, float], limit: float) -> Outcome:
    if lost > MOST_LOST * (n + lost):
        return Outcome.INVALID
    if n >= 1 and bounds[1] <= limit:
        return Outcome.PASS
    return Outcome.FAIL if bounds[0] > limit else Outcome.INCONCLUSIVE


def _further(subset: Subset, off: NDArray[np.bool_], limit: float) -> int | None:
    return subset.further_for_share(off, limit) if subset.n else subset.missing


def _sentence(k: int, subset: Subset, outcome: Outcome, bounds: tuple[float, float], limit: float) -> str:
    n = subset.n
    if n == 0:
        return "No picture is predicted right, so that none can be right for the right reason"
    bound = f"lower bound {percent(bounds[0])}" if outcome is Outcome.FAIL else f"upper bound {percent(bounds[1])}"
    seen = f"{k:,} of {subset} predicted right"
    seen += f" {'is' if k == 1 else 'are'} right for the wrong reason: {percent(k / n)} ({bound}"
    allowed = "" if outcome is Outcome.PASS else f", where {percent(limit)} may be"
    return f"{seen}{allowed}); there the label is spoken for by what surrounds the object" if k else f"{seen}{allowed})"


def _undecided(subset: Subset, k: int, limit: float, further: int | None, undecided: bool) -> str:
    if not (undecided and subset.n):
        return ""
    return f"; {needed(further, within_reach=k < limit * subset.n, noun=subset.noun)}"
