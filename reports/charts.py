"""Charts as inline SVG: deterministic, small, and in the page's own colours and type.

Matplotlib draws with stand-in colours and words; `_inline` puts the page's CSS variables and the real, escaped names in
their place. So dark mode works, and no name from outside ever reaches Matplotlib's text engine.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup, escape
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, MaxNLocator

from checks.evidence import Floats
from reports.numbers import short

_INK, _MUTED, _METHOD, _NULL, _CHANCE, _MISS = (f"#01020{i}" for i in range(3, 9))
_VARIABLES = {
    _INK: "var(--ink)",
    _MUTED: "var(--rule-strong)",
    _METHOD: "var(--data)",
    _NULL: "var(--data-null)",
    _CHANCE: "var(--chance)",
    _MISS: "var(--fail)",
}
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "saliency-audit",
    "font.size": 8.5,
    "axes.edgecolor": _MUTED,
    "axes.labelcolor": _INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": _MUTED,
    "ytick.color": _MUTED,
    "xtick.labelcolor": _INK,
    "ytick.labelcolor": _INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "text.color": _INK,
}
_MOST_DOTS = 300
_BINS = 26


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


def spreads(rows: Sequence[Spread], chance: float, title: str, key: str) -> Markup:
    """For each source: median (dot), middle half (thick) and nine tenths (thin) of the mass; and the mean chance."""
    with rc_context(_STYLE):
        figure, axes = _canvas(4.5, 0.62 + 0.25 * len(rows), left=1.5, bottom=0.44)
        top = 0.0
        for place, row in enumerate(reversed(rows)):
            colour = _METHOD if row.kind == "method" else _NULL
            low, first, middle, third, high = np.quantile(row.values, (0.05, 0.25, 0.5, 0.75, 0.95))
            axes.hlines(place, low, high, color=colour, linewidth=1)
            axes.hlines(place, first, third, color=colour, linewidth=4)
            axes.plot(
                [middle], [place], "o", markersize=6, color=colour, markeredgecolor="#010209", markeredgewidth=1.2
            )
            top = max(top, float(high))
        axes.axvline(chance, color=_CHANCE, linewidth=1.2, linestyle=(0, (4, 2)))
        axes.set_xlim(0, min(1.0, max(top, chance) * 1.06 + 1e-6))
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xlabel("relevance mass inside the boxes, %")
        _name_rows(axes, len(rows))
    names = [row.name for row in reversed(rows)]
    return _inline(figure, title, key, names)


def against_area(mass: Floats, area: Floats, edge: float, title: str, key: str) -> Markup:
    """Each picture's mass over its area share, up to `edge`; on the diagonal a map knows nothing. Binned where many."""
    with rc_context(_STYLE):
        figure, axes = _canvas(2.25, 2.2, left=0.5, bottom=0.44)
        axes.plot([0, edge], [0, edge], color=_CHANCE, linewidth=1.2, linestyle=(0, (4, 2)))
        if len(mass) <= _MOST_DOTS:
            for chosen, colour in ((mass >= area, _METHOD), (mass < area, _MISS)):
                axes.plot(
                    area[chosen],
                    mass[chosen],
                    "o",
                    markersize=3.2,
                    color=colour,
                    alpha=0.6,
                    markeredgewidth=0,
                    clip_on=False,
                )
        else:
            _shade(axes, area, mass, edge)
        axes.set_xlim(0, edge)
        axes.set_ylim(0, edge)
        axes.set_aspect("equal")
        axes.set_xlabel("area share of the boxes, %")
        axes.set_ylabel("relevance mass, %")
        _ticks(axes.xaxis)
        _ticks(axes.yaxis)
    return _inline(figure, title, key, [])


def classes(rows: Sequence[Pair], title: str, key: str) -> Markup:
    """For each class: its mean mass (dot), its mean area share (tick), and the way between them."""
    with rc_context(_STYLE):
        figure, axes = _canvas(4.5, 0.62 + 0.2 * len(rows), left=1.5, bottom=0.44)
        places = np.arange(len(rows))[::-1]
        mass, chance = np.array([row.mass for row in rows]), np.array([row.chance for row in rows])
        below = mass < chance
        for chosen, colour in ((~below, _METHOD), (below, _MISS)):
            axes.hlines(places[chosen], chance[chosen], mass[chosen], color=colour, linewidth=1.4)
            axes.plot(mass[chosen], places[chosen], "o", color=colour, markersize=5)
        axes.plot(chance, places, "|", color=_CHANCE, markersize=9, markeredgewidth=1.8)
        axes.set_xlim(0, min(1.0, float(max(mass.max(), chance.max())) * 1.06 + 1e-6))
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xlabel("relevance mass and area share, %")
        _name_rows(axes, len(rows))
    return _inline(figure, title, key, [row.name for row in reversed(rows)])


def _canvas(width: float, height: float, left: float, bottom: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height))
    box = (left / width, bottom / height, 1 - (left + 0.12) / width, 1 - (bottom + 0.1) / height)
    return figure, figure.add_axes(box)


def _name_rows(axes: Axes, rows: int) -> None:
    _ticks(axes.xaxis)
    axes.set_yticks(range(rows), [f"row{i}." for i in range(rows)])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _ticks(axis: Axis) -> None:
    """Few, and in per cent like every share of the page."""
    axis.set_major_locator(MaxNLocator(5))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}"))


def _shade(axes: Axes, x: Floats, y: Floats, edge: float) -> None:
    """Squares in four strengths, so that ten thousand pictures cost no more than a thousand."""
    table, ticks, _ = np.histogram2d(x, y, bins=_BINS, range=((0, edge), (0, edge)))
    step, most = ticks[1], table.max()
    levels = np.ceil(4 * np.log1p(table) / np.log1p(most)).astype(int)
    columns, rows = np.meshgrid(np.arange(_BINS), np.arange(_BINS), indexing="ij")
    for below, colour in ((False, _METHOD), (True, _MISS)):
        for level in range(1, 5):
            where = np.argwhere((levels == level) & ((rows < columns) == below))
            if len(where):
                squares = [_square(i * step, j * step, step) for i, j in where.tolist()]
                path = Path.make_compound_path(*squares)
                axes.add_patch(
                    PathPatch(path, facecolor=colour, edgecolor="none", alpha=(0.25, 0.5, 0.75, 1)[level - 1])
                )


def _square(x: float, y: float, side: float) -> Path:
    return Path([(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)], closed=True)


def _inline(figure: Figure, title: str, key: str, names: Sequence[str]) -> Markup:
    """Matplotlib's SVG as a part of the page: an accessible name, ids of its own, CSS colours, the real names."""
    buffer = io.StringIO()
    with rc_context(_STYLE):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    drawn = buffer.getvalue()
    view = re.search(r'viewBox="([^"]+)"', drawn)
    body = drawn[drawn.index("</metadata>") + len("</metadata>") :] if "</metadata>" in drawn else drawn
    body = re.sub(r"<style[^>]*>.*?</style>|<!--.*?-->", "", body, flags=re.DOTALL)
    used = set(re.findall(r"#([\w-]+)[\")]", body))
    body = re.sub(r' id="([^"]+)"', lambda m: f' id="{key}-{m[1]}"' if m[1] in used else "", body)
    body = re.sub(r'((?:xlink:)?href)="#', rf'href="#{key}-', body)
    body = body.replace("url(#", f"url(#{key}-")
    body = re.sub(r' ?font-family: [^;"]*;?| transform="rotate\(-0 [^"]*"', "", body)
    body = re.sub(r"(\d\.\d\d)\d+", r"\1", body)
    for colour, variable in {**_VARIABLES, "#010209": "var(--paper)"}.items():
        body = body.replace(colour, variable)
    for place, name in enumerate(names):
        body = body.replace(f">row{place}.<", f">{escape(short(name, 20))}<")
    body = re.sub(r"\s*\n\s*", "\n", body)
    width = float(view[1].split()[2]) if view else 0
    start = Markup('<svg class="chart" role="img" aria-label="{}" viewBox="{}" style="max-width:{}pt">')
    return start.format(title, view[1] if view else "", f"{width:g}") + Markup(body[body.index("<defs") :])
