"""The chart of a comparison with a baseline: each loss between its bounds, against its margin."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from reports.charts.drawing import CHANCE, METHOD, MISS, MUTED, NULL, canvas, inline, name_rows, part, styled

Kind = Literal["passes", "fails", "open", "advisory"]
_COLOURS: dict[Kind, str] = {"passes": METHOD, "fails": MISS, "open": METHOD, "advisory": NULL}


@dataclass(frozen=True)
class Loss:
    """One row, as shares: positive where the candidate is worse."""

    name: str
    value: float
    lower: float
    upper: float
    margin: float
    kind: Kind


def loss_intervals(rows: Sequence[Loss], title: str, key: str) -> Markup:
    """Estimate (dot), bounds (line) and margin (tick) of each row; no loss at the thin line."""
    ends = [end for row in rows for end in (row.lower, row.upper, row.margin, -row.margin)]
    low, high = min(ends), max(ends)
    pad = 0.04 * (high - low) + 1e-6
    with styled():
        figure, axes = canvas(4.5, 0.62 + 0.25 * len(rows), left=1.5, bottom=0.44)
        axes.axvline(0, color=MUTED, linewidth=0.8)
        for place, row in enumerate(reversed(rows)):
            colour = _COLOURS[row.kind]
            part(axes.plot([row.lower, row.upper], [place, place], color=colour, linewidth=1.6)[0], row.kind)
            axes.plot([row.value], [place], "o", markersize=5.5, color=colour)
            axes.plot([row.margin], [place], "|", color=CHANCE, markersize=10, markeredgewidth=1.8)
        axes.set_xlim(low - pad, high + pad)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xlabel("loss against the baseline, points")
        name_rows(axes, len(rows))
    return inline(figure, title, key, [row.name for row in reversed(rows)])
