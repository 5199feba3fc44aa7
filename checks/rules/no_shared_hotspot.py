"""Cues: does hiding what the maps of a class agree on outside the boxes cost the prediction?"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from audit.registry import Need
from checks.apply import apply
from checks.demand import Demand
from checks.profile import Share
from checks.statistics.bounds import Bounds
from checks.statistics.subset import FEWEST
from checks.table.controls import Cue
from checks.table.evidence import Evidence
from checks.table.layout import Layout
from checks.table.mean_difference import MeanDifference, lowest, mean_difference
from checks.table.needs import Missing, incapable, invalid
from checks.table.unanswered import no_number
from checks.verdict import Details, Direction, Finding, Outcome, Unit, Verdict, worst

NEEDS: frozenset[Need] = frozenset({"region"})
RULE = "no_shared_hotspot"
SHARED_CUES = "shared_cues"
BACKGROUND = "survives_other_background"
IN_CLASSES = "pictures_in_large_classes"
"""Key of a demand."""
SEARCH = "search"
"""Key: how many of the pictures could be searched."""
NOT_SEARCHED = "not_searched"
"""Reason: the search `shared_cues` was not run."""
CONFIRMED_BY_HIDING = "confirmed_by_hiding"
"""Reason: hiding the candidate costs more probability than hiding an equal area elsewhere, for certain."""
CONFIRMED_BY_PASTING = "confirmed_by_pasting"
"""Reason: hiding it costs log-odds, and pasting it turns pictures of other classes, for certain."""
PASTING_ALONE = "pasting_alone"
"""Reason: pasting it turns pictures of other classes, but hiding it costs nothing."""
NOT_CONFIRMED = "not_confirmed"
"""Reason: the candidate is not confirmed, but its own upper bound does not rule it out."""
FEW_SEARCHED = "few_searched"
"""Reason: the classes with enough pictures predicted right, of which maps were made, hold too few of all."""
BOUNDED = "bounded"
"""Key: what other backgrounds bound of that which no candidate's own bound, or no search, covers."""
WAYS = 2
"""In which a candidate can be confirmed."""


def no_shared_hotspot(evidence: Evidence, *, min_loss: Share, min_turned: Share, min_searched: Share) -> Verdict:
    """The model relies on no place or appearance outside the boxes that recurs in a class.

    Maps propose candidates; experiments on pictures predicted right confirm them, in one of two ways. Hiding one costs
    more of the label's probability than hiding an equal area does, the lower bound of the mean difference being over
    `min_loss`. Or, since a saturated or doubly founded prediction loses no probability: it costs more of the log-odds
    for certain, and pasting it into pictures of other classes turns more of them into its class than pasting as much
    from elsewhere in the same pictures, the lower bound of the difference of the shares being over `min_turned`. Every
    candidate has two ways to be confirmed wrongly, so each bound holds with 1 - (1 - confidence) / (2 * candidates)
    (Bonferroni).

    FAIL where one is confirmed. PASS where hiding none costs more than `min_loss` by its upper bound, and the classes
    with 20 pictures or more that are predicted right, in which alone a search can be conclusive, hold the share
    `min_searched` of the pictures. For a candidate that is not confirmed, but whose upper bound is over the limit, and
    for classes that were not searched, the finding `bounded` may stand in (where there is no candidate, it is there
    too): that of `survives_other_background` where it passes by its limit in this profile, which bounds what any mark
    outside the object can decide, named or not. INCONCLUSIVE where neither is so, where the model yields no maps, where
    a candidate reaches the limits, but not for certain, and where pasting one turns pictures, but hiding it costs
    nothing: it may be an object of the class that nobody boxed, or a cue that overrules it. A cue without a place of
    its own (a colour cast, a frame, a texture) is not found here; it shows where the background is replaced.

    The key of a candidate is its intervention, as 'cue 1'; details: its `id`, `class_index` and `class_label` (null
    where no picture is of the class), its `box` as shares of the frame (null where it has no place), the `window`
    around it as (width, height) in pixels (null where the frame is unknown) and its `side` as a share of the frame's,
    the pictures of the class that it was `seen_in` and all of them (`pictures`), the `log_odds` that hiding it costs,
    and of the `pasted` pictures of other classes those `turned` into its class and `turned_elsewhere`. Details of the
    search: the `classes`, those `searched`, the `fewest` pictures predicted right and with a map that it takes. Of
    `bounded`: the keys of what is `lacking` a bound of its own.
    """
    if unable := incapable(RULE, evidence, SHARED_CUES):
        return unable
    if SHARED_CUES not in evidence.experiments:
        return invalid(RULE, Missing(NOT_SEARCHED, {}))
    needs = {key: evidence.variants(key) for key in map(_key, evidence.cues)}
    if missing := no_number(evidence, needs, evidence.right):
        return invalid(RULE, missing)
    confidence = 1 - (1 - evidence.confidence) / (WAYS * max(1, len(evidence.cues)))
    strict = replace(evidence, profile=evidence.profile.model_copy(update={"confidence": confidence}))
    tested = [_finding(strict, _tested(strict, cue, min_loss, min_turned)) for cue in evidence.cues]
    findings = _with_backgrounds(evidence, (*tested, _searched(evidence, min_searched)))
    outcome = worst(finding.outcome for finding in findings if not finding.advisory)
    telling = [finding for finding in findings if finding.outcome is outcome and not finding.advisory]
    deciding = max(telling, key=_loss)
    return Verdict(rule=RULE, outcome=outcome, decided_by=deciding.key, findings=findings)


def needed(layout: Layout, *, min_searched: Share) -> tuple[Demand, ...]:
    """Pictures in all, as many as give enough of the classes 20 each; none where other backgrounds may do instead.

    Details: the number of `classes`, how many of them are `searched`, the `fewest` pictures of a class that it takes,
    and the share of all pictures that such classes must hold (`min_searched`).
    """
    if BACKGROUND in layout.profile.rules:
        return layout.experiments(SHARED_CUES)
    classes = layout.in_classes
    details = {"classes": len(classes), "searched": int((classes >= FEWEST).sum()), "fewest": FEWEST}
    further = _further(classes, min_searched)
    pictures = Demand(
        key=IN_CLASSES,
        have=layout.n,
        needed=None if further is None else layout.n + further,
        details=details | {"min_searched": min_searched},
    )
    return *layout.experiments(SHARED_CUES), pictures


def _further(in_classes: NDArray[np.int64], min_searched: float) -> int | None:
    """The fewest further pictures after which classes of enough pictures hold that share of all; None for no class.

    in_classes: the pictures of each class. The largest classes are filled up first.
    """
    largest = np.sort(in_classes)[::-1]
    filled = np.maximum(largest, FEWEST)
    for number in range(int((largest >= FEWEST).sum()), len(largest) + 1):
        held, rest = int(filled[:number].sum()), int(largest[number:].sum())
        if held + rest and held / (held + rest) >= min_searched:
            return held + rest - int(largest.sum())
    return None


@dataclass(frozen=True)
class Tested:
    """What hiding a candidate and pasting it did."""

    cue: Cue
    outcome: Outcome
    reason: str
    loss: MeanDifference
    """Loss of the label's probability, beyond the loss elsewhere."""
    odds: MeanDifference
    """Loss of the log-odds, likewise."""
    turned: int
    """Pictures of other classes that the crop turns into its class."""
    turned_elsewhere: int
    pasted: int
    further: int | None
    """Further pictures after which hiding it would be decided."""


def _key(cue: Cue) -> str:
    """The candidate's intervention, and the key of its finding."""
    return f"cue {cue.id}"


def _tested(evidence: Evidence, cue: Cue, min_loss: float, min_turned: float) -> Tested:
    hidden, elsewhere = (evidence.answered(_key(cue), variant) for variant in ("hidden", "elsewhere"))
    both = hidden.asked & elsewhere.asked
    loss = mean_difference(evidence, both, elsewhere.probability - hidden.probability, min_loss)
    odds = mean_difference(evidence, both, elsewhere.log_odds - hidden.log_odds, 0.0)
    pasted, control = (evidence.answered(_key(cue), variant) for variant in ("pasted", "pasted elsewhere"))
    there = pasted.asked & control.asked
    turns, turns_elsewhere = ((answers.predicted == cue.class_index)[there] for answers in (pasted, control))
    subset, difference = evidence.subset(there), turns.astype(int) - turns_elsewhere
    share: Bounds = subset.paired(difference)
    by_pasting = odds.outcome is Outcome.PASS and subset.enough and share.lower > min_turned
    turned = subset.n > 0 and bool(difference.mean() > min_turned)
    outcome, reason = _decided(loss, odds, by_pasting=by_pasting, turned=turned)
    further = loss.further if outcome is Outcome.INCONCLUSIVE else None
    if reason == NOT_CONFIRMED:
        further = loss.subset.further_for_mean(hidden.probability[both] - elsewhere.probability[both], -min_loss)
    return Tested(cue, outcome, reason, loss, odds, int(turns.sum()), int(turns_elsewhere.sum()), subset.n, further)


def _decided(loss: MeanDifference, odds: MeanDifference, *, by_pasting: bool, turned: bool) -> tuple[Outcome, str]:
    """by_pasting: it turns pictures of other classes for certain; turned: it does in those that were tried."""
    if loss.outcome is Outcome.INVALID or odds.outcome is Outcome.INVALID:
        return Outcome.INVALID, loss.reason if loss.outcome is Outcome.INVALID else odds.reason
    if loss.outcome is Outcome.PASS:
        return Outcome.FAIL, CONFIRMED_BY_HIDING
    if by_pasting:
        return Outcome.FAIL, CONFIRMED_BY_PASTING
    over = loss.value is not None and loss.value > loss.limit
    if over or not loss.subset.enough:
        return Outcome.INCONCLUSIVE, loss.reason
    if turned:
        return Outcome.INCONCLUSIVE, PASTING_ALONE
    within = loss.upper is not None and loss.upper <= loss.limit
    return (Outcome.PASS, "") if within else (Outcome.INCONCLUSIVE, NOT_CONFIRMED)


def _finding(evidence: Evidence, test: Tested) -> Finding:
    key = _key(test.cue)
    more = evidence.answered(key, "hidden").probability - evidence.answered(key, "elsewhere").probability
    asked = np.isfinite(more)
    worst_first = lowest(more[asked], evidence.sample[asked]) if test.outcome is Outcome.FAIL else ()
    return Finding(
        key=key,
        outcome=test.outcome,
        quantity="loss_without_candidate",
        unit=Unit.DIFFERENCE,
        better=Direction.LOWER,
        value=test.loss.value,
        limit=test.loss.limit,
        **test.loss.subset.counted,
        lower=test.loss.lower,
        upper=test.loss.upper,
        further=test.further,
        reason=test.reason,
        details=_details(evidence, test),
        worst=worst_first,
    )


def _details(evidence: Evidence, test: Tested) -> Details:
    cue = test.cue
    labels = evidence.label[evidence.class_index == cue.class_index]
    return {
        "id": cue.id,
        "class_index": cue.class_index,
        "class_label": str(labels[0]) if len(labels) else None,
        "box": list(cue.box) if cue.box else None,
        "side": cue.side,
        "window": _window(evidence, cue),
        "seen_in": cue.seen_in,
        "pictures": cue.pictures,
        "log_odds": test.odds.value,
        "pasted": test.pasted,
        "turned": test.turned,
        "turned_elsewhere": test.turned_elsewhere,
    }


def _window(evidence: Evidence, cue: Cue) -> list[int] | None:
    """(width, height) in pixels of what was hidden and pasted, which is seldom tight; None where no frame is known."""
    if evidence.frame is None:
        return None
    height, width = evidence.frame
    if cue.box is None:
        side = round(cue.side * (height * width) ** 0.5)
        return [side, side]
    x0, y0, x1, y1 = cue.box
    return [round((x1 - x0) * width), round((y1 - y0) * height)]


def _searched(evidence: Evidence, min_searched: float) -> Finding:
    """Pictures of classes in which a search can be conclusive, and what holds for the others."""
    classes, of = np.unique(evidence.class_index, return_inverse=True)
    right = np.bincount(of, weights=evidence.right & _mapped(evidence), minlength=len(classes))
    enough = right >= FEWEST
    n, k = evidence.n, int(enough[of].sum()) if evidence.n else 0
    wide = n > 0 and k / n >= min_searched
    return Finding(
        key=SEARCH,
        outcome=Outcome.PASS if wide else Outcome.INCONCLUSIVE,
        quantity="share_searched",
        unit=Unit.SHARE,
        better=Direction.HIGHER,
        value=k / n if n else None,
        limit=min_searched,
        n=n,
        exact=True,
        reason="" if wide else FEW_SEARCHED,
        details={"classes": len(classes), "searched": int(enough.sum()), "fewest": FEWEST},
    )


def _with_backgrounds(evidence: Evidence, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Where other backgrounds bound whatever lies outside the boxes, that bound stands in for those that are lacking.

    It stands in for a candidate's own bound where the candidate is not confirmed, and for what was not searched. Where
    there is no candidate it is the only bound.
    """
    lacking = {finding.key for finding in findings if finding.reason in (NOT_CONFIRMED, FEW_SEARCHED)}
    verdict = apply(evidence, BACKGROUND) if lacking or len(findings) == 1 else None
    bound = verdict.deciding if verdict and verdict.outcome is Outcome.PASS else None
    if bound is None:
        return findings
    shown = (f.model_copy(update={"advisory": True}) if f.key in lacking else f for f in findings)
    stands_in = bound.model_copy(update={"key": BOUNDED, "details": {"lacking": sorted(lacking)}, "worst": ()})
    return (*shown, stands_in)


def _mapped(evidence: Evidence) -> NDArray[np.bool_]:
    """(n,) some method's map of it is alive, so that the search saw it."""
    living = [evidence.living(method) for method in evidence.methods]
    return np.any(living, axis=0) if living else np.zeros(evidence.n, bool)


def _loss(finding: Finding) -> float:
    if finding.value is None or finding.key == SEARCH:
        return -np.inf
    return np.inf if finding.key == BOUNDED else finding.value
