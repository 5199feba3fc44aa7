"""Forbidden pixels: does the answer stay where it is when what must not matter is hidden?"""

from typing import Annotated, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from checks.profile import Share
from checks.statistics.bounds import Bounds
from checks.statistics.subset import Subset
from checks.table.evidence import Evidence, Floats, median
from checks.table.mean_difference import ROUNDING, lowest, needed
from checks.table.needs import invalid, left_out, unjudged
from checks.table.unanswered import NEXT as NO_NUMBER
from checks.table.unanswered import unfit
from checks.verdict import Finding, Outcome, Verdict, worst
from checks.words import count, points

RULE = "forbidden_pixels_are_ignored"
QUESTION = "Does the answer stay where it is when the pixels that must not matter are hidden?"
INTERVENTION = "forbidden_hidden"
QUANTITY = "label's probability that hiding the forbidden pixels costs or gains"
BEYOND = "label's probability that hiding the forbidden pixels costs or gains, less what as much elsewhere does"
NEXT = {
    Outcome.PASS: "",
    Outcome.FAIL: "Look at the worst pictures: what the network reads on the forbidden pixels will not be there in use."
    " Cut them off before training, train again, and audit again.",
    Outcome.INCONCLUSIVE: "Add boxed pictures with forbidden pixels; where hiding as much elsewhere moves the answer"
    " too, train the network on pictures with hidden parts, or cut the forbidden pixels off before the network.",
    Outcome.INVALID: NO_NUMBER,
}

Fills = Annotated[tuple[Literal["mean", "blur"], ...], Field(min_length=1)]


class Moved(NamedTuple):
    """The chosen pictures, and by how much the label's probability moved in each, up or down."""

    chosen: NDArray[np.bool_]
    values: Floats
    subset: Subset
    bounds: Bounds | None

    @property
    def mean(self) -> float | None:
        return float(np.sort(self.values).mean()) if len(self.values) else None


def forbidden_pixels_are_ignored(evidence: Evidence, *, max_change: Share, fills: Fills = ("mean", "blur")) -> Verdict:
    """Hiding the forbidden pixels moves the label's probability by no more than `max_change`, for certain.

    Over the pictures predicted right that have forbidden pixels. A picture's change is how far its label's probability
    moves under the fill, up or down, since a mark that speaks for one class speaks against another and the two would
    cancel; the median over `fills`. PASS where the upper bound of the mean change is within `max_change`, whatever the
    same fill does elsewhere. FAIL where the change beyond that of the same fill on an equal area elsewhere, picture by
    picture, is over `max_change` by its lower bound: what breaks a picture wherever it is put is no fault of the
    network. Between them INCONCLUSIVE. Where no picture has forbidden pixels, or they were not hidden, INVALID.
    The bounds are those of `Subset.gain`, which are not certain of 0 after a few pictures that did not move.
    """
    there = evidence.forbidden.there if evidence.forbidden else np.zeros(evidence.n, bool)
    if not (there & evidence.right).any():
        return _nothing(there, max_change)
    needs = {INTERVENTION: [name for fill in fills for name in (fill, f"{fill} elsewhere")]}
    if verdict := unfit(RULE, QUESTION, evidence, needs, there):
        return verdict
    hidden, elsewhere = _changes(evidence, fills, ""), _changes(evidence, fills, " elsewhere")
    moved = _moved(evidence, there, hidden)
    if not moved.subset.n:
        return invalid(RULE, QUESTION, "No picture left an answer without its forbidden pixels.", NEXT[Outcome.INVALID])
    beyond = _moved(evidence, there, hidden - elsewhere)
    silent = unjudged(evidence, ~(evidence.right & there) | moved.chosen, INTERVENTION)
    findings = (
        _hidden(evidence, moved, max_change, silent),
        _beyond(evidence, beyond, max_change, elsewhere, _within(moved, max_change)),
    )
    outcome = worst(finding.outcome for finding in findings)
    telling = findings[1] if outcome is Outcome.FAIL else findings[0]
    return Verdict(
        rule=RULE,
        question=QUESTION,
        outcome=outcome,
        sentence=telling.sentence,
        next_step=NEXT[outcome],
        findings=findings,
    )


def _changes(evidence: Evidence, fills: Fills, place: str) -> Floats:
    columns = [evidence.answered(INTERVENTION, f"{fill}{place}").probability for fill in fills]
    return median([np.abs(evidence.probability - column) for column in columns], evidence.n)


def _moved(evidence: Evidence, there: NDArray[np.bool_], change: Floats) -> Moved:
    chosen = evidence.right & there & np.isfinite(change)
    subset, values = evidence.subset(chosen), np.where(np.abs(change[chosen]) < ROUNDING, 0.0, change[chosen])
    return Moved(chosen, values, subset, subset.gain(values))


def _within(moved: Moved, limit: float) -> bool:
    return moved.bounds is not None and moved.subset.enough and moved.bounds.upper <= limit


def _hidden(evidence: Evidence, moved: Moved, limit: float, silent: int) -> Finding:
    """What hiding them does: nothing else can PASS."""
    within, subset, bounds, value = _within(moved, limit), moved.subset, moved.bounds, moved.mean
    further = None if within else subset.further_for_gain(moved.values, limit)
    said = (
        f"Hiding the forbidden pixels moves the label's probability by {points(value or 0)} on {subset} predicted right"
    )
    if bounds:
        said += f" (upper bound {points(bounds.upper)}{'' if within else f', where {points(limit)} may be'})"
    if not subset.enough:
        said += f": {subset.too_few}"
    elif not within:
        within_reach = value is not None and value < limit
        said += f": {needed(further, within_reach=within_reach, noun=subset.noun)}"
    return Finding(
        subject="forbidden pixels hidden",
        outcome=Outcome.PASS if within else Outcome.INCONCLUSIVE,
        quantity=QUANTITY,
        value=value,
        limit=limit,
        **subset.counted,
        lower=bounds.lower if bounds else None,
        upper=bounds.upper if bounds else None,
        further=further,
        worst=lowest(-moved.values, evidence.sample[moved.chosen]),
        sentence=f"{said}{left_out(silent)}.",
    )


def _beyond(evidence: Evidence, beyond: Moved, limit: float, elsewhere: Floats, within: bool) -> Finding:
    """What hiding them does beyond hiding as much elsewhere: nothing else can FAIL."""
    subset, bounds = beyond.subset, beyond.bounds
    over = bounds is not None and subset.enough and bounds.lower > limit
    outcome = Outcome.FAIL if over else Outcome.PASS if within else Outcome.INCONCLUSIVE
    if beyond.mean is None:
        said = "No picture left room to hide as much elsewhere"
    else:
        other = float(elsewhere[beyond.chosen].mean())
        said = (
            f"Hiding the forbidden pixels moves the label's probability by {points(beyond.mean + other)}, hiding as"
            f" much elsewhere by {points(other)}, on {subset} predicted right"
        )
        if bounds:
            said += f"; the difference is at least {points(bounds.lower)}"
            said += f", where {points(limit)} may be" if over else ""
    return Finding(
        subject="beyond as much elsewhere",
        outcome=outcome,
        quantity=BEYOND,
        value=beyond.mean,
        limit=limit,
        **subset.counted,
        lower=bounds.lower if bounds else None,
        upper=bounds.upper if bounds else None,
        worst=lowest(-beyond.values, evidence.sample[beyond.chosen]),
        sentence=f"{said}.",
    )


def _nothing(there: NDArray[np.bool_], limit: float) -> Verdict:
    n = int(there.sum())
    sentence = (
        f"None of {count(n, 'picture')} with forbidden pixels is predicted right, so that nothing is said of them."
        if n
        else "No picture shows the network forbidden pixels, so that nothing is said of them."
    )
    outcome = Outcome.INCONCLUSIVE if n else Outcome.INVALID
    finding = Finding(
        subject="forbidden pixels hidden",
        outcome=outcome,
        quantity=QUANTITY,
        value=None,
        limit=limit,
        n=0,
        sentence=sentence,
    )
    none = (
        "Name data whose annotations state forbidden pixels; where the preprocessing cuts them off, take the rule out."
    )
    step = NEXT[outcome] if n else none
    return Verdict(
        rule=RULE, question=QUESTION, outcome=outcome, sentence=sentence, next_step=step, findings=(finding,)
    )
