"""Altered pictures on the page, each with what the network answered to it, and whether it should have."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from audit.record.altered_layers import Alteration, read_layer
from checks.table.evidence import Evidence
from reports.result.experiments import REMOVED, REPLACED
from reports.result.summary import class_name
from reports.wording.alterations import swapped_name

HIDDEN, PASTED = "hidden", "pasted"


class Frame(NamedTuple):
    """One picture with its answer."""

    title: str
    layer: str
    """Id of the picture in the page."""
    is_map: bool
    boxed: bool
    of: str
    """The class whose probability is shown."""
    probability: float | None
    right: bool
    """The answer is what it should be: another one without the object, the label else."""
    answer: str
    """In words; '' where nothing was asked."""
    rank: int = 0
    """The order in which pictures stand side by side."""


def frame_of(
    table: Evidence, sample: int, of: Alteration, layer: str, classes: Sequence[str], class_index: int | None = None
) -> Frame | None:
    """One altered picture; None where the record holds no answer to it.

    class_index: whose probability was asked for; None: the label's.
    """
    place = int(np.searchsorted(table.sample, sample))
    answered = table.answered(of.intervention, of.variant)
    if not answered.asked[place]:
        return None
    asked = int(table.class_index[place]) if class_index is None else class_index
    stays, becomes = int(answered.predicted[place]) == asked, class_name(classes, int(answered.predicted[place]))
    keeps = of.variant != PASTED and of.intervention != REMOVED
    return Frame(
        title=title_of(of),
        layer=layer,
        is_map=False,
        boxed=of.intervention != REMOVED,
        of=class_name(classes, asked),
        probability=float(answered.probability[place]),
        right=stays == keeps,
        answer=_answer(of, stays, becomes),
        rank=_rank(of),
    )


def altered_frames(
    table: Evidence, sample: int, ids: Mapping[str, str], classes: Sequence[str], leave_out: Iterable[str] = ()
) -> tuple[Frame, ...]:
    """Every altered picture of a sample that was asked about its label. ids: of its layers in the page."""
    given = [(of, layer) for name, layer in ids.items() if (of := read_layer(name)) and of.variant not in leave_out]
    frames = [frame_of(table, sample, of, layer, classes) for of, layer in sorted(given) if of.variant != PASTED]
    return tuple(sorted((frame for frame in frames if frame), key=lambda frame: frame.rank))


def title_of(of: Alteration) -> str:
    """What was done, in a few words."""
    if of.intervention == REMOVED:
        return "Object removed"
    if of.intervention == REPLACED:
        return "Background swapped"
    if of.variant in (HIDDEN, PASTED):
        return f"{of.intervention.capitalize()} {of.variant}"
    subject = swapped_name(of.intervention) or of.intervention
    return f"{subject[:1].upper()}{subject[1:]} swapped"


def _rank(of: Alteration) -> int:
    """Object removed, cue hidden, cue pasted, background, then what else there is."""
    if of.variant in (HIDDEN, PASTED):
        return 3 if of.variant == HIDDEN else 4
    return {REMOVED: 2, REPLACED: 5}.get(of.intervention, 6)


def _answer(of: Alteration, stays: bool, becomes: str) -> str:
    if of.variant == PASTED or not stays:
        return f"answers ‘{becomes}’"
    return "answer stays"
