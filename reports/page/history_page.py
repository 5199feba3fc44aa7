"""`history.html`: the verdicts and the points of a folder of runs, a line for each property."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from audit.files import write_text
from reports.page.render import environment, style
from reports.result.history import History, Point

FILE = "history.html"
STEP, HEIGHT, PAD = 26.0, 44.0, 5.0
_COLOURS = {"PASS": "pass", "FAIL": "fail", "INCONCLUSIVE": "inconclusive", "INVALID": "invalid"}


class Line(NamedTuple):
    """One property over all runs."""

    subject: str
    rule: str
    chart: Markup
    points: tuple[Point | None, ...]


def render_history(history: History, out: Path) -> Path:
    """Write the page, and return its path. Raises AuditError where `out` cannot be written."""
    lines = [
        Line(subject, rule, chart([run.points.get(rule) for run in history.runs]), _points(history, rule))
        for rule, subject in history.properties.items()
    ]
    template = environment().get_template("history.html.j2")
    write_text(out, template.render(history=history, lines=lines, style=style()))
    return out


def chart(points: Sequence[Point | None]) -> Markup:
    """A dot for each run, from the first to the last, between its bounds; the limit as a tick, no loss as a line."""
    known = [point for point in points if point is not None]
    ends = [end for p in known for end in (p.value, p.lower, p.upper, p.limit) if end is not None]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    span = (high - low) or 1.0

    def at(value: float) -> str:
        return f"{PAD + (HEIGHT - 2 * PAD) * (high - value) / span:.1f}"

    width = STEP * len(points)
    parts = [Markup('<path d="M0 {}H{}" class="zero"/>').format(at(0.0), f"{width:g}")]
    for place, point in enumerate(points):
        x = f"{STEP * (place + 0.5):g}"
        if point is None or point.value is None:
            continue
        colour = _COLOURS[point.outcome]
        if point.limit is not None:
            left, right = f"{STEP * place + 5:g}", f"{STEP * (place + 1) - 5:g}"
            parts.append(Markup('<path d="M{} {}H{}" class="limit"/>').format(left, at(point.limit), right))
        bounds = [end for end in (point.lower, point.upper) if end is not None]
        if bounds:
            ends_of = at(min([point.value, *bounds])), at(max([point.value, *bounds]))
            parts.append(Markup('<path d="M{} {}V{}" class="bounds of-{}"/>').format(x, *ends_of, colour))
        parts.append(Markup('<circle cx="{}" cy="{}" r="3" class="of-{}"/>').format(x, at(point.value), colour))
    start = Markup(
        '<svg class="over-time" aria-hidden="true" focusable="false" viewBox="0 0 {0} {1}" width="{0}" height="{1}">'
    )
    return start.format(f"{width:g}", f"{HEIGHT:g}") + Markup("").join(parts) + Markup("</svg>")


def _points(history: History, rule: str) -> tuple[Point | None, ...]:
    return tuple(run.points.get(rule) for run in history.runs)
