"""What annotation tools draw besides boxes, as rings of points, and the upright box around it."""

from collections.abc import Sequence
from math import cos, isfinite, pi, radians, sin

from audit.datasets.sample import Box

Point = tuple[float, float]
ELLIPSE = 256
"""Points of an ellipse, which its edges leave by less than a ten thousandth of its radius."""


def points_of(values: object) -> list[Point] | None:
    """Points from a list of pairs of numbers, or None where it is empty or anything else."""
    if not isinstance(values, Sequence) or isinstance(values, str) or not values:
        return None
    pairs = [value if isinstance(value, Sequence) and not isinstance(value, str) else () for value in values]
    try:
        points = [(float(x), float(y)) for x, y in pairs if not isinstance(x, bool) and not isinstance(y, bool)]
    except (TypeError, ValueError, OverflowError):
        return None
    # The least of some numbers may hide a NaN.
    return points if len(points) == len(pairs) and all(map(isfinite, (c for point in points for c in point))) else None


def enclosing(points: Sequence[Point]) -> Box:
    """The smallest upright box that holds the points."""
    across, down = [x for x, _ in points], [y for _, y in points]
    return min(across), min(down), max(across), max(down)


def around(points: Sequence[Point], size: tuple[int, int]) -> Box:
    """The upright box around points, as far as it lies in the picture.

    Corners of a turned rectangle may leave the picture although its object does not. size: (width, height).
    """
    (x0, y0, x1, y1), (width, height) = enclosing(points), size
    return max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)


def corners(box: Box) -> list[Point]:
    """The four corners as a ring."""
    x0, y0, x1, y1 = box
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def turned_points(points: Sequence[Point], degrees: float, pivot: Point) -> list[Point]:
    """The points turned clockwise about `pivot`."""
    angle = radians(degrees % 360)
    away = [(x - pivot[0], y - pivot[1]) for x, y in points]
    return [(pivot[0] + x * cos(angle) - y * sin(angle), pivot[1] + x * sin(angle) + y * cos(angle)) for x, y in away]


def ellipse(box: Box) -> list[Point]:
    """As a ring, the ellipse that touches the four sides of a box: its points lie on it."""
    (x0, y0, x1, y1), steps = box, (2 * pi * step / ELLIPSE for step in range(ELLIPSE))
    x, y, across, down = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2
    return [(x + across * cos(angle), y + down * sin(angle)) for angle in steps]
