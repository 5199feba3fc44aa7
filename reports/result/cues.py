"""Candidates for a cue, each with its crops and with what hiding and pasting it did."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from checks.frozen import Frozen
from checks.table.controls import Cue
from checks.table.evidence import Evidence
from reports.result.summary import class_name, mean

_THIRDS = ("left", "", "right"), ("top", "", "bottom")
_LONG = 0.8
"""Share of a side from which on a box lies along an edge."""


class Hidden(Frozen):
    """The candidate's spot hidden, and equal areas elsewhere, on the same pictures of the class. Means, paired."""

    n: int
    shown: float | None = Field(description="probability of the class on the pictures as they are")
    hidden: float | None
    elsewhere: float | None


class Pasted(Frozen):
    """The candidate's crop pasted into pictures of other classes, and crops from elsewhere. Means, paired."""

    n: int
    unpasted: float | None = Field(description="probability of the candidate's class on the pictures as they are")
    pasted: float | None
    elsewhere: float | None
    turned: float | None = Field(description="share of the pictures whose prediction becomes the class")
    turned_elsewhere: float | None


class CueSummary(Frozen):
    """A candidate: something outside the boxes on which the maps of a class agree, and what experiments say of it."""

    id: int
    class_index: int
    class_name: str
    kind: str = Field(description="'place' or 'appearance'")
    box: tuple[float, float, float, float] | None = Field(
        description="the window around it: x0, y0, x1, y1 as shares of the frame; null where it has no fixed place"
    )
    where: str = Field(description="the place in words")
    side: float = Field(description="size of the window around it as a share of the frame's side")
    seen_in: int = Field(description="pictures of the class in which it was seen")
    pictures: int = Field(description="pictures of the class")
    hidden: Hidden | None
    pasted: Pasted | None


def cue_summaries(evidence: Evidence, names: Sequence[str]) -> tuple[CueSummary, ...]:
    """One for each candidate, in the order of their numbers."""
    return tuple(_cue(evidence, cue, names) for cue in evidence.cues)


def place(box: tuple[float, float, float, float] | None) -> str:
    """Where a box lies, in words."""
    if box is None:
        return "in changing places"
    x0, y0, x1, y1 = box
    column, row = (_THIRDS[axis][min(2, int(1.5 * (a + b)))] for axis, (a, b) in enumerate(((x0, x1), (y0, y1))))
    wide, high = x1 - x0 >= _LONG, y1 - y0 >= _LONG
    if wide and high:
        return "the whole frame"
    if wide or high:
        edge = row if wide else column
        return f"along the {edge} edge" if edge else "across the middle"
    return f"{row} {column}".strip() or "in the middle"


def _cue(evidence: Evidence, cue: Cue, names: Sequence[str]) -> CueSummary:
    return CueSummary(
        id=cue.id,
        class_index=cue.class_index,
        class_name=class_name(names, cue.class_index),
        kind=cue.kind,
        box=cue.box,
        where=place(cue.box),
        side=cue.side,
        seen_in=cue.seen_in,
        pictures=cue.pictures,
        hidden=_hidden(evidence, cue),
        pasted=_pasted(evidence, cue),
    )


def _hidden(evidence: Evidence, cue: Cue) -> Hidden | None:
    hidden, elsewhere = (evidence.answered(f"cue {cue.id}", variant) for variant in ("hidden", "elsewhere"))
    both = hidden.asked & elsewhere.asked
    if not both.any():
        return None
    return Hidden(
        n=int(both.sum()),
        shown=mean(evidence.probability[both]),
        hidden=mean(hidden.probability[both]),
        elsewhere=mean(elsewhere.probability[both]),
    )


def _pasted(evidence: Evidence, cue: Cue) -> Pasted | None:
    variants = ("unpasted", "pasted", "pasted elsewhere")
    before, after, control = (evidence.answered(f"cue {cue.id}", variant) for variant in variants)
    both = before.asked & after.asked & control.asked
    if not both.any():
        return None

    def turned(predicted: NDArray[np.int64]) -> float:
        return float((predicted[both] == cue.class_index).mean())

    return Pasted(
        n=int(both.sum()),
        unpasted=mean(before.probability[both]),
        pasted=mean(after.probability[both]),
        elsewhere=mean(control.probability[both]),
        turned=turned(after.predicted),
        turned_elsewhere=turned(control.predicted),
    )
