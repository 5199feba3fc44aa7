"""What an annotation draws of an object: polygons or a raster of pixels, held small until a picture is read."""

import hashlib
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEWEST_POINTS = 3
MOST_POINTS = 100_000
"""Of one ring."""
FARTHEST = 1e9
"""Pixels from the origin."""
Points = NDArray[np.float64]
"""(P, 2): x, y in pixels of the original picture, origin top left."""
Rectangles = NDArray[np.float64]
"""(R, 4): x0, y0, x1, y1, half-open."""


@dataclass(frozen=True)
class Polygons:
    """Rings of points. The object is the union of what the rings enclose.

    A ring that crosses itself encloses what a line from outside reaches after an odd number of its edges.
    """

    packed: tuple[bytes, ...]
    """Of each ring, its points as float64."""

    @classmethod
    def of(cls, rings: Iterable[Sequence[tuple[float, float]]]) -> "Polygons":
        return cls(tuple(np.asarray(ring, dtype="<f8").reshape(-1, 2).tobytes() for ring in rings))

    @property
    def rings(self) -> tuple[Points, ...]:
        return tuple(np.frombuffer(ring, "<f8").reshape(-1, 2) for ring in self.packed)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The smallest upright box around all points."""
        points = np.concatenate([*self.rings, np.empty((0, 2))])
        if not len(points):
            return (np.nan,) * 4
        (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        return x0, y0, x1, y1

    @property
    def fault(self) -> str:
        """Why it is the outline of nothing, or ''."""
        if not self.packed:
            return "has no polygon"
        for ring in self.rings:
            if not (np.abs(ring) < FARTHEST).all():  # NaN compares false
                return "has a point that lies beyond any picture"
            if len(np.unique(ring, axis=0)) < FEWEST_POINTS:
                return f"has a polygon of {len(ring)} points, fewer than 3 of them different"
            if len(ring) > MOST_POINTS:
                return f"has a polygon of {len(ring):,} points, more than {MOST_POINTS:,}"
            if _on_one_line(ring):
                return "has a polygon whose points lie on one line"
        return ""


@dataclass(frozen=True)
class Raster:
    """The pixels of the original picture that belong to the object."""

    size: tuple[int, int]
    """(width, height) of the picture."""
    packed: bytes
    """The rectangles that the pixels make up, int32, compressed by zlib."""

    @classmethod
    def of(
        cls, inside: NDArray[np.bool_], size: tuple[int, int] | None = None, at: tuple[int, int] = (0, 0)
    ) -> "Raster":
        """inside: (h, w) of the part of the picture that begins at column and row `at`; size: default (w, h)."""
        rectangles = (rectangles_of(inside) + np.array([*at, *at])).astype("<i4")
        return cls(size or (inside.shape[1], inside.shape[0]), zlib.compress(rectangles.tobytes(), 1))

    @property
    def rectangles(self) -> Rectangles:
        return np.frombuffer(zlib.decompress(self.packed), "<i4").reshape(-1, 4).astype(np.float64)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The smallest box around all pixels."""
        rectangles = self.rectangles
        if not len(rectangles):
            return (np.nan,) * 4
        (x0, y0), (x1, y1) = rectangles[:, :2].min(axis=0).tolist(), rectangles[:, 2:].max(axis=0).tolist()
        return x0, y0, x1, y1

    @property
    def fault(self) -> str:
        """Why it marks nothing, or ''."""
        return "" if len(self.rectangles) else "marks no pixel"


Mask = Polygons | Raster


def mask_sha256(mask: Mask | None) -> str | None:
    """Hash of what the mask encloses, for the record."""
    if mask is None:
        return None
    if isinstance(mask, Polygons):
        parts = [b"polygons", *(len(ring).to_bytes(8, "little") + ring for ring in mask.packed)]
    else:
        parts = [f"raster {mask.size}".encode(), zlib.decompress(mask.packed)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _on_one_line(ring: Points) -> bool:
    """No point lies off the line through the first one and the one farthest from it."""
    away = ring - ring[0]
    far = away[np.argmax((away**2).sum(axis=1))]
    across = np.abs(away[:, 0] * far[1] - away[:, 1] * far[0])
    return bool(across.max() <= 1e-9 * (far**2).sum())


def rectangles_of(inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(R, 4): the runs of pixels in each row; rows that follow each other and are alike share theirs."""
    if not inside.size:
        return np.empty((0, 4), np.int64)
    first = np.flatnonzero(np.append(True, (inside[1:] != inside[:-1]).any(axis=1)))
    last = np.append(first[1:], len(inside))
    steps = np.diff(np.pad(inside[first], ((0, 0), (1, 1))).astype(np.int8), axis=1)
    (group, start), (_, end) = np.nonzero(steps == 1), np.nonzero(steps == -1)
    return np.stack([start, first[group], end, last[group]], axis=1)
