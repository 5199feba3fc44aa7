"""The page's charts, each with the numbers that its caption tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from audit.phrases import listed
from checks.table.cells import Miss, judged_by_experiment, missed
from checks.table.evidence import Evidence, Floats
from checks.verdict import Finding, Outcome
from reports.charts import halves as halves_chart
from reports.charts import relevance_mass
from reports.charts.cascade_curve import cascade
from reports.charts.detection_curve import Line, detection
from reports.charts.drawing import MOST_DOTS
from reports.page.dots import Dot, dots
from reports.page.gallery import Card
from reports.result.controls import Cascade, CascadeStage, Detection, PlantedStrength
from reports.result.experiments import halves
from reports.result.summary import ClassSummary, SourceSummary, usable
from reports.wording.numbers import decimal, short


@dataclass(frozen=True)
class HalvesFigure:
    """What the two halves of each picture say for its label."""

    chart: Markup
    hits: int
    misses: int
    median: float
    """Median of the object's lead, in log-odds."""
    crowded: bool
    """Squares stand for several pictures."""
    width: float
    """Of the chart, in points."""
    dots: list[Dot]
    """Its marks that open a picture."""


@dataclass(frozen=True)
class CascadeFigure:
    """One method under cascading randomisation."""

    method: str
    stages: tuple[CascadeStage, ...]
    end: float | None
    at_most: float | None
    """The upper bound of `end`; None where the rule on explainers has none."""
    chart: Markup


@dataclass(frozen=True)
class DetectionFigure:
    """One detector of the planted control."""

    detector: str
    limit: float | None
    chart: Markup


def mass_by_source(table: Evidence, sources: Sequence[SourceSummary]) -> Markup | None:
    """The spread of the relevance mass of each source that has a map; None where there is none."""
    rows = [
        relevance_mass.Spread(
            source.source, table.scores[source.source]["mass"][usable(table, source.source)], source.kind
        )
        for source in sources
        if source.n
    ]
    shares = table.area_share[np.isfinite(table.area_share)]
    if not rows or not len(shares):
        return None
    title = f"Spread of the relevance mass for {len(rows)} sources; the table below has the numbers."
    return relevance_mass.by_source(rows, float(shares.mean()), title, "spread")


def mass_against_area(table: Evidence) -> list[tuple[str, Markup]]:
    """A chart for each method that has a map to show, all of them on one scale."""
    methods: list[tuple[str, Floats, Floats]] = []
    for method in table.methods:
        chosen = usable(table, method) & np.isfinite(table.area_share)
        if chosen.any():
            methods.append((method, table.scores[method]["mass"][chosen], table.area_share[chosen]))
    most = max((float(max(mass.max(), area.max())) for _, mass, area in methods), default=1.0)
    edge = min(1.0, 1.05 * most + 1e-6)
    return [
        (method, relevance_mass.against_area(mass, area, edge, _below(method, mass, area), f"pair{number}"))
        for number, (method, mass, area) in enumerate(methods)
    ]


def _below(method: str, mass: Floats, area: Floats) -> str:
    under = int((mass < area).sum())
    return f"{short(method)}: relevance mass over area share; {under} of {len(mass)} pictures lie below the line."


def mass_by_class(classes: Sequence[ClassSummary]) -> Markup | None:
    """Mean mass and chance of the classes that have both; None where there are not two to compare."""
    pairs = [
        relevance_mass.Pair(entry.name, entry.mass, entry.area_share)
        for entry in classes
        if entry.mass is not None and entry.area_share is not None
    ]
    if len(pairs) < 2:
        return None
    title = f"Mean relevance mass and chance of {len(pairs)} classes, as in the table."
    return relevance_mass.by_class(pairs, title, "class")


def halves_figure(table: Evidence, miss: Miss, cards: Sequence[Card]) -> HalvesFigure | None:
    """None where no picture has an answer for both halves. cards: what its marks may open, the weightiest first."""
    both = halves(table, miss.fills)
    judged, off = judged_by_experiment(table), missed(table, miss)
    shown = judged & np.isfinite(both.alone) & np.isfinite(both.surroundings)
    if not shown.any():
        return None
    hits, misses = int((judged & ~off).sum()), int(off.sum())
    alone, surroundings = both.alone[shown], both.surroundings[shown]
    title = (
        "Log-odds of the label for the object alone over those for its surroundings alone:"
        f" {hits} above the line, {misses} on it or below."
    )
    plane = halves_chart.object_against_surroundings(surroundings, alone, off[shown], miss.min_lead, title, "halves")
    lead = float(np.median(alone - surroundings))
    side = plane.width * np.array([1.0, halves_chart.HEIGHT / halves_chart.WIDTH])
    marks = dots(cards, table.sample[shown].tolist(), plane.places, side)
    return HalvesFigure(plane.chart, hits, misses, lead, len(alone) > MOST_DOTS, plane.width, marks)


def detection_figures(limit: Detection, strengths: Sequence[PlantedStrength]) -> list[DetectionFigure]:
    """One for each detector of the planted control."""
    return [
        DetectionFigure(
            detector, share, _detection([row for row in strengths if row.detector == detector], share, number)
        )
        for number, (detector, share) in enumerate(limit.by_detector.items())
    ]


def _detection(rows: Sequence[PlantedStrength], limit: float | None, number: int) -> Markup:
    carried = [row.share for row in rows]
    lines = [
        Line("miss", carried, [row.missed for row in rows]),
        Line("kept", carried, [row.kept for row in rows]),
        Line("blamed", carried, [row.blamed for row in rows]),
    ]
    detector = short(rows[0].detector) if rows else "no"
    title = (
        f"{detector} detector: misses, label kept without the object, and blame of the mark over the share that the"
        " mark carries, as in the table."
    )
    return detection(lines, limit, title, f"detection{number}")


def cascade_figures(
    cascades: Sequence[Cascade], judged: Mapping[str, Finding], limit: float | None
) -> list[CascadeFigure]:
    """One for each method. judged: what the rule on explainers finds. limit: the most similarity at the end."""
    return [_cascade(entry, judged.get(entry.method), limit, number) for number, entry in enumerate(cascades)]


def _cascade(entry: Cascade, judged: Finding | None, limit: float | None, number: int) -> CascadeFigure:
    means = [stage.similarity for stage in entry.stages]
    values = listed(decimal(value, 2) for value in means)
    title = f"{short(entry.method)}: similarity after each of {len(means)} stages, {values}."
    survives = judged is not None and judged.outcome is not Outcome.PASS
    chart = cascade(means, limit, survives, title, f"cascade{number}")
    return CascadeFigure(entry.method, entry.stages, means[-1], judged.upper if judged else None, chart)
