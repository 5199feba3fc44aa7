"""One estimate between its bounds, against its limit: a small drawing for a line of a table."""

from typing import NamedTuple

from markupsafe import Markup

from checks.verdict import Direction, Finding, Outcome

WIDTH, HEIGHT = 120.0, 16.0
_PAD = 6.0
_COLOURS = {Outcome.PASS: "pass", Outcome.FAIL: "fail", Outcome.INCONCLUSIVE: "inconclusive"}


class Interval(NamedTuple):
    """What is drawn. The bounds are None where there are none, as of an exact count."""

    value: float
    lower: float | None
    upper: float | None
    limit: float | None


def against_limit(finding: Finding) -> Markup | None:
    """The limit in the middle, the good side to its right, on a scale of its own; None where nothing can be drawn.

    Decorative: the numbers stand beside it.
    """
    if finding.value is None or finding.limit is None:
        return None
    sign = 1 if finding.better is Direction.HIGHER else -1
    ends = [sign * (end - finding.limit) for end in (finding.lower, finding.upper) if end is not None]
    value = sign * (finding.value - finding.limit)
    reach = max(abs(end) for end in (value, *ends)) or 1.0
    half = WIDTH / 2 - _PAD
    colour = _COLOURS.get(finding.outcome, "invalid")
    low, dot, high = (WIDTH / 2 + half * end / reach for end in (min([value, *ends]), value, max([value, *ends])))
    return _svg(
        Markup('<rect x="{}" width="{}" height="{}" class="good"/>').format(_n(WIDTH / 2), _n(WIDTH / 2), _n(HEIGHT))
        + Markup('<path d="M{} 0V{}" class="limit"/>').format(_n(WIDTH / 2), _n(HEIGHT))
        + _estimate(low, dot, high, colour)
    )


def on_scale(drawn: Interval, scale: tuple[float, float], outcome: Outcome | None, *, hollow: bool = False) -> Markup:
    """Along a scale that several share, with a thin line at zero and a tick at the limit. outcome: None is neutral."""
    low, high = scale
    span = (high - low) or 1.0

    def at(value: float) -> float:
        return _PAD + (WIDTH - 2 * _PAD) * (min(max(value, low), high) - low) / span

    ends = [at(end) for end in (drawn.lower, drawn.upper) if end is not None]
    dot = at(drawn.value)
    limit = Markup("")
    if drawn.limit is not None:
        limit = Markup('<path d="M{} 0V{}" class="limit"/>').format(_n(at(drawn.limit)), _n(HEIGHT))
    colour = "data" if outcome is None else _COLOURS.get(outcome, "invalid")
    colour += " hollow" if hollow else ""
    return _svg(
        Markup('<path d="M{} 0V{}" class="zero"/>').format(_n(at(0.0)), _n(HEIGHT))
        + limit
        + _estimate(min([dot, *ends]), dot, max([dot, *ends]), colour)
    )


def _estimate(low: float, dot: float, high: float, colour: str) -> Markup:
    middle = _n(HEIGHT / 2)
    line = Markup('<path d="M{} {}H{}" class="bounds of-{}"/>').format(_n(low), middle, _n(high), colour)
    return line + Markup('<circle cx="{}" cy="{}" r="3.2" class="of-{}"/>').format(_n(dot), middle, colour)


def _svg(inner: Markup) -> Markup:
    start = Markup('<svg class="interval" aria-hidden="true" focusable="false" viewBox="0 0 {} {}">')
    return start.format(_n(WIDTH), _n(HEIGHT)) + inner + Markup("</svg>")


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
