"""Reliance on each property in points, on the whole and class by class."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from checks.swaps.loans import swap_of
from checks.table.evidence import Evidence, Floats
from checks.verdict import Unit
from reports.charts.interval import Interval, on_scale
from reports.wording.swapped_properties import swapped_properties
from reports.wording.worded import WordedFinding, WordedVerdict

MOST_CLASSES = 5
FEWEST = 5
"""Pictures of a class for which an estimate is drawn."""
LEAST_REACH = 0.1
KINDS = {
    "surroundings": "What surrounds the object",
    "object": "What is of the object itself",
    "recording": "How the picture was taken and stored",
}
"""A background may go with the object in nature; what a camera or a file leaves never belongs to it."""
_OF_OBJECT = {"object_colour_swapped", "object_shape_swapped", "placement_swapped", "scale_swapped"}
_OF_RECORDING = {"colour_swapped", "compression_swapped", "sharpness_swapped"}


class ByClass(NamedTuple):
    """The points that one class loses."""

    label: str
    n: int
    points: float
    chart: Markup


class Panel(NamedTuple):
    """Reliance on one property."""

    rule: str
    subject: str
    verdict: WordedVerdict
    finding: WordedFinding
    chart: Markup | None
    """None where nothing could be measured."""
    classes: tuple[ByClass, ...]
    """Those that lose the most, the worst first."""
    of_classes: int


class Kind(NamedTuple):
    """Properties of one kind."""

    title: str
    panels: tuple[Panel, ...]


def reliance(table: Evidence, verdicts: Sequence[WordedVerdict]) -> tuple[Kind, ...]:
    """The properties that the profile judges, by kind, all on one scale in which the limit is a tick."""
    judged = [verdict for verdict in verdicts if verdict.column is None and _swap_finding(verdict)]
    classes = {verdict.rule: _by_class(table, swapped_properties()[verdict.rule].intervention) for verdict in judged}
    scale = _scale(judged, [points for rows in classes.values() for _, _, points in rows])
    panels = [(_kind(verdict.rule), _panel(verdict, classes[verdict.rule], scale)) for verdict in judged]
    kinds = [Kind(title, tuple(panel for of, panel in panels if of == kind)) for kind, title in KINDS.items()]
    return tuple(kind for kind in kinds if kind.panels)


def _swap_finding(verdict: WordedVerdict) -> WordedFinding | None:
    """The comparison of a rule that judges one swap, in points; None of any other."""
    if verdict.rule not in swapped_properties() or not verdict.findings:
        return None
    finding = verdict.findings[0]
    return finding if finding.unit is Unit.DIFFERENCE else None


def _kind(rule: str) -> str:
    intervention = swapped_properties()[rule].intervention
    return "object" if intervention in _OF_OBJECT else "recording" if intervention in _OF_RECORDING else "surroundings"


def _panel(verdict: WordedVerdict, rows: Sequence[tuple[str, int, float]], scale: tuple[float, float]) -> Panel:
    finding = verdict.findings[0]
    chart = None
    if finding.value is not None:
        whole = Interval(finding.value, finding.lower, finding.upper, finding.limit)
        chart = on_scale(whole, scale, verdict.outcome)
    shown = tuple(
        ByClass(label, n, points, on_scale(Interval(points, None, None, None), scale, None))
        for label, n, points in rows[:MOST_CLASSES]
    )
    subject = swapped_properties()[verdict.rule].subject
    return Panel(verdict.rule, subject, verdict, finding, chart, shown, len(rows))


def _by_class(table: Evidence, intervention: str) -> list[tuple[str, int, float]]:
    """Label, pictures and points lost of each class with enough of them, the most points first."""
    swap = swap_of(table, intervention)
    lost = swap.same.each - swap.other.each
    there = table.right & np.isfinite(lost)
    rows = [
        (str(label), int(of.sum()), _mean(lost[of]))
        for label in sorted({*table.label[there].tolist()})
        for of in [there & _is(table, label)]
        if of.sum() >= FEWEST
    ]
    return sorted(rows, key=lambda row: (-row[2], row[0]))


def _is(table: Evidence, label: str) -> NDArray[np.bool_]:
    return np.asarray(table.label == label)


def _mean(values: Floats) -> float:
    return float(np.sort(values).mean())


def _scale(verdicts: Sequence[WordedVerdict], classes: Sequence[float]) -> tuple[float, float]:
    """From the least to the most of everything that is drawn, zero and some room among it."""
    findings = [verdict.findings[0] for verdict in verdicts]
    ends = [end for f in findings for end in (f.value, f.lower, f.upper, f.limit) if end is not None]
    return min([-LEAST_REACH, *ends, *classes]), max([LEAST_REACH, *ends, *classes])
