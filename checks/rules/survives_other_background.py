"""Sufficiency: does the prediction stand on other backgrounds?"""

import numpy as np
from numpy.typing import NDArray

from checks.profile import Share
from checks.statistics.bounds import Bounds
from checks.statistics.crossed import Loans, lender_bounds, lenders
from checks.statistics.subset import FEWEST, Subset
from checks.table.backgrounds import INTERVENTION, KINDS, Swap, donors, note, swapped, variants
from checks.table.evidence import Evidence
from checks.table.mean_difference import lowest, needed
from checks.table.needs import invalid, left_out, unjudged
from checks.table.unanswered import MOST_LOST, unfit
from checks.table.unanswered import NEXT as NO_NUMBER
from checks.verdict import Finding, Outcome, Verdict
from checks.words import count, percent, points

RULE = "survives_other_background"
QUESTION = "Does the prediction stand when the object is put on the background of another class?"
NEEDS = {INTERVENTION: ("other 1",)}
QUANTITY = "accuracy that backgrounds of other classes cost more than backgrounds of the same class"
ALONE = "accuracy that backgrounds of other classes cost"
NEXT = {
    Outcome.PASS: "",
    Outcome.FAIL: "The background tells this network the class. Train on pictures in which backgrounds and classes do"
    " not go together, and audit again.",
    Outcome.INCONCLUSIVE: "Add boxed pictures, several of each class, so that each finds backgrounds of its own class.",
    Outcome.INVALID: NO_NUMBER,
}


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
    swap = swapped(evidence)
    same, other = swap.same.each, swap.other.each
    judged = evidence.right & np.isfinite(other)
    both = judged & np.isfinite(same)
    paired = bool(both.sum() >= FEWEST and 2 * both.sum() >= judged.sum()) or bool(both.sum() == judged.sum() > 0)
    finding = _finding(evidence, swap, both if paired else judged, max_reliance, paired)
    return Verdict(
        rule=RULE,
        question=QUESTION,
        outcome=finding.outcome,
        sentence=finding.sentence,
        next_step=NEXT[finding.outcome],
        findings=(finding,),
    )


def _unfit(evidence: Evidence) -> Verdict | None:
    """With all the donors that there are, each of which the record must name."""
    if verdict := unfit(RULE, QUESTION, evidence, NEEDS):
        return verdict
    lent = [variant for kind in KINDS for variant in variants(evidence, kind)]
    if verdict := unfit(RULE, QUESTION, evidence, {INTERVENTION: lent}):
        return verdict
    for variant in lent:
        nameless = evidence.answered(INTERVENTION, variant).asked & ~np.isfinite(note(evidence, f"donor of {variant}"))
        if n := int(nameless.sum()):
            seen = f"The record does not say whose background {count(n, 'picture')} had in {INTERVENTION} '{variant}'."
            return invalid(RULE, QUESTION, seen, "Run the audit again.")
    return None


def _finding(evidence: Evidence, swap: Swap, chosen: NDArray[np.bool_], limit: float, paired: bool) -> Finding:
    subset, some = evidence.subset(chosen), swap.among(chosen)
    reliance = (some.same.each if paired else 1.0) - some.other.each
    by_pictures, n = subset.gain(reliance), len(reliance)
    value = float(np.sort(reliance).mean()) if n else None
    loans = (some.same, some.other) if paired else (some.other,)
    bounds = by_pictures
    if by_pictures is not None and value is not None:
        bounds = lender_bounds(value, by_pictures, loans, evidence.confidence, evidence.seed)
    directed = _directed(evidence, chosen, swap.pull)
    lost = unjudged(evidence, np.isfinite(swap.other.each), INTERVENTION)
    outcome = _outcome(subset, bounds, limit, paired and directed)
    if outcome is Outcome.PASS and lost > MOST_LOST * evidence.right.sum():
        outcome = Outcome.INCONCLUSIVE
    undecided = outcome is Outcome.INCONCLUSIVE and paired
    lenders_decide = undecided and subset.enough and by_pictures is not None and by_pictures.upper <= limit
    further = subset.further_for_gain(reliance, limit) if undecided and not lenders_decide else None
    said = _seen(some, subset, paired) + _bound(outcome, bounds, limit)
    if not paired and n:
        said += _artefact(evidence, chosen, outcome)
    elif not directed and bounds and bounds.lower > limit:
        said += ": what is lost does not go to the classes of the backgrounds, so that it may be the cut's"
    elif lenders_decide:
        said += ": the pictures are enough and the backgrounds too few; add pictures, or raise experiments.donors"
    elif undecided and subset.enough and value is not None:
        said += f": {needed(further, within_reach=value < limit, noun=subset.noun)}"
    elif undecided and n:
        said += f": {subset.too_few}"
    return Finding(
        subject="background",
        outcome=outcome,
        quantity=QUANTITY if paired else ALONE,
        value=value,
        limit=limit,
        **subset.counted,
        lower=bounds.lower if bounds else None,
        upper=bounds.upper if bounds else None,
        further=further,
        worst=lowest(-reliance[reliance > 0], evidence.sample[chosen][reliance > 0]),
        sentence=f"{said}{_follows(evidence)}{left_out(lost)}.",
    )


def _directed(evidence: Evidence, chosen: NDArray[np.bool_], pull: Loans) -> bool:
    """The backgrounds' classes are named more often than other wrong ones, for certain; or nobody can say."""
    known = chosen & np.isfinite(pull.each)
    if evidence.classes < 3 or not known.any():
        return True
    some = pull.among(known)
    bounds = evidence.subset(known).mean(some.each)
    if bounds is None:
        return False
    return lender_bounds(float(some.each.mean()), bounds, (some,), evidence.confidence, evidence.seed).lower > 0


def _outcome(subset: Subset, bounds: Bounds | None, limit: float, may_fail: bool) -> Outcome:
    if bounds is None or not subset.enough:
        return Outcome.INCONCLUSIVE
    if bounds.upper <= limit:
        return Outcome.PASS
    return Outcome.FAIL if may_fail and bounds.lower > limit else Outcome.INCONCLUSIVE


def _seen(some: Swap, subset: Subset, paired: bool) -> str:
    """some: of the pictures that are judged."""
    if not subset.n:
        return "No picture that is predicted right was put on another background"
    lent = lenders((some.same, some.other) if paired else (some.other,))
    pictures = f"Of {subset} predicted right, on backgrounds of {count(lent, subset.noun)}"
    other = percent(float(some.other.each.mean()))
    if not paired:
        return f"{pictures}, {other} are still right where those are of other classes"
    same = percent(float(some.same.each.mean()))
    return f"{pictures}, {same} are still right where those are of their own class and {other} where of others"


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
        for answered in (evidence.answered(INTERVENTION, fill),)
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
    for answered, donor in donors(evidence):
        there = evidence.right & answered.asked & np.isfinite(donor)
        followed, asked = followed + int((answered.predicted == donor)[there].sum()), asked + int(there.sum())
    return (
        f"; the prediction becomes the class of the background's picture in {percent(followed / asked)}"
        if asked
        else ""
    )
