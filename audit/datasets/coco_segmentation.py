"""COCO's segmentation: polygons, or runs of pixels, compressed or not."""

from collections.abc import Sequence
from reprlib import repr as short
from typing import Any

from audit.datasets.exclusions import Reason
from audit.datasets.masks import Mask, Polygons, Raster
from audit.datasets.outlines import points_of
from audit.datasets.run_lengths import by_columns, counts_of

Problem = tuple[str, str] | None


def segmentation(value: Any, where: str) -> tuple[Mask | None, Problem]:
    """The mask, and the problem where it cannot be read; neither where the value is missing or an empty list."""
    if value in (None, []):
        return None, None
    if isinstance(value, dict):
        return _from_runs(value, where)
    rings = [_ring(ring) for ring in value] if isinstance(value, list) else []
    if rings and all(ring is not None for ring in rings):
        return Polygons.of([ring for ring in rings if ring is not None]), None
    needed = "need lists x, y, x, y, … of three points or more, or an object of size and counts"
    return None, (Reason.BROKEN_MASK, f"{where}: segmentation is {short(value)}; {needed}.")


def _ring(values: object) -> list[tuple[float, float]] | None:
    if not isinstance(values, Sequence) or isinstance(values, str) or len(values) % 2 or len(values) < 6:
        return None
    return points_of(list(zip(values[::2], values[1::2], strict=True)))


def _from_runs(value: dict[str, Any], where: str) -> tuple[Mask | None, Problem]:
    sides, counts = value.get("size"), counts_of(value.get("counts"))
    inside = None
    if isinstance(sides, list) and len(sides) == 2 and all(type(side) is int for side in sides) and counts is not None:
        inside = by_columns(counts, (sides[1], sides[0]))
    if inside is None:
        seen = f"size {short(sides)} and counts {short(value.get('counts'))}"
        return None, (Reason.BROKEN_MASK, f"{where}: {seen}; need runs of just height x width pixels.")
    return Raster.of(inside), None
