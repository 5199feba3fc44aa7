"""Misses by the experiment, and the four cells: prediction right or wrong, evidence on the object or not."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from checks.table.evidence import Evidence
from checks.table.mean_difference import WORST
from checks.table.needs import ALL_FILLS
from checks.verdict import Cell, Cells, Profile

RULE = "right_for_the_right_reason"
"""Whose table in the profile says when a picture is a miss."""
EXPERIMENT = "experiment"
"""What decides, where no map does."""


class Miss(NamedTuple):
    """When a picture is a miss by the experiment.

    Whichever fill is used, the surroundings without the object speak at least as much for the label as the object
    without its surroundings: the lead of the object, in log-odds, is not over `min_lead` under any of `fills`.
    """

    fills: tuple[str, ...] = ALL_FILLS
    min_lead: float = 0.0


def miss_of(profile: Profile) -> Miss:
    """By the profile; by the rule's own defaults where the profile does not name the rule."""
    table: dict[str, Any] = profile.rules.get(RULE, {})
    default = Miss()
    return Miss(tuple(table.get("fills", default.fills)), float(table.get("min_lead", default.min_lead)))


def judged_by_experiment(evidence: Evidence) -> NDArray[np.bool_]:
    """(n,) the network answered without the object, and without its surroundings."""
    return np.asarray(evidence.asked("object_removed") & evidence.asked("background_replaced"))


def missed(evidence: Evidence, miss: Miss) -> NDArray[np.bool_]:
    """(n,) judged, and no hit. A lead that is no number, of a picture that was judged, is a miss."""
    hit = evidence.lead(miss.fills) > miss.min_lead
    return np.asarray(judged_by_experiment(evidence) & ~hit)


def four_cells(evidence: Evidence, miss: Miss) -> Cells | None:
    """None where the experiments were not run."""
    judged, off = judged_by_experiment(evidence), missed(evidence, miss)
    if not judged.any():
        return None
    lead = evidence.lead(miss.fills)
    cells = []
    for right in (True, False):
        for on_object in (True, False):
            here = judged & (evidence.right == right) & (off != on_object)
            telling = -lead if on_object else lead
            order = np.lexsort((evidence.sample[here], telling[here]))[:WORST]
            samples = tuple(int(number) for number in evidence.sample[here][order])
            cells.append(Cell(right=right, on_object=on_object, count=int(here.sum()), samples=samples))
    return Cells(
        fills=miss.fills,
        min_lead=miss.min_lead,
        judged=int(judged.sum()),
        unjudged=int((~judged).sum()),
        cells=tuple(cells),
    )
