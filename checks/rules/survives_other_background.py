"""Sufficiency: does the prediction stand on other backgrounds?"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from checks.answers import Answered
from checks.comparison import lowest, needed
from checks.drawn import FEWEST, Drawn
from checks.evidence import Evidence, Floats
from checks.probed import left_out, unjudged
from checks.profile import Share
from checks.statistics import Bounds
from checks.unanswered import MOST_LOST, unfit
from checks.unanswered import NEXT as NO_NUMBER
from checks.verdict import Finding, Outcome, Verdict
from checks.words import percent, points

RULE = "survives_other_background"
QUESTION = "Does the prediction stand when the object is put on the background of another class?"
PROBE = "background_replaced"
NEEDS = {PROBE: ("other 1",)}
QUANTITY = "accuracy that backgrounds of other classes cost more than backgrounds of the same class"
ALONE = "accuracy that backgrounds of other classes cost"
NEXT = {
    Outcome.PASS: "",
    Outcome.FAIL: "The background tells this network the class. Train on pictures in which backgrounds and classes do"
    " not go together, and audit again.",
    Outcome.INCONCLUSIVE: "Add boxed pictures, several of each class, so that each finds backgrounds of its own class.",
    Outcome.INVALID: NO_NUMBER,
}


class Swap(NamedTuple):
    """(n,) shares of a picture's donors, NaN where there are none."""

    same: Floats
    """Of those of its class, under which its label is predicted."""
    other: Floats
    """Of those of other classes, under which its label is predicted."""
    pull: Floats
    """Of those of other classes, under which their class is predicted, less what each other wrong class has."""


def survives_other_background(evidence: Evidence, *, max_reliance: Share) -> Verdict:
    """Pictures predicted right stay right on backgrounds of other classes as often as on those of their own class.

    Reliance on the background (Xiao et al. 2021): over the pictures predicted right, the share of a picture's donors of
    the same class under which its label is predicted, less that of donors of other classes. Both are cut and pasted
    alike, so that the artefact cancels. PASS where the upper bound of the mean is within `max_reliance`, FAIL where the
    lower bound is over it and the lost answers go where the background points: its class is named more often than any
    other wrong class, for certain. What is lost without direction may be the cut's (an object lit otherwise than its
    background) and is INCONCLUSIVE; among two classes there is no direction to tell. Where most pictures find no
    background of their own class, the accuracy that is lost on other backgrounds stands in: it is at least the
    reliance, so that it may PASS, but part of it is the artefact's, so that it never FAILs.
    """
    if verdict := _unfit(evidence):
        return verdict
    swap = _swap(evidence)
    other = evidence.right & np.isfinite(swap.other)
    both = other & np.isfinite(swap.same)
    paired = bool(both.sum() >= FEWEST and 2 * both.sum() >= other.sum()) or bool(both.sum() == other.sum() > 0)
    chosen = both if paired else other
    reliance = ((swap.same if paired else 1.0) - swap.other)[chosen]
    finding = _finding(evidence, swap, chosen, reliance, max_reliance, paired)
    return Verdict(
        rule=RULE,
        question=QUESTION,
        outcome=finding.outcome,
        sentence=finding.sentence,
        next_step=NEXT[finding.outcome],
        findings=(finding,),
    )


def _unfit(evidence: Evidence) -> Verdict | None:
    """With all the donors that there are."""
    if verdict := unfit(RULE, QUESTION, evidence, NEEDS):
        return verdict
    donors = [variant for variant in evidence.variants(PROBE) if variant.startswith(("other ", "same "))]
    return unfit(RULE, QUESTION, evidence, {PROBE: donors})


def _swap(evidence: Evidence) -> Swap:
    return Swap(_kept(evidence, "same "), _kept(evidence, "other "), pull_of(evidence))


def pull_of(evidence: Evidence) -> Floats:
    """(n,) by which the prediction goes to the class of the background; 0 on average where it goes nowhere."""
    pulled, asked = np.zeros(evidence.n), np.zeros(evidence.n)
    for answered, donor in _donors(evidence):
        there = answered.asked & np.isfinite(donor)
        to_donor = there & (answered.predicted == donor)
        astray = there & ~to_donor & (answered.predicted != evidence.class_index)
        asked += there
        pulled += to_donor - astray / max(1, evidence.classes - 2)
    return np.where(asked > 0, pulled / np.maximum(asked, 1), np.nan)


def _donors(evidence: Evidence) -> Iterator[tuple[Answered, Floats]]:
    """The answers on each background of another class, and (n,) that class."""
    for variant in evidence.variants(PROBE):
        kind, _, number = variant.partition(" ")
        donor = evidence.notes.get((PROBE, f"donor class {number}"))
        if kind == "other" and donor is not None:
            yield evidence.answered(PROBE, variant), donor


def _kept(evidence: Evidence, kind: str) -> Floats:
    """(n,) share of the answers to variants of this kind that are the label."""
    kept, asked = np.zeros(evidence.n), np.zeros(evidence.n)
    for variant in evidence.variants(PROBE):
        if variant.startswith(kind):
            answered = evidence.answered(PROBE, variant)
            asked += answered.asked
            kept += answered.asked & (answered.predicted == evidence.class_index)
    return np.where(asked > 0, kept / np.maximum(asked, 1), np.nan)


def _finding(
    evidence: Evidence, swap: Swap, chosen: NDArray[np.bool_], reliance: Floats, limit: float, paired: bool
) -> Finding:
    drawn, n = evidence.drawn(chosen), len(reliance)
    bounds = drawn.gain(reliance)
    directed = _directed(evidence, chosen, swap.pull)
    lost = unjudged(evidence, np.isfinite(swap.other), PROBE)
    outcome = _outcome(drawn, bounds, limit, paired and directed)
    if outcome is Outcome.PASS and lost > MOST_LOST * evidence.right.sum():
        outcome = Outcome.INCONCLUSIVE
    value = float(np.sort(reliance).mean()) if n else None
    undecided = outcome is Outcome.INCONCLUSIVE and paired
    further = drawn.further_for_gain(reliance, limit) if undecided else None
    said = _seen(evidence, swap, chosen, paired) + _bound(outcome, bounds, limit)
    if not paired and n:
        said += _artefact(evidence, chosen, outcome)
    elif not directed and bounds and bounds.lower > limit:
        said += ": what is lost does not go to the classes of the backgrounds, so that it may be the cut's"
    elif undecided and drawn.enough and value is not None:
        said += f": {needed(further, within_reach=value < limit, noun=drawn.noun)}"
    elif undecided and n:
        said += f": {drawn.too_few}"
    return Finding(
        subject="background",
        outcome=outcome,
        quantity=QUANTITY if paired else ALONE,
        value=value,
        limit=limit,
        **drawn.counted,
        lower=bounds.lower if bounds else None,
        upper=bounds.upper if bounds else None,
        further=further,
        worst=lowest(-reliance[reliance > 0], evidence.sample[chosen][reliance > 0]),
        sentence=f"{said}{_follows(evidence)}{left_out(lost)}.",
    )


def _directed(evidence: Evidence, chosen: NDArray[np.bool_], pull: Floats) -> bool:
    """The backgrounds' classes are named more often than other wrong ones, for certain; or nobody can say."""
    known = chosen & np.isfinite(pull)
    if evidence.classes < 3 or not known.any():
        return True
    bounds = evidence.drawn(known).mean(pull[known])
    return bounds is not None and bounds.lower > 0


def _outcome(drawn: Drawn, bounds: Bounds | None, limit: float, may_fail: bool) -> Outcome:
    if bounds is None or not drawn.enough:
        return Outcome.INCONCLUSIVE
    if bounds.upper <= limit:
        return Outcome.PASS
    return Outcome.FAIL if may_fail and bounds.lower > limit else Outcome.INCONCLUSIVE


def _seen(evidence: Evidence, swap: Swap, chosen: NDArray[np.bool_], paired: bool) -> str:
    if not chosen.any():
        return "No picture that is predicted right was put on another background"
    pictures = f"Of {evidence.drawn(chosen)} predicted right"
    other = percent(float(swap.other[chosen].mean()))
    if not paired:
        return f"{pictures}, {other} are still right on backgrounds of other classes"
    same = percent(float(swap.same[chosen].mean()))
    return f"{pictures}, {same} are still right on other backgrounds of their own class and {other} on those of others"


def _bound(outcome: Outcome, bounds: Bounds | None, limit: float) -> str:
    if bounds is None:
        return ""
    if outcome is Outcome.PASS:
        return f" (upper bound of the loss {points(bounds.upper)})"
    allowed = f"where {points(limit)} may be"
    if outcome is Outcome.FAIL:
        return f" (lower bound of the reliance {points(bounds.lower)}, {allowed})"
    return f" (the loss lies between {points(bounds.lower)} and {points(bounds.upper)}, {allowed})"


def _artefact(evidence: Evidence, chosen: NDArray[np.bool_], outcome: Outcome) -> str:
    """What a loss without the control says, and what plain fills cost."""
    kept = [
        f"{percent(float((answered.predicted == evidence.class_index)[there].mean()))} under '{fill}'"
        for fill in ("mean", "blur")
        for answered in (evidence.answered(PROBE, fill),)
        for there in (chosen & answered.asked,)
        if there.any()
    ]
    plain = f"; as to backgrounds without content, {' and '.join(kept)} are still right" if kept else ""
    if outcome is Outcome.PASS:
        return f"{plain}; there were too few backgrounds of their own class to take off what pasting costs by itself"
    return f"{plain}: without backgrounds of their own class nobody can say how much of it pasting costs by itself"


def _follows(evidence: Evidence) -> str:
    """How often the prediction becomes the class of the donor, where the record knows it."""
    followed = asked = 0
    for answered, donor in _donors(evidence):
        there = evidence.right & answered.asked & np.isfinite(donor)
        followed, asked = followed + int((answered.predicted == donor)[there].sum()), asked + int(there.sum())
    return (
        f"; the prediction becomes the class of the background's picture in {percent(followed / asked)}"
        if asked
        else ""
    )
