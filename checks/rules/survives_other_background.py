"""Sufficiency: does the prediction stand on other backgrounds?"""

from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

from checks import reasons
from checks.demand import CLASSES, LENDERS, Demand, of_pictures
from checks.profile import Share
from checks.statistics.bounds import Bounds
from checks.statistics.crossed import Loans, lender_bounds, lenders
from checks.statistics.subset import FEWEST, Subset
from checks.table.backgrounds import INTERVENTION, KINDS, Swap, donors, note, swapped, variants
from checks.table.evidence import Evidence
from checks.table.layout import Layout
from checks.table.mean_difference import lowest
from checks.table.needs import Missing, invalid
from checks.table.unanswered import unfit, without_answer
from checks.verdict import Details, Direction, Finding, Outcome, Unit, Verdict

RULE = "survives_other_background"
BACKGROUND = "background"
"""Key of the one finding."""
ANSWERS_NEEDED = {INTERVENTION: ("other 1",)}
NAMELESS = "nameless"
"""Reason: the record does not say whose background pictures had; details: `intervention`, `variant`, `pictures`."""
NO_CONTROL = "no_control"
"""Reason: too few backgrounds of the same class, so that nobody can say what pasting costs by itself."""
UNDIRECTED = "undirected"
"""Reason: what is lost does not go to the classes of the backgrounds, so that it may be the cut's."""
FEW_BACKGROUNDS = "few_backgrounds"
"""Reason: the pictures are enough, and the backgrounds too few."""
PLAIN = ("mean", "blur")
"""Backgrounds without content."""


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

    Details: whether the two kinds are `paired`, how many pictures (or clusters) lent `backgrounds`, the share that is
    `right_on_own` (null where unpaired) and `right_on_other` backgrounds, whether what is lost is `directed`, the share
    of answers that `followed` the background's class (null where unknown), the share that is right on each `plain`
    background, how many are `backgrounds_needed` at the least (null where there are enough), and how many pictures
    predicted right are `without_answer`, and `unanswered_because` of what.
    """
    if verdict := _unfit(evidence):
        return verdict
    swap = swapped(evidence)
    same, other = swap.same.each, swap.other.each
    judged = evidence.right & np.isfinite(other)
    both = judged & np.isfinite(same)
    paired = bool(both.sum() >= FEWEST and 2 * both.sum() >= judged.sum()) or bool(both.sum() == judged.sum() > 0)
    finding = _finding(evidence, swap, both if paired else judged, max_reliance, paired)
    return Verdict(rule=RULE, outcome=finding.outcome, decided_by=BACKGROUND, findings=(finding,))


def needed(layout: Layout, *, max_reliance: Share) -> tuple[Demand, ...]:
    """Two classes, and pictures predicted right, as many as show `max_reliance` where no background costs an answer.

    Where these are enough, also pictures that lend their backgrounds.
    """
    subset = layout.drawn(INTERVENTION).subset
    further = subset.further_at_no_gain(max_reliance)
    classes = Demand(key=CLASSES, have=len(layout.in_classes), needed=2)
    demands = *layout.answers(ANSWERS_NEEDED), classes, of_pictures(subset, further)
    if further:
        return demands
    return *demands, Demand(key=LENDERS, have=layout.lenders, needed=_fewest_lenders(subset, max_reliance))


def _fewest_lenders(subset: Subset, limit: float) -> int:
    """How many must lend before the bound can be within the limit, if no background costs an answer."""
    by_pictures, most = subset.gain(np.zeros(subset.n)), subset.clusters or subset.n

    def enough(count: int) -> bool:
        evenly = np.arange(2 * count)[None] % count
        loans = [Loans(sign, np.ones((1, 2 * count)), evenly) for sign in (1, -1)]
        return by_pictures is not None and (
            lender_bounds(0.0, by_pictures, loans, subset.confidence, subset.seed).upper <= limit
        )

    return bisect_left(range(1, most), True, key=enough) + 1


def _unfit(evidence: Evidence) -> Verdict | None:
    """With all the donors that there are, each of which the record must name."""
    if verdict := unfit(RULE, evidence, ANSWERS_NEEDED):
        return verdict
    lent = [variant for kind in KINDS for variant in variants(evidence, kind)]
    if verdict := unfit(RULE, evidence, {INTERVENTION: lent}):
        return verdict
    for variant in lent:
        nameless = evidence.answered(INTERVENTION, variant).asked & ~np.isfinite(note(evidence, f"donor of {variant}"))
        if n := int(nameless.sum()):
            details = {"intervention": INTERVENTION, "variant": variant, "pictures": n}
            return invalid(RULE, Missing(NAMELESS, details))
    return None


def _finding(evidence: Evidence, swap: Swap, chosen: NDArray[np.bool_], limit: float, paired: bool) -> Finding:
    subset, some = evidence.subset(chosen), swap.among(chosen)
    reliance = (some.same.each if paired else 1.0) - some.other.each
    by_pictures = subset.gain(reliance)
    value = float(np.sort(reliance).mean()) if subset.n else None
    loans = (some.same, some.other) if paired else (some.other,)
    bounds = by_pictures
    if by_pictures is not None and value is not None:
        bounds = lender_bounds(value, by_pictures, loans, evidence.confidence, evidence.seed)
    directed = _directed(evidence, chosen, swap.pull)
    unanswered = without_answer(evidence, np.isfinite(swap.other.each), ANSWERS_NEEDED)
    lost = int(unanswered["without_answer"])
    few_lenders = subset.enough and by_pictures is not None and by_pictures.upper <= limit
    outcome, reason = _decided(subset, bounds, limit, paired, directed)
    if outcome is Outcome.PASS and bounds and not _with_lost(bounds.upper, subset.n, lost) <= limit:
        outcome, reason = Outcome.INCONCLUSIVE, reasons.UNJUDGED
    elif reason == reasons.UNDECIDED and few_lenders:
        reason = FEW_BACKGROUNDS
    undecided = outcome is Outcome.INCONCLUSIVE and paired and not few_lenders
    return Finding(
        key=BACKGROUND,
        outcome=outcome,
        quantity="reliance_on_background" if paired else "accuracy_lost_on_other_backgrounds",
        unit=Unit.DIFFERENCE,
        better=Direction.LOWER,
        value=value,
        limit=limit,
        **subset.counted,
        lower=bounds.lower if bounds else None,
        upper=bounds.upper if bounds else None,
        further=subset.further_for_gain(reliance, limit) if undecided else None,
        reason=reason,
        details=_details(evidence, some, chosen, paired)
        | {
            "directed": directed,
            "backgrounds_needed": _fewest_lenders(subset, limit) if reason == FEW_BACKGROUNDS else None,
            **unanswered,
        },
        worst=lowest(-reliance[reliance > 0], evidence.sample[chosen][reliance > 0]),
    )


def _with_lost(upper: float, n: int, lost: int) -> float:
    """The bound where each picture predicted right without an answer goes by its background alone."""
    return (n * upper + lost) / (n + lost)


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


def _decided(subset: Subset, bounds: Bounds | None, limit: float, paired: bool, directed: bool) -> tuple[Outcome, str]:
    if bounds is not None and subset.enough:
        if bounds.upper <= limit:
            return Outcome.PASS, ""
        if paired and directed and bounds.lower > limit:
            return Outcome.FAIL, reasons.BEYOND_LIMIT
    return Outcome.INCONCLUSIVE, _open(subset, bounds, limit, paired, directed)


def _open(subset: Subset, bounds: Bounds | None, limit: float, paired: bool, directed: bool) -> str:
    """The reason why nothing is decided."""
    if not subset.n:
        return reasons.NO_PICTURES
    if not paired:
        return NO_CONTROL
    if not directed and bounds is not None and bounds.lower > limit:
        return UNDIRECTED
    return reasons.UNDECIDED if subset.enough else reasons.TOO_FEW


def _details(evidence: Evidence, some: Swap, chosen: NDArray[np.bool_], paired: bool) -> Details:
    """some: of the chosen pictures."""
    own, other = (float(part.each.mean()) if chosen.any() else None for part in (some.same, some.other))
    return {
        "paired": paired,
        "backgrounds": lenders((some.same, some.other) if paired else (some.other,)) if chosen.any() else 0,
        "right_on_own": own if paired else None,
        "right_on_other": other,
        "followed": _followed(evidence),
        "plain": _plain(evidence, chosen),
    }


def _plain(evidence: Evidence, chosen: NDArray[np.bool_]) -> Details:
    """The share that is right on each background without content."""
    shares = {}
    for fill in PLAIN:
        answered = evidence.answered(INTERVENTION, fill)
        if (there := chosen & answered.asked).any():
            shares[fill] = float((answered.predicted == evidence.class_index)[there].mean())
    return shares


def _followed(evidence: Evidence) -> float | None:
    """How often the prediction becomes the class of the donor; None where the record does not know it."""
    followed = asked = 0
    for answered, donor in donors(evidence):
        there = evidence.right & answered.asked & np.isfinite(donor)
        followed, asked = followed + int((answered.predicted == donor)[there].sum()), asked + int(there.sum())
    return followed / asked if asked else None
