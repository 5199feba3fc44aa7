"""Right for the right reason: the object speaks for the label, not what surrounds it."""

import numpy as np
from numpy.typing import NDArray

from audit.registry import Need
from checks import reasons
from checks.demand import Demand, of_pictures
from checks.profile import Share
from checks.table.cells import EXPERIMENT, Miss, judged_by_experiment, missed
from checks.table.evidence import Evidence
from checks.table.layout import Layout
from checks.table.mean_difference import lowest
from checks.table.needs import ALL_FILLS, Fills, Number, for_the_lead
from checks.table.unanswered import MOST_LOST, lost, unfit, without_answer
from checks.verdict import Details, Direction, Finding, Outcome, Unit, Verdict

NEEDS: frozenset[Need] = frozenset({"region"})
RULE = "right_for_the_right_reason"
BANDS = (0.1, 0.25)
"""Edges of the bands of the boxes' share of the frame."""
EXPERIMENTS = ("object_removed", "background_replaced")


def right_for_the_right_reason(
    evidence: Evidence, *, max_share: Share, min_lead: Number = 0.0, fills: Fills = ALL_FILLS
) -> Verdict:
    """By experiment, few of the pictures predicted right are right for the wrong reason.

    A picture is a miss where the surroundings without the object speak at least as much for the label as the object
    without its surroundings, whichever of `fills` is used: no difference of the label's log-odds is over `min_lead`.
    Exact bounds of the share of misses (Clopper and Pearson 1934), by cluster where one is named: PASS where the upper
    bound is within `max_share`, FAIL where the lower bound is over it. A picture predicted right that could not be
    judged counts against the one as against the other: as a miss for a PASS, as none for a FAIL.

    Details: the pictures `missed`, those by the share of the frame that their boxes cover (`by_box`: a list of the
    share `up_to` which, the `missed` and how many of `n`), and how many predicted right are `without_answer`, and
    `unanswered_because` of what.
    """
    needs = for_the_lead(fills)
    if verdict := unfit(RULE, evidence, needs):
        return verdict
    judged = judged_by_experiment(evidence)
    right = evidence.right & judged
    off = right & missed(evidence, Miss(fills, min_lead))
    n, k = int(right.sum()), int(off.sum())
    without = lost(evidence, judged, "object_removed")
    subset = evidence.subset(right)
    lower, upper = subset.share(off[right])
    outcome, reason = _decided(n, int(without.sum()), (lower, upper), max_share)
    if without.any() and outcome in (Outcome.PASS, Outcome.FAIL):
        outcome, reason = _with_lost(evidence, off, without, max_share)
    further = None
    if outcome is Outcome.INCONCLUSIVE:
        further = subset.further_for_share(off[right], max_share) if n else subset.missing
    lead = np.nan_to_num(evidence.lead(fills), nan=-np.inf)
    finding = Finding(
        key=EXPERIMENT,
        outcome=outcome,
        quantity="right_for_the_wrong_reason",
        unit=Unit.SHARE,
        better=Direction.LOWER,
        value=k / n if n else None,
        limit=max_share,
        **subset.counted,
        lower=lower if n else None,
        upper=upper if n else None,
        further=further,
        reason=reason,
        details={"missed": k, "by_box": _by_box(evidence, right, off), **without_answer(evidence, judged, needs)},
        worst=lowest(lead[off], evidence.sample[off]),
    )
    return Verdict(rule=RULE, outcome=outcome, decided_by=EXPERIMENT, findings=(finding,))


def _by_box(evidence: Evidence, right: NDArray[np.bool_], off: NDArray[np.bool_]) -> list[Details]:
    """Misses among the right answers, in bands of the boxes' share of the frame."""
    band = np.searchsorted(BANDS, evidence.area_share, side="right")
    return [
        {"up_to": edge, "missed": int(off[band == at].sum()), "n": int(right[band == at].sum())}
        for at, edge in enumerate((*BANDS, 1.0))
    ]


def needed(layout: Layout, *, max_share: Share, fills: Fills = ALL_FILLS) -> tuple[Demand, ...]:
    """The answers under the fills, and pictures predicted right, as many as show `max_share` where none is a miss."""
    subset = layout.drawn(*EXPERIMENTS).subset
    further = subset.further_for_share(np.zeros(subset.n), max_share)
    return *layout.answers(for_the_lead(fills)), of_pictures(subset, further)


def _with_lost(
    evidence: Evidence, off: NDArray[np.bool_], without: NDArray[np.bool_], limit: float
) -> tuple[Outcome, str]:
    """What is decided although some pictures, those `without` an answer, may be either."""
    every = off | without | (evidence.right & ~off)
    subset = evidence.subset(every)
    upper, lower = subset.share((off | without)[every]).upper, subset.share(off[every]).lower
    if upper <= limit:
        return Outcome.PASS, ""
    return (Outcome.FAIL, reasons.BEYOND_LIMIT) if lower > limit else (Outcome.INCONCLUSIVE, reasons.UNJUDGED)


def _decided(n: int, lost: int, bounds: tuple[float, float], limit: float) -> tuple[Outcome, str]:
    if lost > MOST_LOST * (n + lost):
        return Outcome.INVALID, reasons.UNJUDGED
    if n >= 1 and bounds[1] <= limit:
        return Outcome.PASS, ""
    if bounds[0] > limit:
        return Outcome.FAIL, reasons.BEYOND_LIMIT
    return Outcome.INCONCLUSIVE, reasons.UNDECIDED if n else reasons.NO_PICTURES
