"""The upright box around what annotation tools draw besides boxes: polygons, turned rectangles."""

from collections.abc import Sequence
from math import cos, isfinite, radians, sin

from audit.datasets.sample import Box

Point = tuple[float, float]


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


def turned(box: Box, degrees: float, pivot: Point, size: tuple[int, int]) -> Box:
    """The upright box around `box` turned clockwise about `pivot`, as far as it lies in the picture.

    Corners of a turned rectangle may leave the picture although its object does not. size: (width, height).
    """
    x0, y0, x1, y1 = box
    angle = radians(degrees % 360)
    corners = [(x - pivot[0], y - pivot[1]) for x in (x0, x1) for y in (y0, y1)]
    around = enclosing(
        [(pivot[0] + x * cos(angle) - y * sin(angle), pivot[1] + x * sin(angle) + y * cos(angle)) for x, y in corners]
    )
    width, height = size
    return max(around[0], 0), max(around[1], 0), min(around[2], width), min(around[3], height)
