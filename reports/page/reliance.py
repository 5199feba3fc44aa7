"""Reliance on each property in points, on the whole and class by class.

Nothing measured tells natural context from a cue. What the record knows is in which classes a cue was confirmed outside
the boxes: what other classes lose with their surroundings may be context.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from checks.swaps.loans import swap_of
from checks.swaps.regions import PULLS_A_CLASS
from checks.table.evidence import Evidence, Floats
from checks.verdict import Finding, Outcome, Unit
from reports.charts.interval import Interval, on_scale
from reports.wording.swapped_properties import swapped_properties
from reports.wording.worded import WordedFinding, WordedVerdict

MOST_CLASSES = 5
FEWEST = 5
"""Pictures of a class for which an estimate is drawn."""
LEAST_REACH = 0.1
SURROUNDINGS, OBJECT, RECORDING = "surroundings", "object", "recording"
TITLES = {
    SURROUNDINGS: "What surrounds the object",
    OBJECT: "What is of the object itself",
    RECORDING: "How the picture was taken and stored",
}
"""A background may go with the object in nature; what a camera or a file leaves never belongs to it."""
_OF_OBJECT = {"object_colour_swapped", "object_shape_swapped", "placement_swapped", "scale_swapped"}
_OF_RECORDING = {"colour_swapped", "compression_swapped", "sharpness_swapped"}
PLACES, HOTSPOT = "survives_other_regions", "no_shared_hotspot"
"""The rules that confirm a cue outside the boxes."""


class ByClass(NamedTuple):
    """The points that one class loses."""

    label: str
    n: int
    points: float
    chart: Markup
    context: bool | None
    """What it loses may be natural context, since no cue was confirmed in it; None where that is not asked."""


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

    key: str
    """One of those that have a title."""
    title: str
    panels: tuple[Panel, ...]
    confirmed: frozenset[str] | None
    """Classes in which a cue was confirmed; None where that is not asked, or nothing was searched."""


class _Swap(NamedTuple):
    """One that is shown."""

    verdict: WordedVerdict
    finding: WordedFinding
    intervention: str
    subject: str

    @property
    def kind(self) -> str:
        of_object, of_recording = self.intervention in _OF_OBJECT, self.intervention in _OF_RECORDING
        return OBJECT if of_object else RECORDING if of_recording else SURROUNDINGS


def reliance(table: Evidence, verdicts: Sequence[WordedVerdict]) -> tuple[Kind, ...]:
    """The properties that the profile judges, by kind, all on one scale in which the limit is a tick."""
    swaps = [swap for verdict in verdicts if verdict.column is None and (swap := _swap(verdict))]
    classes = [_by_class(table, swap.intervention) for swap in swaps]
    scale = _scale([swap.finding for swap in swaps], [points for rows in classes for _, _, points in rows])
    confirmed = {SURROUNDINGS: cue_classes(verdicts)}
    kinds = []
    for key, title in TITLES.items():
        with_cue = confirmed.get(key)
        of_kind = [(swap, rows) for swap, rows in zip(swaps, classes, strict=True) if swap.kind == key]
        panels = tuple(_panel(swap, rows, scale, with_cue) for swap, rows in of_kind)
        kinds.append(Kind(key, title, panels, with_cue if any(panel.classes for panel in panels) else None))
    return tuple(kind for kind in kinds if kind.panels)


def cue_classes(verdicts: Iterable[WordedVerdict]) -> frozenset[str] | None:
    """The labels in which a cue outside the boxes is confirmed; None where no search for one could be judged."""
    searches = [verdict for verdict in verdicts if verdict.rule in (PLACES, HOTSPOT) and verdict.findings]
    found = (label for search in searches for finding in search.findings for label in _named(search.rule, finding))
    return frozenset(found) if searches else None


def _named(rule: str, finding: Finding) -> list[str]:
    """The classes whose cue the finding confirms."""
    details = finding.details
    if finding.outcome is not Outcome.FAIL:
        return []
    if rule == HOTSPOT:
        return [details["class_label"]] if details.get("class_label") is not None else []
    if finding.reason == PULLS_A_CLASS:
        strong = (each for each in details["classes"] if each["certain"] and each["lower"] > details["max_pull"])
        return [each["label"] for each in strong]
    return list(details["told_classes"])


def _swap(verdict: WordedVerdict) -> _Swap | None:
    """The comparison of a rule that judges a swap, in points; of several places the one that decides. Else None."""
    place = verdict.deciding if verdict.rule == PLACES else None
    if place and place.unit is Unit.DIFFERENCE:
        return _Swap(verdict, place, place.key, f"fixed place {place.subject.partition(', ')[2]}")
    if verdict.rule not in swapped_properties() or not verdict.findings:
        return None
    finding, swapped = verdict.findings[0], swapped_properties()[verdict.rule]
    return _Swap(verdict, finding, swapped.intervention, swapped.subject) if finding.unit is Unit.DIFFERENCE else None


def _panel(
    swap: _Swap, rows: Sequence[tuple[str, int, float]], scale: tuple[float, float], confirmed: frozenset[str] | None
) -> Panel:
    verdict, finding = swap.verdict, swap.finding
    chart = None
    if finding.value is not None:
        whole = Interval(finding.value, finding.lower, finding.upper, finding.limit)
        chart = on_scale(whole, scale, verdict.outcome)
    shown = []
    for label, n, points in rows[:MOST_CLASSES]:
        context = None if confirmed is None else label not in confirmed
        drawn = on_scale(Interval(points, None, None, None), scale, None, hollow=bool(context))
        shown.append(ByClass(label, n, points, drawn, context))
    return Panel(verdict.rule, swap.subject, verdict, finding, chart, tuple(shown), len(rows))


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


def _scale(findings: Sequence[Finding], classes: Sequence[float]) -> tuple[float, float]:
    """From the least to the most of everything that is drawn, zero and some room among it."""
    ends = [end for f in findings for end in (f.value, f.lower, f.upper, f.limit) if end is not None]
    return min([-LEAST_REACH, *ends, *classes]), max([LEAST_REACH, *ends, *classes])
