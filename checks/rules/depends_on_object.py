"""Necessity: does the object carry the evidence for its label?"""

import numpy as np
from numpy.typing import NDArray

from audit.registry import Need
from checks import reasons
from checks.demand import Demand, of_pictures
from checks.profile import Share
from checks.statistics.subset import Subset
from checks.table.evidence import Evidence, Floats
from checks.table.label_evidence import label_evidence, share_kept
from checks.table.layout import Layout
from checks.table.mean_difference import MeanDifference, mean_difference
from checks.table.needs import ALL_FILLS, Fills, for_the_object
from checks.table.over_columns import median
from checks.table.unanswered import lost, unfit, without_answer
from checks.verdict import Direction, Finding, Outcome, Unit, Verdict, worst

NEEDS: frozenset[Need] = frozenset({"region"})
RULE = "depends_on_object"
REMOVED = "object_removed"
"""Key: the share of the evidence that is lost with the object, more than elsewhere."""
ELSEWHERE = "elsewhere"
"""Key: the share that the same fill takes elsewhere."""
PROBABILITY = "probability"
"""Key: the label's probability that is lost with the object, more than elsewhere; shown, and decides nothing."""
ELSEWHERE_VARIANT = " elsewhere"
"""What the name of a fill's control ends with."""
FILLS_BREAK = "fills_break"
"""Reason: the fill breaks the prediction wherever it is put, and says nothing of the object."""
NOT_BOTH = "not_both"
"""Reason: no picture predicted right has an answer both without the object and with as much hidden elsewhere."""


def depends_on_object(
    evidence: Evidence, *, min_evidence: Share, max_evidence_elsewhere: Share, fills: Fills = ALL_FILLS
) -> Verdict:
    """Removing the object takes more of the evidence for the label than the same fill on an equal area elsewhere.

    Necessity (Fong and Vedaldi 2017), over the pictures predicted right. Evidence is counted in log-odds above those of
    a guess (`label_evidence`), and each picture's in shares of its own (`share_kept`), so that neither the softmax's
    temperature nor a few confident pictures decide. What the object carries in a picture is the share kept under the
    fill elsewhere less that kept without the object, the median over `fills`. PASS where the lower bound of the mean is
    over `min_evidence`, also if the object carried nothing in pictures predicted right that could not be compared. FAIL
    where its upper bound is under it, unless the fill elsewhere takes more than `max_evidence_elsewhere` on average:
    such a fill breaks the prediction wherever it is put and says nothing of the object, so that only a loss without the
    object that is under `min_evidence` itself can FAIL, and nothing can PASS.

    The finding `probability`, which decides nothing, says the same in the label's probability.

    Details of what the object carries: the fall of the `log_odds` in the median picture, and how many pictures
    predicted right are `without_answer`, and `unanswered_because` of what; where nothing could be compared, how many
    are predicted `right`.
    """
    needs = for_the_object(fills)
    if verdict := unfit(RULE, evidence, needs):
        return verdict
    kept, kept_elsewhere = _kept(evidence, fills, ""), _kept(evidence, fills, ELSEWHERE_VARIANT)
    net = median([there - gone for gone, there in zip(kept, kept_elsewhere, strict=True)], evidence.n)
    chosen = evidence.right & np.isfinite(net)
    if not chosen.any():
        return _nothing(evidence, min_evidence)
    lost, control = (1 - median(shares, evidence.n)[chosen] for shares in (kept, kept_elsewhere))
    carried = mean_difference(evidence, chosen, net, min_evidence)
    says_nothing = not float(control.mean()) <= max_evidence_elsewhere
    decided = _decided(carried, lost, says_nothing, _holds(evidence, chosen, net, carried))
    findings = (
        _removed(evidence, carried, decided, chosen, fills),
        _elsewhere(control, max_evidence_elsewhere, carried.subset),
        _probability(evidence, chosen, fills),
    )
    outcome = worst(finding.outcome for finding in findings if not finding.advisory)
    elsewhere_decides = (says_nothing and outcome is not Outcome.FAIL) or findings[0].outcome is not outcome
    deciding = ELSEWHERE if elsewhere_decides else REMOVED
    return Verdict(rule=RULE, outcome=outcome, decided_by=deciding, findings=findings)


def needed(layout: Layout, *, fills: Fills = ALL_FILLS) -> tuple[Demand, ...]:
    """The answers under the fills, and pictures predicted right, as many as a bound of a mean takes."""
    subset = layout.drawn("object_removed").subset
    return *layout.answers(for_the_object(fills)), of_pictures(subset, subset.missing)


def _kept(evidence: Evidence, fills: Fills, place: str) -> list[Floats]:
    """For each fill (n,) the share of the evidence that is kept under it."""
    own = label_evidence(evidence.log_odds, evidence.classes)
    answers = (evidence.answered("object_removed", f"{fill}{place}") for fill in fills)
    return [share_kept(answer.log_odds, own, evidence.classes) for answer in answers]


def _holds(evidence: Evidence, chosen: NDArray[np.bool_], net: Floats, carried: MeanDifference) -> bool:
    """It passes although the object may carry nothing in those of the pictures predicted right that have no answer."""
    without = lost(evidence, chosen, "object_removed")
    if carried.outcome is not Outcome.PASS or not without.any():
        return True
    every = mean_difference(evidence, chosen | without, np.where(chosen, net, 0.0), carried.limit)
    return every.outcome is Outcome.PASS


def _decided(carried: MeanDifference, lost: Floats, says_nothing: bool, holds: bool) -> tuple[Outcome, str]:
    if not says_nothing:
        return (carried.outcome, carried.reason) if holds else (Outcome.INCONCLUSIVE, reasons.UNJUDGED)
    bounds = carried.subset.mean(lost)
    stands = bounds is not None and bounds.upper < carried.limit
    if carried.outcome is Outcome.FAIL and stands:
        return Outcome.FAIL, carried.reason
    undecided = carried.outcome is Outcome.INCONCLUSIVE
    return Outcome.INCONCLUSIVE, carried.reason if undecided else FILLS_BREAK


def _removed(
    evidence: Evidence, carried: MeanDifference, decided: tuple[Outcome, str], chosen: NDArray[np.bool_], fills: Fills
) -> Finding:
    odds = [evidence.answered("object_removed", fill).log_odds for fill in fills]
    lost = median([evidence.log_odds - column for column in odds], evidence.n)[chosen]
    outcome, reason = decided
    return Finding(
        key=REMOVED,
        outcome=outcome,
        quantity="evidence_of_object",
        unit=Unit.SHARE,
        better=Direction.HIGHER,
        **carried.numbers,
        reason=reason,
        details={
            "log_odds": float(np.median(lost)),
            **without_answer(evidence, chosen, for_the_object(fills)),
        },
    )


def _elsewhere(control: Floats, limit: float, subset: Subset) -> Finding:
    """PASS where the upper bound is within the limit; between the value and the bound nothing is decided."""
    value, bounds = float(control.mean()), subset.mean(control)
    within = bounds is not None and bounds.upper <= limit
    return Finding(
        key=ELSEWHERE,
        outcome=Outcome.PASS if within else Outcome.INCONCLUSIVE,
        quantity="evidence_lost_elsewhere",
        unit=Unit.SHARE,
        better=Direction.LOWER,
        value=value,
        limit=limit,
        **subset.counted,
        lower=bounds.lower if bounds else None,
        upper=bounds.upper if bounds else None,
        reason="" if within else FILLS_BREAK if value > limit else reasons.UNDECIDED if bounds else reasons.TOO_FEW,
    )


def _probability(evidence: Evidence, chosen: NDArray[np.bool_], fills: Fills) -> Finding:
    """What the label's probability loses with the object, more than elsewhere."""
    left, elsewhere = (
        [evidence.answered("object_removed", f"{fill}{place}").probability for fill in fills]
        for place in ("", ELSEWHERE_VARIANT)
    )
    loss = median([there - gone for gone, there in zip(left, elsewhere, strict=True)], evidence.n)[chosen]
    subset = evidence.subset(chosen)
    bounds = subset.mean(loss)
    return Finding(
        key=PROBABILITY,
        outcome=Outcome.PASS,
        quantity="loss_without_object",
        unit=Unit.DIFFERENCE,
        better=Direction.HIGHER,
        value=float(np.sort(loss).mean()),
        **subset.counted,
        lower=bounds.lower if bounds else None,
        upper=bounds.upper if bounds else None,
        advisory=True,
    )


def _nothing(evidence: Evidence, limit: float) -> Verdict:
    right = int(evidence.right.sum())
    finding = Finding(
        key=REMOVED,
        outcome=Outcome.INVALID if right else Outcome.INCONCLUSIVE,
        quantity="evidence_of_object",
        unit=Unit.SHARE,
        better=Direction.HIGHER,
        value=None,
        limit=limit,
        n=0,
        reason=NOT_BOTH if right else reasons.NO_PICTURES,
        details={"right": right},
    )
    return Verdict(rule=RULE, outcome=finding.outcome, decided_by=REMOVED, findings=(finding,))
