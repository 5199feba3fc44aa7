"""The chart of cascading randomisation: how a method's maps change as the network loses what it has learnt."""

from collections.abc import Sequence

from markupsafe import Markup
from matplotlib.ticker import FixedFormatter, FixedLocator

from reports.charts.drawing import CHANCE, DASHED, METHOD, MISS, canvas, inline, part, points, styled

_MOST_TICKS = 8


def cascade(means: Sequence[float | None], limit: float | None, survives: bool, title: str, key: str) -> Markup:
    """Mean similarity with the map of the trained network, stage by stage.

    survives: in red, since the maps are not shown to change; the last mean may lie within the limit all the same.
    """
    stages = list(range(1, len(means) + 1))
    x, y = points(stages, means)
    with styled():
        figure, axes = canvas(2.25, 1.85, left=0.5, bottom=0.44)
        if limit is not None:
            axes.axhline(limit, color=CHANCE, linewidth=1.2, linestyle=DASHED)
        if x:
            colour = MISS if survives else METHOD
            line = axes.plot(x, y, color=colour, linewidth=1.4, marker="o", markersize=4, clip_on=False)[0]
            part(line, "survives" if survives else "changes")
        axes.set_xlim(0.8, len(means) + 0.2)
        axes.set_ylim(min(-0.1, *y, 0.0), 1)
        axes.set_xlabel("stages randomised")
        axes.set_ylabel("similarity")
        axes.xaxis.set_major_locator(FixedLocator(stages[:: -(-len(stages) // _MOST_TICKS)]))
        axes.yaxis.set_major_locator(FixedLocator([0, 0.5, 1]))
        axes.yaxis.set_major_formatter(FixedFormatter(["0", "0.5", "1"]))
    return inline(figure, title, key, [])
