"""Figures of a result, for a notebook: drawn by Matplotlib, shown as they are, saved as PNG, PDF or SVG."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from audit.errors import AuditError
from checks.verdict import Outcome, Verdict
from reports.notebook import COLOURS
from reports.wording.swapped_properties import swapped_properties


@dataclass(frozen=True, eq=False)
class Plot:
    """A Matplotlib figure that a notebook shows."""

    figure: Figure

    def save(self, out: Path | str) -> Path:
        """Write it; the ending says as what. Raises AuditError where the file cannot be written."""
        try:
            self.figure.savefig(out)
        except (OSError, ValueError) as error:
            raise AuditError(out, f"cannot be written ({error})", "need a folder, and .png, .pdf or .svg") from error
        return Path(out)

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png")
        return buffer.getvalue()


@dataclass(frozen=True, eq=False)
class Plots:
    """What a result can draw."""

    verdicts: Sequence[Verdict]

    def reliance(self) -> Plot:
        """How many points of accuracy the network loses if a property stops going with the class: estimate (dot),
        bounds (line) and limit (tick) of each, in the colour of its outcome.

        Raises AuditError where no swap was judged.
        """
        names = {rule: swapped.subject for rule, swapped in swapped_properties().items()}
        rows = [(names[v.rule], v.outcome, v.findings[0]) for v in self.verdicts if v.rule in names and v.findings]
        known = [row for row in rows if row[2].value is not None]
        if not known:
            raise AuditError("plot", "no reliance was measured", "need a run whose profile judges swaps")
        with style.context("default"):  # whatever a `matplotlibrc` says
            figure = Figure(figsize=(7, 1.2 + 0.34 * len(known)), dpi=150, layout="constrained")
            FigureCanvasAgg(figure)
            axes = figure.subplots()
            axes.axvline(0, color="0.7", linewidth=0.8)
            for place, (_, outcome, finding) in enumerate(reversed(known)):
                ends = [end for end in (finding.lower, finding.upper) if end is not None]
                axes.plot([100 * end for end in ends], [place] * len(ends), color=COLOURS[outcome], linewidth=1.8)
                axes.plot([100 * (finding.value or 0)], [place], "o", color=COLOURS[outcome], markersize=6)
                if finding.limit is not None:
                    axes.plot([100 * finding.limit], [place], "|", color="0.2", markersize=13, markeredgewidth=1.6)
            axes.set_yticks(range(len(known)), [name for name, *_ in reversed(known)])
            axes.set_xlabel("points of accuracy that hang on it; tick: the limit")
            handles = [axes.plot([], [], "o-", color=COLOURS[o], label=o)[0] for o in Outcome if o in _of(known)]
            figure.legend(handles=handles, loc="outside upper right", ncols=len(handles), frameon=False, fontsize=9)
        return Plot(figure)


def _of(rows: Sequence[tuple[str, Outcome, object]]) -> set[Outcome]:
    return {outcome for _, outcome, _ in rows}
