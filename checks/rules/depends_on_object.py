"""Necessity: does the label's probability fall when the object is removed?"""

import numpy as np
from numpy.typing import NDArray

from checks import reasons
from checks.demand import Demand, of_pictures
from checks.profile import Share
from checks.statistics.subset import Subset
from checks.table.evidence import Evidence, Floats, median
from checks.table.layout import Layout
from checks.table.mean_difference import MeanDifference, mean_difference
from checks.table.needs import ALL_FILLS, Fills, for_the_object
from checks.table.unanswered import lost, unfit, without_answer
from checks.verdict import Direction, Finding, Outcome, Unit, Verdict, worst

RULE = "depends_on_object"
REMOVED = "object_removed"
"""Key: what is lost with the object, more than elsewhere."""
ELSEWHERE = "elsewhere"
"""Key: what the same fill costs elsewhere."""
FILLS_BREAK = "fills_break"
"""Reason: the fill breaks the prediction wherever it is put, and says nothing of the object."""
NOT_BOTH = "not_both"
"""Reason: no picture predicted right has an answer both without the object and with as much hidden elsewhere."""


def depends_on_object(
    evidence: Evidence, *, min_loss: Share, max_loss_elsewhere: Share, fills: Fills = ALL_FILLS
) -> Verdict:
    """Removing the object costs more of the label's probability than the same fill on an equal area elsewhere.

    Necessity (Fong and Vedaldi 2017), over the pictures predicted right. A picture's loss is the probability that is
    left under the fill elsewhere less that without the object, the median over `fills`. PASS where the lower bound of
    the mean is over `min_loss`, also if pictures predicted right that could not be compared lost nothing. FAIL where
    its upper bound is under it, unless the fill elsewhere costs more than `max_loss_elsewhere` on the average: such a
    fill breaks the prediction wherever it is put and says nothing of the object, so that only a loss without the object
    that is under `min_loss` itself can FAIL, and nothing can PASS.

    Details of what is lost: the fall of the `log_odds` in the median picture, and how many pictures predicted right are
    `without_answer`, and `unanswered_because` of what; where nothing could be compared, how many are predicted
    `right`.
    """
    needs = for_the_object(fills)
    if verdict := unfit(RULE, evidence, needs):
        return verdict
    left = _columns(evidence, fills, "")
    left_elsewhere = _columns(evidence, fills, " elsewhere")
    net = median([there - gone for gone, there in zip(left, left_elsewhere, strict=True)], evidence.n)
    chosen = evidence.right & np.isfinite(net)
    if not chosen.any():
        return _nothing(evidence, min_loss)
    gross = _lost(evidence, left, chosen)
    control = _lost(evidence, left_elsewhere, chosen)
    loss = mean_difference(evidence, chosen, net, min_loss)
    says_nothing = not float(control.mean()) <= max_loss_elsewhere
    findings = (
        _removed(
            evidence, loss, _decided(loss, gross, says_nothing, _holds(evidence, chosen, net, loss)), chosen, fills
        ),
        _elsewhere(control, max_loss_elsewhere, loss.subset),
    )
    outcome = worst(finding.outcome for finding in findings)
    deciding = ELSEWHERE if says_nothing and outcome is not Outcome.FAIL else REMOVED
    return Verdict(rule=RULE, outcome=outcome, decided_by=deciding, findings=findings)


def needed(layout: Layout, *, fills: Fills = ALL_FILLS) -> tuple[Demand, ...]:
    """The answers under the fills, and pictures predicted right, as many as a bound of a mean takes."""
    subset = layout.drawn("object_removed").subset
    return *layout.answers(for_the_object(fills)), of_pictures(subset, subset.missing)


def _columns(evidence: Evidence, fills: Fills, place: str) -> list[Floats]:
    return [evidence.answered("object_removed", f"{fill}{place}").probability for fill in fills]


def _lost(evidence: Evidence, left: list[Floats], chosen: NDArray[np.bool_]) -> Floats:
    """Probability that the alteration costs, the median over the fills, of the chosen pictures."""
    return median([evidence.probability - column for column in left], evidence.n)[chosen]


def _holds(evidence: Evidence, chosen: NDArray[np.bool_], net: Floats, loss: MeanDifference) -> bool:
    """The loss passes although those of the pictures predicted right that have none may lose nothing."""
    without = lost(evidence, chosen, "object_removed")
    if loss.outcome is not Outcome.PASS or not without.any():
        return True
    every = mean_difference(evidence, chosen | without, np.where(chosen, net, 0.0), loss.limit)
    return every.outcome is Outcome.PASS


def _decided(loss: MeanDifference, gross: Floats, says_nothing: bool, holds: bool) -> tuple[Outcome, str]:
    if not says_nothing:
        return (loss.outcome, loss.reason) if holds else (Outcome.INCONCLUSIVE, reasons.UNJUDGED)
    bounds = loss.subset.mean(gross)
    stands = bounds is not None and bounds.upper < loss.limit
    if loss.outcome is Outcome.FAIL and stands:
        return Outcome.FAIL, loss.reason
    undecided = loss.outcome is Outcome.INCONCLUSIVE
    return Outcome.INCONCLUSIVE, loss.reason if undecided else FILLS_BREAK


def _removed(
    evidence: Evidence, loss: MeanDifference, decided: tuple[Outcome, str], chosen: NDArray[np.bool_], fills: Fills
) -> Finding:
    odds = [evidence.answered("object_removed", fill).log_odds for fill in fills]
    lost = median([evidence.log_odds - column for column in odds], evidence.n)[chosen]
    outcome, reason = decided
    return Finding(
        key=REMOVED,
        outcome=outcome,
        quantity="loss_without_object",
        unit=Unit.DIFFERENCE,
        better=Direction.HIGHER,
        **loss.numbers,
        reason=reason,
        details={
            "log_odds": float(np.median(lost)),
            **without_answer(evidence, chosen, for_the_object(fills)),
        },
    )


def _elsewhere(control: Floats, limit: float, subset: Subset) -> Finding:
    value = float(control.mean())
    within = value <= limit
    return Finding(
        key=ELSEWHERE,
        outcome=Outcome.PASS if within else Outcome.INCONCLUSIVE,
        quantity="loss_elsewhere",
        unit=Unit.DIFFERENCE,
        better=Direction.LOWER,
        value=value,
        limit=limit,
        **subset.counted,
        reason="" if within else FILLS_BREAK,
    )


def _nothing(evidence: Evidence, limit: float) -> Verdict:
    right = int(evidence.right.sum())
    finding = Finding(
        key=REMOVED,
        outcome=Outcome.INVALID if right else Outcome.INCONCLUSIVE,
        quantity="loss_without_object",
        unit=Unit.DIFFERENCE,
        better=Direction.HIGHER,
        value=None,
        limit=limit,
        n=0,
        reason=NOT_BOTH if right else reasons.NO_PICTURES,
        details={"right": right},
    )
    return Verdict(rule=RULE, outcome=finding.outcome, decided_by=REMOVED, findings=(finding,))
