"""The chart of what the two halves of a picture say for its label: the object alone, and its surroundings alone."""

import numpy as np
from markupsafe import Markup
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from checks.table.evidence import Floats
from reports.charts.drawing import CHANCE, DASHED, canvas, inline, scatter, styled


def object_against_surroundings(
    surroundings: Floats, alone: Floats, miss: NDArray[np.bool_], limit: float, title: str, key: str
) -> Markup:
    """One mark for each picture, in log-odds; on the dashed line its lead is the limit.

    surroundings, alone, miss: (n,), finite; `alone` less `surroundings` is the picture's lead.
    """
    both = np.concatenate([surroundings, alone, surroundings + limit])
    low, high = float(both.min()), float(both.max())
    pad = 0.05 * (high - low) + 1e-6
    edges = (low - pad, high + pad)
    with styled():
        figure, axes = canvas(3.3, 3.2, left=0.55, bottom=0.46)
        axes.plot(edges, (edges[0] + limit, edges[1] + limit), color=CHANCE, linewidth=1.2, linestyle=DASHED)
        scatter(axes, surroundings, alone, miss, edges)
        axes.set_xlabel("surroundings alone, log-odds")
        axes.set_ylabel("object alone, log-odds")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(5))
            axis.set_major_formatter(FuncFormatter(_tick))
    return inline(figure, title, key, [])


def _tick(value: float, _: object) -> str:
    return f"{value:g}".replace("-", "−")
