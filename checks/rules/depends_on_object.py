"""Necessity: does the label's probability fall when the object is removed?"""

import numpy as np
from numpy.typing import NDArray

from checks.profile import Share
from checks.statistics.subset import Subset
from checks.table.evidence import Evidence, Floats, median
from checks.table.mean_difference import Comparison, compare, undecided
from checks.table.needs import ALL_FILLS, Fills, for_the_object, left_out, unjudged
from checks.table.unanswered import NEXT as NO_NUMBER
from checks.table.unanswered import unfit
from checks.verdict import Finding, Outcome, Verdict, worst
from checks.words import count, points

RULE = "depends_on_object"
QUESTION = "Does the prediction fall when the object is removed, more than when as much is hidden elsewhere?"
NEXT = {
    Outcome.PASS: "",
    Outcome.FAIL: "Look at the worst pictures: their label stands without the object. Find what else says it, train on"
    " pictures in which that misleads, and audit again.",
    Outcome.INCONCLUSIVE: "Add boxed pictures; where the fills break the prediction wherever they are put, add pictures"
    " with room around the object, or train the network on pictures with hidden parts.",
    Outcome.INVALID: NO_NUMBER,
}


def depends_on_object(
    evidence: Evidence, *, min_loss: Share, max_loss_elsewhere: Share, fills: Fills = ALL_FILLS
) -> Verdict:
    """The label's probability falls when the object is removed, and less when the same fill hides as much elsewhere.

    Necessity (Fong and Vedaldi 2017), over the pictures predicted right. A picture's loss is the probability that is
    left under the fill elsewhere less that without the object, the median over `fills`. PASS where the lower bound of
    the mean is over `min_loss`. FAIL where its upper bound is under it, unless the fill elsewhere costs more than
    `max_loss_elsewhere` on the average: such a fill breaks the prediction wherever it is put and says nothing of the
    object, so that only a loss without the object that is under `min_loss` itself can FAIL, and nothing can PASS.
    """
    needs = for_the_object(fills)
    if verdict := unfit(RULE, QUESTION, evidence, needs):
        return verdict
    left = _columns(evidence, fills, "")
    left_elsewhere = _columns(evidence, fills, " elsewhere")
    net = median([there - gone for gone, there in zip(left, left_elsewhere, strict=True)], evidence.n)
    chosen = evidence.right & np.isfinite(net)
    gross = _lost(evidence, left, chosen)
    control = _lost(evidence, left_elsewhere, chosen)
    found = compare(evidence, chosen, net, min_loss)
    if not chosen.any():
        return _nothing(evidence, min_loss)
    says_nothing = not float(control.mean()) <= max_loss_elsewhere
    findings = (
        _finding(evidence, found, _outcome(found, gross, says_nothing), chosen, fills),
        _control(control, max_loss_elsewhere, found.subset),
    )
    outcome = worst(finding.outcome for finding in findings)
    telling = findings[1] if says_nothing and outcome is not Outcome.FAIL else findings[0]
    return Verdict(
        rule=RULE,
        question=QUESTION,
        outcome=outcome,
        sentence=telling.sentence,
        next_step=NEXT[outcome],
        findings=findings,
    )


def _columns(evidence: Evidence, fills: Fills, place: str) -> list[Floats]:
    return [evidence.answered("object_removed", f"{fill}{place}").probability for fill in fills]


def _lost(evidence: Evidence, left: list[Floats], chosen: NDArray[np.bool_]) -> Floats:
    """Probability that the alteration costs, the median over the fills, of the chosen pictures."""
    return median([evidence.probability - column for column in left], evidence.n)[chosen]


def _outcome(found: Comparison, gross: Floats, says_nothing: bool) -> Outcome:
    if not says_nothing:
        return found.outcome
    bounds = found.subset.mean(gross)
    stands = bounds is not None and bounds.upper < found.limit
    return Outcome.FAIL if found.outcome is Outcome.FAIL and stands else Outcome.INCONCLUSIVE


def _finding(
    evidence: Evidence, found: Comparison, outcome: Outcome, chosen: NDArray[np.bool_], fills: Fills
) -> Finding:
    odds = [evidence.answered("object_removed", fill).log_odds for fill in fills]
    lost = median([evidence.log_odds - column for column in odds], evidence.n)[chosen]
    said = _sentence(found, outcome, float(np.median(lost)))
    return Finding(
        subject="object removed",
        outcome=outcome,
        quantity="label's probability that is lost with the object, less what the same fill costs elsewhere",
        value=found.value,
        limit=found.limit,
        **found.subset.counted,
        lower=found.lower,
        upper=found.upper,
        further=found.further if outcome is Outcome.INCONCLUSIVE else None,
        worst=found.worst,
        tolerance=found.tolerance,
        sentence=f"{said}{left_out(unjudged(evidence, chosen, 'object_removed'))}.",
    )


def _sentence(found: Comparison, outcome: Outcome, log_odds: float) -> str:
    value = found.value or 0.0
    more = "less" if value < 0 else "more"
    seen = (
        f"Removing the object costs {points(abs(value))} of the label's probability {more} than hiding as much"
        f" elsewhere, on {found.subset} predicted right"
    )
    odds = f"the log-odds fall by {round(log_odds, 1) + 0.0:.1f} in the median picture"
    if found.lower is None or found.upper is None:
        return f"{seen}: {undecided(found)}; {odds}"
    if outcome is Outcome.PASS:
        return f"{seen} (lower bound {points(found.lower)}); {odds}"
    asked = f"where more than {points(found.limit)} are needed"
    if outcome is Outcome.FAIL:
        return f"{seen} (upper bound {points(found.upper)}, {asked}); {odds}"
    why = f": {undecided(found)}" if found.outcome is Outcome.INCONCLUSIVE else ""
    return f"{seen} (between {points(found.lower)} and {points(found.upper)}, {asked}){why}; {odds}"


def _control(control: Floats, limit: float, subset: Subset) -> Finding:
    value = float(control.mean())
    within = value <= limit
    seen = f"Hiding as much elsewhere costs {points(value)} of the label's probability"
    return Finding(
        subject="the same fill elsewhere",
        outcome=Outcome.PASS if within else Outcome.INCONCLUSIVE,
        quantity="label's probability that the same fill costs on an equal area outside the boxes",
        value=value,
        limit=limit,
        **subset.counted,
        sentence=f"{seen}."
        if within
        else f"{seen}, where {points(limit)} may be: the fills break the prediction wherever they are put, and say"
        " nothing of the object.",
    )


def _nothing(evidence: Evidence, limit: float) -> Verdict:
    right = int(evidence.right.sum())
    outcome = Outcome.INVALID if right else Outcome.INCONCLUSIVE
    sentence = (
        f"None of {count(right, 'picture')} predicted right has an answer both without the object and with as much"
        " hidden elsewhere."
        if right
        else "No picture is predicted right, so that no prediction can depend on the object."
    )
    finding = Finding(
        subject="object removed",
        outcome=outcome,
        quantity="label's probability that is lost with the object, less what the same fill costs elsewhere",
        value=None,
        limit=limit,
        n=0,
        sentence=sentence,
    )
    return Verdict(
        rule=RULE, question=QUESTION, outcome=outcome, sentence=sentence, next_step=NEXT[outcome], findings=(finding,)
    )
