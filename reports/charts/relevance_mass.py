"""Charts of the relevance mass: by source, picture by picture against its area share, and by class."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from checks.table.evidence import Floats
from reports.charts.drawing import (
    CHANCE,
    DASHED,
    METHOD,
    MISS,
    NULL,
    PAPER,
    canvas,
    inline,
    name_rows,
    scatter,
    styled,
    ticks,
)


@dataclass(frozen=True)
class Spread:
    """One row of a chart of intervals."""

    name: str
    values: Floats
    kind: str
    """'method' or 'null map'."""


@dataclass(frozen=True)
class Pair:
    """One row of a chart of classes: its mean mass beside its chance."""

    name: str
    mass: float
    chance: float


def by_source(rows: Sequence[Spread], chance: float, title: str, key: str) -> Markup:
    """For each source: median (dot), middle half (thick) and nine tenths (thin) of the mass; and the mean chance."""
    with styled():
        figure, axes = canvas(4.5, 0.62 + 0.25 * len(rows), left=1.5, bottom=0.44)
        top = 0.0
        for place, row in enumerate(reversed(rows)):
            colour = METHOD if row.kind == "method" else NULL
            low, first, middle, third, high = np.quantile(row.values, (0.05, 0.25, 0.5, 0.75, 0.95))
            axes.hlines(place, low, high, color=colour, linewidth=1)
            axes.hlines(place, first, third, color=colour, linewidth=4)
            axes.plot([middle], [place], "o", markersize=6, color=colour, markeredgecolor=PAPER, markeredgewidth=1.2)
            top = max(top, float(high))
        axes.axvline(chance, color=CHANCE, linewidth=1.2, linestyle=DASHED)
        axes.set_xlim(0, min(1.0, max(top, chance) * 1.06 + 1e-6))
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xlabel("relevance mass inside the boxes, %")
        name_rows(axes, len(rows))
    names = [row.name for row in reversed(rows)]
    return inline(figure, title, key, names)


def against_area(mass: Floats, area: Floats, edge: float, title: str, key: str) -> Markup:
    """Each picture's mass over its area share, up to `edge`; on the diagonal a map knows nothing. Binned where many."""
    with styled():
        figure, axes = canvas(2.25, 2.2, left=0.5, bottom=0.44)
        axes.plot([0, edge], [0, edge], color=CHANCE, linewidth=1.2, linestyle=DASHED)
        scatter(axes, area, mass, mass < area, (0, edge))
        axes.set_xlabel("area share of the boxes, %")
        axes.set_ylabel("relevance mass, %")
        ticks(axes.xaxis)
        ticks(axes.yaxis)
    return inline(figure, title, key, [])


def by_class(rows: Sequence[Pair], title: str, key: str) -> Markup:
    """For each class: its mean mass (dot), its mean area share (tick), and the way between them."""
    with styled():
        figure, axes = canvas(4.5, 0.62 + 0.2 * len(rows), left=1.5, bottom=0.44)
        places = np.arange(len(rows))[::-1]
        mass, chance = np.array([row.mass for row in rows]), np.array([row.chance for row in rows])
        below = mass < chance
        for chosen, colour in ((~below, METHOD), (below, MISS)):
            axes.hlines(places[chosen], chance[chosen], mass[chosen], color=colour, linewidth=1.4)
            axes.plot(mass[chosen], places[chosen], "o", color=colour, markersize=5)
        axes.plot(chance, places, "|", color=CHANCE, markersize=9, markeredgewidth=1.8)
        axes.set_xlim(0, min(1.0, float(max(mass.max(), chance.max())) * 1.06 + 1e-6))
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xlabel("relevance mass and area share, %")
        name_rows(axes, len(rows))
    return inline(figure, title, key, [row.name for row in reversed(rows)])
