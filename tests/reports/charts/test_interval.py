"""The small drawing of one estimate: on which side of its limit it lies."""

import re

import pytest

from checks.verdict import Direction, Finding, Outcome, Unit
from reports.charts.interval import WIDTH, Interval, against_limit, on_scale

Numbers = tuple[float, float, float]


def finding(value: float | None, better: Direction, **further: float | None) -> Finding:
    return Finding(
        key="k",
        outcome=Outcome.PASS,
        quantity="q",
        unit=Unit.DIFFERENCE,
        better=better,
        value=value,
        n=9,
        **further,
    )


def drawn(svg: str) -> Numbers:
    """Where the bounds begin, where the dot lies, and where they end."""
    bounds = re.search(r'd="M([\d.]+) [\d.]+H([\d.]+)" class="bounds', svg)
    dot = re.search(r'<circle cx="([\d.]+)"', svg)
    assert bounds and dot
    return float(bounds[1]), float(dot[1]), float(bounds[2])


@pytest.mark.parametrize("better", [*Direction])
def test_what_is_good_lies_right_of_the_limit(better: Direction) -> None:
    sign = 1 if better is Direction.HIGHER else -1
    good = finding(0.1 + sign * 0.2, better, limit=0.1, lower=0.1 + sign * 0.2 - 0.05, upper=0.1 + sign * 0.2 + 0.05)
    bad = finding(0.1 - sign * 0.2, better, limit=0.1, lower=0.1 - sign * 0.2 - 0.05, upper=0.1 - sign * 0.2 + 0.05)
    low, dot, high = drawn(str(against_limit(good)))
    assert WIDTH / 2 < low < dot < high <= WIDTH
    low, dot, high = drawn(str(against_limit(bad)))
    assert 0 <= low < dot < high < WIDTH / 2


def test_a_bound_beyond_the_limit_crosses_the_middle() -> None:
    low, dot, high = drawn(str(against_limit(finding(0.05, Direction.LOWER, limit=0.1, lower=0.0, upper=0.15))))
    assert low < WIDTH / 2 < dot < high


def test_at_the_limit_itself_the_dot_lies_on_it() -> None:
    assert drawn(str(against_limit(finding(0.1, Direction.LOWER, limit=0.1)))) == (60.0, 60.0, 60.0)


def test_nothing_is_drawn_of_nothing() -> None:
    assert against_limit(finding(None, Direction.LOWER, limit=0.1)) is None
    assert against_limit(finding(0.1, Direction.LOWER)) is None


def test_on_a_shared_scale_places_are_proportional() -> None:
    at = [drawn(str(on_scale(Interval(value, None, None, None), (-1.0, 1.0), None)))[1] for value in (-1.0, 0.0, 1.0)]
    assert at == [6.0, 60.0, 114.0]
    assert drawn(str(on_scale(Interval(0.0, -3.0, 3.0, None), (-1.0, 1.0), None))) == (6.0, 60.0, 114.0)
    assert 'class="limit"' in str(on_scale(Interval(0.0, None, None, 0.1), (-1.0, 1.0), Outcome.FAIL))
