"""The chart of the planted control: what the audit says of copies of the network that rely on a mark."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from markupsafe import Markup
from matplotlib.ticker import FixedLocator

from reports.charts.drawing import CHANCE, DASHED, INK, METHOD, MISS, canvas, inline, part, points, styled, ticks

Kind = Literal["miss", "kept", "blamed"]
_QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)
_LINES: dict[Kind, dict[str, Any]] = {
    "miss": {"color": MISS, "linestyle": "solid", "marker": "o", "markersize": 4},
    "kept": {"color": METHOD, "linestyle": DASHED, "marker": "s", "markersize": 3.6},
    "blamed": {"color": INK, "linestyle": (0, (1, 1.6)), "marker": "^", "markersize": 4.4},
}
"""They differ in dashes and marks, so that they can be told apart without colour."""


@dataclass(frozen=True)
class Line:
    """One quantity over the share that the mark carries. Shares that are no number are left out."""

    kind: Kind
    carried: Sequence[float]
    share: Sequence[float | None]


def detection(lines: Sequence[Line], limit: float | None, title: str, key: str) -> Markup:
    """Shares of the pictures over the share of the evidence that the mark carries.

    limit: the share from which on the audit flags the copies: shaded.
    """
    with styled():
        figure, axes = canvas(2.25, 1.85, left=0.5, bottom=0.44)
        if limit is not None:
            part(axes.axvspan(limit, 1, facecolor=CHANCE, edgecolor="none", alpha=0.12), "shaded")
            axes.axvline(limit, color=CHANCE, linewidth=1.2, linestyle=DASHED)
        for line in lines:
            x, y = points(line.carried, line.share)
            if x:
                part(axes.plot(x, y, linewidth=1.4, clip_on=False, **_LINES[line.kind])[0], line.kind)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.set_xlabel("carried by the mark, %")
        axes.set_ylabel("share, %")
        for axis in (axes.xaxis, axes.yaxis):
            ticks(axis)
            axis.set_major_locator(FixedLocator(_QUARTERS))
    return inline(figure, title, key, [])
