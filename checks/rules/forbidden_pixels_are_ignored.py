"""Forbidden pixels: does the answer stay the same when they are hidden?"""

from typing import Annotated, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from audit.registry import Need
from checks import reasons
from checks.demand import Demand, of_pictures
from checks.profile import Share
from checks.statistics.bounds import Bounds
from checks.statistics.subset import Subset
from checks.table.evidence import Evidence, Floats
from checks.table.layout import Layout
from checks.table.mean_difference import ROUNDING, lowest
from checks.table.needs import Missing, Needs, invalid
from checks.table.over_columns import median
from checks.table.unanswered import unfit, without_answer
from checks.verdict import Details, Direction, Finding, Outcome, Unit, Verdict, worst

NEEDS: frozenset[Need] = frozenset({"region"})
RULE = "forbidden_pixels_are_ignored"
INTERVENTION = "forbidden_hidden"
WITH_FORBIDDEN = "pictures_with_forbidden_pixels"
"""Key of a demand."""
HIDDEN = "hidden"
"""Key: what hiding them changes."""
BEYOND = "beyond_elsewhere"
"""Key: what hiding them changes beyond hiding an equal area elsewhere."""
NONE_RIGHT = "none_right"
"""Reason: no picture with forbidden pixels is predicted right; details: how many `pictures` have some."""
NOTHING_LEFT = "nothing_left"
"""Reason: no picture left an answer without its forbidden pixels."""
NO_ROOM = "no_room"
"""Reason: no picture left room to hide an equal area elsewhere."""

TURNED = 1.0
"""The change of an answer that names another class."""

Fills = Annotated[tuple[Literal["mean", "blur"], ...], Field(min_length=1)]


class Moved(NamedTuple):
    """The chosen pictures, and by how much the answer moved in each."""

    chosen: NDArray[np.bool_]
    values: Floats
    subset: Subset
    bounds: Bounds | None

    @property
    def mean(self) -> float | None:
        return float(np.sort(self.values).mean()) if len(self.values) else None


def forbidden_pixels_are_ignored(evidence: Evidence, *, max_change: Share, fills: Fills = ("mean", "blur")) -> Verdict:
    """With confidence, hiding the forbidden pixels changes the answer by at most `max_change`.

    Over the pictures predicted right that have forbidden pixels. A picture's change is how far its label's probability
    moves under the fill, up or down, since a mark that speaks for one class speaks against another and the two would
    cancel; the whole of 1 where the label is no longer predicted, since among answers that lie close together a mark
    can decide without moving any; the median over `fills`. PASS where the upper bound of the mean change is within
    `max_change`, whatever the same fill does elsewhere. FAIL where the change beyond that of the same fill on an equal
    area elsewhere, picture by picture, is over `max_change` by its lower bound: what breaks a picture wherever it is
    put is no fault of the network. Between them INCONCLUSIVE. Where no picture has forbidden pixels, or they were not
    hidden, INVALID. The bounds are those of `Subset.gain`, which are not certain of 0 after a few pictures that did not
    move.

    Details: of what hiding them changes, how many answers `turned` to another class, how many pictures predicted right
    are `without_answer`, and `unanswered_because` of what; of what it changes beyond, the mean change `elsewhere` (null
    where there was no room).
    """
    there = evidence.forbidden.there if evidence.forbidden else np.zeros(evidence.n, bool)
    if not (there & evidence.right).any():
        return _nothing(there, max_change)
    needs = _needs(fills)
    if verdict := unfit(RULE, evidence, needs, there):
        return verdict
    hidden, elsewhere = _changes(evidence, fills, ""), _changes(evidence, fills, " elsewhere")
    moved = _moved(evidence, there, hidden)
    if not moved.subset.n:
        return invalid(RULE, Missing(NOTHING_LEFT, {}))
    beyond = _moved(evidence, there, hidden - elsewhere)
    silent = without_answer(evidence, moved.chosen, needs, there)
    findings = (
        _hidden(evidence, moved, max_change, silent),
        _beyond(evidence, beyond, max_change, elsewhere, _within(moved, max_change)),
    )
    outcome = worst(finding.outcome for finding in findings if not finding.advisory)
    deciding = BEYOND if outcome is Outcome.FAIL else HIDDEN
    return Verdict(rule=RULE, outcome=outcome, decided_by=deciding, findings=findings)


def needed(layout: Layout, *, max_change: Share, fills: Fills = ("mean", "blur")) -> tuple[Demand, ...]:
    """The answers under the fills, and pictures with forbidden pixels.

    As many as show `max_change` where hiding these changes no answer.
    """
    subset = layout.among(layout.forbidden).drawn(INTERVENTION).subset
    further = subset.further_at_no_gain(max_change)
    return *layout.answers(_needs(fills)), of_pictures(subset, further, WITH_FORBIDDEN)


def _needs(fills: Fills) -> Needs:
    return {INTERVENTION: [name for fill in fills for name in (fill, f"{fill} elsewhere")]}


def _changes(evidence: Evidence, fills: Fills, place: str) -> Floats:
    return median([_change(evidence, f"{fill}{place}") for fill in fills], evidence.n)


def _change(evidence: Evidence, variant: str) -> Floats:
    """(n,) from 0 to 1; NaN without an answer."""
    answered = evidence.answered(INTERVENTION, variant)
    moved = np.abs(evidence.probability - answered.probability)
    turned = np.isfinite(moved) & (answered.predicted != evidence.class_index)
    return np.where(turned, TURNED, moved)


def _moved(evidence: Evidence, there: NDArray[np.bool_], change: Floats) -> Moved:
    chosen = evidence.right & there & np.isfinite(change)
    subset, values = evidence.subset(chosen), np.where(np.abs(change[chosen]) < ROUNDING, 0.0, change[chosen])
    return Moved(chosen, values, subset, subset.gain(values))


def _within(moved: Moved, limit: float) -> bool:
    return moved.bounds is not None and moved.subset.enough and moved.bounds.upper <= limit


def _hidden(evidence: Evidence, moved: Moved, limit: float, silent: Details) -> Finding:
    """What hiding them does: nothing else can PASS."""
    within, subset, bounds = _within(moved, limit), moved.subset, moved.bounds
    return Finding(
        key=HIDDEN,
        outcome=Outcome.PASS if within else Outcome.INCONCLUSIVE,
        quantity="change_without_forbidden_pixels",
        unit=Unit.DIFFERENCE,
        better=Direction.LOWER,
        value=moved.mean,
        limit=limit,
        **subset.counted,
        lower=bounds.lower if bounds else None,
        upper=bounds.upper if bounds else None,
        further=None if within else subset.further_for_gain(moved.values, limit),
        reason="" if within else _open(subset),
        details={"turned": int((moved.values == TURNED).sum()), **silent},
        worst=lowest(-moved.values, evidence.sample[moved.chosen]),
    )


def _beyond(evidence: Evidence, beyond: Moved, limit: float, elsewhere: Floats, within: bool) -> Finding:
    """What hiding them does beyond hiding an equal area elsewhere: nothing else can FAIL.

    It does not enter where it is undecided and hiding them by itself is within the limit.
    """
    subset, bounds = beyond.subset, beyond.bounds
    over = bounds is not None and subset.enough and bounds.lower > limit
    outcome = Outcome.FAIL if over else Outcome.PASS if _within(beyond, limit) else Outcome.INCONCLUSIVE
    why_open = _open(subset) if subset.n else NO_ROOM
    return Finding(
        key=BEYOND,
        outcome=outcome,
        quantity="change_beyond_elsewhere",
        unit=Unit.DIFFERENCE,
        better=Direction.LOWER,
        value=beyond.mean,
        limit=limit,
        **subset.counted,
        lower=bounds.lower if bounds else None,
        upper=bounds.upper if bounds else None,
        reason={Outcome.FAIL: reasons.BEYOND_LIMIT, Outcome.INCONCLUSIVE: why_open}.get(outcome, ""),
        details={"elsewhere": float(elsewhere[beyond.chosen].mean()) if subset.n else None},
        worst=lowest(-beyond.values, evidence.sample[beyond.chosen]),
        advisory=within and outcome is Outcome.INCONCLUSIVE,
    )


def _open(subset: Subset) -> str:
    """The reason why nothing is decided."""
    return reasons.UNDECIDED if subset.enough else reasons.TOO_FEW


def _nothing(there: NDArray[np.bool_], limit: float) -> Verdict:
    n = int(there.sum())
    finding = Finding(
        key=HIDDEN,
        outcome=Outcome.INCONCLUSIVE if n else Outcome.INVALID,
        quantity="change_without_forbidden_pixels",
        unit=Unit.DIFFERENCE,
        better=Direction.LOWER,
        value=None,
        limit=limit,
        n=0,
        reason=NONE_RIGHT if n else reasons.NO_PICTURES,
        details={"pictures": n},
    )
    return Verdict(rule=RULE, outcome=finding.outcome, decided_by=HIDDEN, findings=(finding,))
