"""The chart of what the two halves of a picture say for its label: the object alone, and its surroundings alone."""

from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from checks.table.evidence import Floats
from reports.charts.drawing import CHANCE, DASHED, canvas, inline, scatter, styled

WIDTH, HEIGHT = 3.3, 3.2
"""Inches."""
_INCH = 72


class Plane(NamedTuple):
    """The chart, and where its marks lie."""

    chart: Markup
    width: float
    """Of the chart, in points."""
    places: NDArray[np.float64]
    """(n, 2) of each mark, from the left and from the top, as shares of the chart's sides."""


def object_against_surroundings(
    surroundings: Floats, alone: Floats, miss: NDArray[np.bool_], limit: float, title: str, key: str
) -> Plane:
    """One mark for each picture, in log-odds; on the dashed line its lead is the limit.

    surroundings, alone, miss: (n,), finite; `alone` less `surroundings` is the picture's lead.
    """
    both = np.concatenate([surroundings, alone, surroundings + limit])
    low, high = float(both.min()), float(both.max())
    pad = 0.05 * (high - low) + 1e-6
    edges = (low - pad, high + pad)
    with styled():
        figure, axes = canvas(WIDTH, HEIGHT, left=0.55, bottom=0.46)
        axes.plot(edges, (edges[0] + limit, edges[1] + limit), color=CHANCE, linewidth=1.2, linestyle=DASHED)
        scatter(axes, surroundings, alone, miss, edges)
        axes.set_xlabel("surroundings alone, log-odds")
        axes.set_ylabel("object alone, log-odds")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(5))
            axis.set_major_formatter(FuncFormatter(_tick))
    return Plane(inline(figure, title, key, []), WIDTH * _INCH, _places(axes, surroundings, alone))


def _places(axes: Axes, x: Floats, y: Floats) -> NDArray[np.float64]:
    """After the axes were drawn, since their scale is one."""
    side = axes.figure.transFigure.inverted()
    places = side.transform(axes.transData.transform(np.stack([x, y], axis=1)))
    return np.stack([places[:, 0], 1 - places[:, 1]], axis=1)


def _tick(value: float, _: object) -> str:
    return f"{value:g}".replace("-", "−")
