"""Small charts of lines, drawn by hand: deterministic, quick, and in the page's own colours and type.

No name from outside is drawn; the title, which may hold one, is escaped.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 162, 132, 36, 32, 6, 8
"""Points: of the whole, and between the edges and the axes."""
_COLOURS = {"miss": "var(--fail)", "kept": "var(--data)", "blamed": "var(--ink)"}
_DASHES = {"miss": "none", "kept": "5 3", "blamed": "1.4 2.2"}


@dataclass(frozen=True)
class Line:
    """Points in the chart's units, those that are no number left out."""

    kind: str
    """'miss', 'kept' or 'blamed': colour, dashes and marks."""
    x: Sequence[float]
    y: Sequence[float | None]


@dataclass(frozen=True)
class Axis:
    """From `low` to `high`, with these ticks and their words."""

    title: str
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]

    def along(self, value: float, start: float, end: float) -> float:
        """Where a value lies between two points of the picture."""
        return start + (value - self.low) / (self.high - self.low) * (end - start)


def detection(lines: Sequence[Line], limit: float | None, title: str) -> Markup:
    """What the audit says of copies of the network over the share of the evidence that a planted mark carries.

    limit: from which share on it flags them: shaded.
    """
    per_cent = [(tick / 100, str(tick)) for tick in (0, 25, 50, 75, 100)]
    x, y = Axis("carried by the mark, %", 0, 1, per_cent), Axis("share, %", 0, 1, per_cent)
    shaded = ""
    if limit is not None:
        start, end = _x(x, limit), _x(x, 1)
        shaded = f'<path d="M{start:.1f} {_TOP}H{end:.1f}V{_HEIGHT - _BOTTOM}H{start:.1f}z" class="shaded"/>'
        shaded += f'<path d="M{start:.1f} {_TOP}V{_HEIGHT - _BOTTOM}" class="limit"/>'
    return _chart(x, y, lines, shaded, title)


def cascade(means: Sequence[float | None], limit: float | None, title: str) -> Markup:
    """Mean similarity with the map of the trained network, stage by stage. limit: the most that the end may have."""
    stages = [float(stage) for stage in range(1, len(means) + 1)]
    found = [value for value in means if value is not None]
    survives = limit is not None and not (means[-1] is not None and means[-1] <= limit)
    x = Axis("stages randomised", 0.8, len(means) + 0.2, [(stage, f"{stage:g}") for stage in stages])
    y = Axis("similarity", min(-0.1, *found, 0.0), 1, [(0, "0"), (0.5, "0.5"), (1, "1")])
    across = "" if limit is None else f'<path d="M{_LEFT} {_y(y, limit):.1f}H{_WIDTH - _RIGHT}" class="limit"/>'
    return _chart(x, y, [Line("miss" if survives else "solid", stages, means)], across, title)


def _chart(x: Axis, y: Axis, lines: Sequence[Line], behind: str, title: str) -> Markup:
    base, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = [behind, f'<path d="M{_LEFT} {_TOP}V{base}H{right}" class="axis"/>']
    for value, word in x.ticks:
        place = _x(x, value)
        parts.append(f'<path d="M{place:.1f} {base}v3" class="axis"/>')
        parts.append(f'<text x="{place:.1f}" y="{base + 12}" text-anchor="middle">{word}</text>')
    for value, word in y.ticks:
        place = _y(y, value)
        parts.append(f'<path d="M{_LEFT} {place:.1f}h-3" class="axis"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{place + 3:.1f}" text-anchor="end">{word}</text>')
    middle = (_TOP + base) / 2
    parts.append(f'<text x="{(_LEFT + right) / 2:.1f}" y="{base + 26}" text-anchor="middle">{x.title}</text>')
    parts.append(f'<text transform="translate(9 {middle:.1f}) rotate(-90)" text-anchor="middle">{y.title}</text>')
    parts += [_line(line, x, y) for line in lines]
    start = Markup('<svg class="chart lines" role="img" aria-label="{}" viewBox="0 0 {} {}" style="max-width:{}pt">')
    return start.format(title, _WIDTH, _HEIGHT, _WIDTH) + Markup("".join(parts) + "</svg>")


def _line(line: Line, x: Axis, y: Axis) -> str:
    told = [(_x(x, a), _y(y, b)) for a, b in zip(line.x, line.y, strict=True) if b is not None and math.isfinite(b)]
    if not told:
        return ""
    colour = _COLOURS.get(line.kind, "var(--data)")
    path = "L".join(f"{a:.1f} {b:.1f}" for a, b in told)
    marks = "".join(_mark(line.kind, a, b) for a, b in told)
    dashes = _DASHES.get(line.kind, "none")
    return (
        f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.4" stroke-dasharray="{dashes}"/>'
        f'<path d="{marks}" fill="{colour}"/>'
    )


def _mark(kind: str, a: float, b: float) -> str:
    """A square, a triangle or a disc, so that lines can be told apart without colour."""
    if kind == "kept":
        return f"M{a - 2:.1f} {b - 2:.1f}h4v4h-4z"
    if kind == "blamed":
        return f"M{a - 2.4:.1f} {b + 2:.1f}h4.8l-2.4 -4.6z"
    return f"M{a - 2.1:.1f} {b:.1f}a2.1 2.1 0 1 0 4.2 0a2.1 2.1 0 1 0 -4.2 0z"


def _x(axis: Axis, value: float) -> float:
    return axis.along(value, _LEFT, _WIDTH - _RIGHT)


def _y(axis: Axis, value: float) -> float:
    return axis.along(value, _HEIGHT - _BOTTOM, _TOP)
