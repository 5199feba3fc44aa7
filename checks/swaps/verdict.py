"""How much accuracy hangs on a property of the picture, judged in points."""

import math
from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from checks import reasons
from checks.demand import CLASSES, LENDERS, Demand, of_pictures
from checks.statistics.bounds import MOST_UNITS, Bounds
from checks.statistics.crossed import Loans, lender_bounds, lenders
from checks.statistics.subset import FEWEST, Subset
from checks.swaps.classes import class_details, class_pulls
from checks.swaps.loans import Swap, donors, note, swap_of, variants
from checks.table.evidence import Evidence
from checks.table.layout import Layout
from checks.table.mean_difference import lowest
from checks.table.needs import Missing, invalid
from checks.table.unanswered import unfit, without_answer
from checks.table.variants import KINDS
from checks.verdict import Details, Direction, Finding, Outcome, Unit, Verdict

NAMELESS = "nameless"
"""Reason: the record does not say which pictures the donors were; details: `intervention`, `variant`, `pictures`."""
NO_CONTROL = "no_control"
"""Reason: too few donors of the same class, so that nobody can say what the swap costs by itself."""
UNDIRECTED = "undirected"
"""Reason: what is lost does not go to the classes of the donors, so that it may be the cut's."""
FEW_LENDERS = "few_lenders"
"""Reason: the pictures are enough, and the donors too few."""
BREAKS_PICTURES = "breaks_pictures"
"""Reason: the swap within the class already loses most right answers, so that it says nothing of the property."""
LEAST_RIGHT = 0.5
"""Share of the right answers that the swap within the class must leave."""


def swap_verdict(evidence: Evidence, rule: str, intervention: str, max_reliance: float) -> Verdict:
    """Pictures predicted right stay right with the property of other classes as often as with that of their own.

    Reliance on the property (for backgrounds: Xiao et al. 2021): over the pictures predicted right, the share of a
    picture's donors of the same class under which its label is predicted, less that of donors of other classes. Both
    are cut and pasted alike, so that the artefact cancels. PASS where the upper bound of the mean is within
    `max_reliance`, FAIL where the lower bound is over it and the lost answers go where the property points: the donor's
    class is named more often than any other wrong class, or its logit rises (in some class, by Holm over the classes:
    `checks.statistics.pull`), for certain. What is lost without direction may be the cut's and is INCONCLUSIVE; among
    two classes there is no direction to tell. Where most pictures find no donor of their own class, the accuracy that
    is lost under other donors stands in: it is at least the reliance, so that it may PASS, but part of it is the
    artefact's, so that it never FAILs. INVALID where the swap within the class leaves less than half of the right
    answers.

    Details of the one finding: whether the two kinds are `paired`, how many pictures (or clusters) were `lenders`, the
    share that is `right_on_own` (null where unpaired) and `right_on_other`, whether what is lost is `directed`, the
    share of answers that `followed` the donor's class (null where unknown), how many are `lenders_needed` at the least
    (null where there are enough), how many pictures predicted right are `without_answer`, and `unanswered_because` of
    what; the `share_of_evidence` that the property brings for all judged classes together (null where none is), these
    `classes`, of each its `label`, the `share` of its evidence with `lower` and `upper` bounds, adjusted `p` and
    whether that is `certain`, `pictures` and `lenders`; and how many classes there are in the data (`of_classes`).
    """
    if verdict := unfit_swap(evidence, rule, intervention):
        return verdict
    finding = swap_finding(evidence, intervention, max_reliance)
    return Verdict(rule=rule, outcome=finding.outcome, decided_by=finding.key, findings=(finding,))


def swap_finding(evidence: Evidence, intervention: str, max_reliance: float) -> Finding:
    """What `swap_verdict` finds, where the swap is fit to be judged."""
    swap = swap_of(evidence, intervention)
    same, other = swap.same.each, swap.other.each
    judged = evidence.right & np.isfinite(other)
    both = judged & np.isfinite(same)
    paired = bool(both.sum() >= FEWEST and 2 * both.sum() >= judged.sum()) or bool(both.sum() == judged.sum() > 0)
    return _finding(evidence, intervention, swap, both if paired else judged, max_reliance, paired)


def swap_demands(layout: Layout, intervention: str, max_reliance: float) -> tuple[Demand, ...]:
    """The intervention, and what `lending_demands` says."""
    return *layout.answers(_needed(intervention)), *lending_demands(layout, intervention, max_reliance)


def lending_demands(layout: Layout, experiment: str, max_reliance: float) -> tuple[Demand, ...]:
    """Two classes, and pictures predicted right, as many as show `max_reliance` where no swap costs an answer.

    Where these are enough, also pictures that lend.
    """
    subset = layout.drawn(experiment).subset
    further = subset.further_at_no_gain(max_reliance)
    classes = Demand(key=CLASSES, have=len(layout.in_classes), needed=2)
    demands = classes, of_pictures(subset, further)
    if further:
        return demands
    return *demands, Demand(key=LENDERS, have=layout.lenders, needed=_fewest_lenders(subset, max_reliance))


def _fewest_lenders(subset: Subset, limit: float) -> int:
    """How many must lend before the bound can be within the limit, if no swap costs an answer."""
    by_pictures, most = subset.gain(np.zeros(subset.n)), subset.clusters or subset.n

    def enough(count: int) -> bool:
        evenly = np.arange(2 * count)[None] % count
        loans = [Loans(sign, np.ones((1, 2 * count)), evenly) for sign in (1, -1)]
        return by_pictures is not None and (
            lender_bounds(0.0, by_pictures, loans, subset.confidence, subset.seed).upper <= limit
        )

    return bisect_left(range(1, most), True, key=enough) + 1


def _lenders_needed(
    lent: int, subset: Subset, limit: float, mean: float | None, by_pictures: Bounds | None, bounds: Bounds | None
) -> int | None:
    """How many must lend before the bound is within the limit, where they spread as those that lent do.

    Their part of the margin falls with the root of their number (see `lender_bounds`). None where `MOST_UNITS` would
    not do.
    """
    if mean is None or by_pictures is None or bounds is None:
        return None
    least = max(_fewest_lenders(subset, limit), lent + 1)
    if not mean:  # nothing moved: the exact bound of a share, which falls with the number itself
        return least
    of_pictures = (by_pictures.upper - mean) ** 2
    room, spread = (limit - mean) ** 2 - of_pictures, (bounds.upper - mean) ** 2 - of_pictures
    if not spread * lent <= room * MOST_UNITS:
        return None
    return max(least, math.ceil(spread * lent / room))


def unfit_swap(evidence: Evidence, rule: str, intervention: str) -> Verdict | None:
    """With all the donors that there are, each of which the record must name."""
    if verdict := unfit(rule, evidence, _needed(intervention)):
        return verdict
    lent = [variant for kind in KINDS for variant in variants(evidence, intervention, kind)]
    if verdict := unfit(rule, evidence, {intervention: lent}):
        return verdict
    for variant in lent:
        named = np.isfinite(note(evidence, intervention, f"donor of {variant}"))
        nameless = evidence.answered(intervention, variant).asked & ~named
        if n := int(nameless.sum()):
            return invalid(rule, Missing(NAMELESS, {"intervention": intervention, "variant": variant, "pictures": n}))
    return None


def _needed(intervention: str) -> dict[str, tuple[str, ...]]:
    return {intervention: ("other 1",)}


def _finding(
    evidence: Evidence, intervention: str, swap: Swap, chosen: NDArray[np.bool_], limit: float, paired: bool
) -> Finding:
    subset, some = evidence.subset(chosen), swap.among(chosen)
    reliance = (some.same.each if paired else 1.0) - some.other.each
    by_pictures = subset.gain(reliance)
    value = float(np.sort(reliance).mean()) if subset.n else None
    loans = (some.same, some.other) if paired else (some.other,)
    bounds = by_pictures
    if by_pictures is not None and value is not None:
        bounds = lender_bounds(value, by_pictures, loans, evidence.confidence, evidence.seed)
    pulls = class_pulls(evidence, intervention)
    directed = any(each.certain for each in pulls) or _directed(evidence, chosen, swap.pull)
    details = _details(evidence, intervention, some, loans) | {"directed": directed}
    unanswered = without_answer(evidence, np.isfinite(swap.other.each), _needed(intervention))
    lost = int(unanswered["without_answer"])
    few_lenders = subset.enough and by_pictures is not None and by_pictures.upper <= limit
    outcome, reason = _decided(subset, bounds, limit, details)
    if outcome is Outcome.PASS and bounds and not _with_lost(bounds.upper, subset.n, lost) <= limit:
        outcome, reason = Outcome.INCONCLUSIVE, reasons.UNJUDGED
    elif reason == reasons.UNDECIDED and few_lenders:
        reason = FEW_LENDERS
    undecided = outcome is Outcome.INCONCLUSIVE and paired and not few_lenders
    key = intervention.rpartition("_")[0] or intervention
    return Finding(
        key=key,
        outcome=outcome,
        quantity=f"reliance_on_{key}" if paired else f"accuracy_lost_on_other_{key}",
        unit=Unit.DIFFERENCE,
        better=Direction.LOWER,
        value=value,
        limit=limit,
        **subset.counted,
        lower=bounds.lower if bounds else None,
        upper=bounds.upper if bounds else None,
        further=subset.further_for_gain(reliance, limit) if undecided else None,
        reason=reason,
        details={
            **details,
            "lenders_needed": _lenders_needed(details["lenders"], subset, limit, value, by_pictures, bounds)
            if reason == FEW_LENDERS
            else None,
            **unanswered,
            **class_details(evidence, pulls),
        },
        worst=lowest(-reliance[reliance > 0], evidence.sample[chosen][reliance > 0]),
    )


def _with_lost(upper: float, n: int, lost: int) -> float:
    """The bound where each picture predicted right without an answer goes by the property alone."""
    return (n * upper + lost) / (n + lost)


def _directed(evidence: Evidence, chosen: NDArray[np.bool_], pull: Loans) -> bool:
    """The donors' classes are named more often than other wrong ones, for certain; or nobody can say."""
    known = chosen & np.isfinite(pull.each)
    if evidence.classes < 3 or not known.any():
        return True
    some = pull.among(known)
    bounds = evidence.subset(known).mean(some.each)
    if bounds is None:
        return False
    return lender_bounds(float(some.each.mean()), bounds, (some,), evidence.confidence, evidence.seed).lower > 0


def _decided(subset: Subset, bounds: Bounds | None, limit: float, details: Details) -> tuple[Outcome, str]:
    paired, directed = details["paired"], details["directed"]
    if bounds is not None and subset.enough:
        if paired and not details["right_on_own"] >= LEAST_RIGHT:
            return Outcome.INVALID, BREAKS_PICTURES
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


def _details(evidence: Evidence, intervention: str, some: Swap, loans: Sequence[Loans]) -> Details:
    """some: of the chosen pictures. loans: those that are judged, of both kinds where these are paired."""
    own, other = (float(part.each.mean()) if part.each.size else None for part in (some.same, some.other))
    paired = len(loans) > 1
    return {
        "paired": paired,
        "lenders": lenders(loans) if some.other.each.size else 0,
        "right_on_own": own if paired else None,
        "right_on_other": other,
        "followed": _followed(evidence, intervention),
    }


def _followed(evidence: Evidence, intervention: str) -> float | None:
    """How often the prediction becomes the class of the donor; None where the record does not know it."""
    followed = asked = 0
    for answered, donor in donors(evidence, intervention):
        there = evidence.right & answered.asked & np.isfinite(donor)
        followed, asked = followed + int((answered.predicted == donor)[there].sum()), asked + int(there.sum())
    return followed / asked if asked else None
