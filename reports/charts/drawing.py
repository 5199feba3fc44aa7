"""What every chart is drawn with: a canvas in stand-in colours, and its way into the page as inline SVG.

Matplotlib draws with stand-in colours and words; `inline` puts the page's CSS variables and the real, escaped names in
their place. So dark mode works, and no name from outside ever reaches Matplotlib's text engine.
"""

import io
import math
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from markupsafe import Markup, escape
from matplotlib import style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from checks.table.evidence import Floats
from reports.wording.numbers import short

INK, MUTED, METHOD, NULL, CHANCE, MISS, PAPER = (f"#01020{i}" for i in range(3, 10))
_VARIABLES = {
    INK: "var(--ink)",
    MUTED: "var(--rule-strong)",
    METHOD: "var(--data)",
    NULL: "var(--data-null)",
    CHANCE: "var(--chance)",
    MISS: "var(--fail)",
    PAPER: "var(--paper)",
}
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "saliency-audit",
    "font.size": 8.5,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "text.color": INK,
}
DASHED = (0, (4, 2))
MOST_DOTS = 300
_BINS = 26
_PART = "part-"


def styled() -> AbstractContextManager[None]:
    """Matplotlib as it comes, in our style, whatever a `matplotlibrc` says: it reads one of the current folder too."""
    manager: AbstractContextManager[None] = style.context(["default", STYLE])
    return manager


def canvas(width: float, height: float, left: float, bottom: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height))
    box = (left / width, bottom / height, 1 - (left + 0.12) / width, 1 - (bottom + 0.1) / height)
    return figure, figure.add_axes(box)


def name_rows(axes: Axes, rows: int) -> None:
    ticks(axes.xaxis)
    axes.set_yticks(range(rows), [f"row{i}." for i in range(rows)])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def ticks(axis: Axis) -> None:
    """Few, and in per cent like every share of the page."""
    axis.set_major_locator(MaxNLocator(5))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}".replace("-", "−")))


def scatter(axes: Axes, x: Floats, y: Floats, miss: NDArray[np.bool_], edges: tuple[float, float]) -> None:
    """A dot for each picture, the misses in red; squares where there are many. edges: of both axes, one scale."""
    low, high = edges
    if len(x) <= MOST_DOTS:
        style: Any = {"markersize": 3.2, "alpha": 0.6, "markeredgewidth": 0, "clip_on": False}
        axes.plot(x[~miss], y[~miss], "o", color=METHOD, **style)
        axes.plot(x[miss], y[miss], "o", color=MISS, **style)
    else:
        _shade(axes, x, y, miss, edges)
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.set_aspect("equal")


def _shade(axes: Axes, x: Floats, y: Floats, miss: NDArray[np.bool_], edges: tuple[float, float]) -> None:
    """Squares in four strengths, so that ten thousand pictures cost no more than a thousand."""
    low, high = edges
    step = (high - low) / _BINS
    tables = [np.histogram2d(x[part], y[part], bins=_BINS, range=(edges, edges))[0] for part in (~miss, miss)]
    most = max(float(table.max()) for table in tables)
    for table, colour in zip(tables, (METHOD, MISS), strict=True):
        levels = np.ceil(4 * np.log1p(table) / np.log1p(most)).astype(int)
        for level in range(1, 5):
            where = np.argwhere(levels == level)
            if len(where):
                squares = [square(low + i * step, low + j * step, step) for i, j in where.tolist()]
                path = Path.make_compound_path(*squares)
                axes.add_patch(
                    PathPatch(path, facecolor=colour, edgecolor="none", alpha=(0.25, 0.5, 0.75, 1)[level - 1])
                )


def points(x: Sequence[float], y: Sequence[float | None]) -> tuple[list[float], list[float]]:
    """Those of a line whose height is a number."""
    pairs = [(a, b) for a, b in zip(x, y, strict=True) if b is not None and math.isfinite(b)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def part(artist: Artist, name: str) -> None:
    """Name a part of the chart: `inline` makes the name its class."""
    artist.set_gid(f"{_PART}{name}")


def square(x: float, y: float, side: float) -> Path:
    """Its lower left corner and its side."""
    return Path([(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)], closed=True)


def inline(figure: Figure, title: str, key: str, names: Sequence[str]) -> Markup:
    """Matplotlib's SVG as a part of the page: an accessible name, ids of its own, CSS colours, the real names."""
    buffer = io.StringIO()
    with styled():
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    view = re.search(r'viewBox="([^"]+)"', svg)
    body = svg[svg.index("</metadata>") + len("</metadata>") :] if "</metadata>" in svg else svg
    body = re.sub(r"<style[^>]*>.*?</style>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(rf' id="{_PART}([a-z]+)"', r' class="\1"', body)
    used = set(re.findall(r"#([\w-]+)[\")]", body))
    body = re.sub(r' id="([^"]+)"', lambda m: f' id="{key}-{m[1]}"' if m[1] in used else "", body)
    body = re.sub(r'((?:xlink:)?href)="#', rf'href="#{key}-', body)
    body = body.replace("url(#", f"url(#{key}-")
    body = re.sub(r' ?font-family: [^;"]*;?| transform="rotate\(-0 [^"]*"', "", body)
    body = re.sub(r"(\d\.\d\d)\d+", r"\1", body)
    for colour, variable in _VARIABLES.items():
        body = body.replace(colour, variable)
    for place, name in enumerate(names):
        body = body.replace(f">row{place}.<", f">{escape(short(name, 20))}<")
    body = re.sub(r"\s*\n\s*", "\n", body)
    width = float(view[1].split()[2]) if view else 0
    start = Markup('<svg class="chart" role="img" aria-label="{}" viewBox="{}" style="max-width:{}pt">')
    return start.format(title, view[1] if view else "", f"{width:g}") + Markup(body[body.index("<defs") :])
