"""What controls and searches left in the record: randomised maps, the planted cue, cues that pictures share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.record.record import Record
from checks.table.answers import runs

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Stage:
    """Maps of a network whose last layers, down to here, are randomised, against those of the network itself."""

    layers: str
    similarity: Floats
    """(k,) for the pictures that were drawn, NaN where a map was dead."""


@dataclass(frozen=True)
class Cue:
    """A candidate: something outside the boxes on which the maps of a class agree."""

    id: int
    class_index: int
    kind: str
    """'place' or 'appearance'."""
    box: tuple[float, float, float, float] | None
    """x0, y0, x1, y1 as shares of the frame; None where it has no place."""
    side: float
    """Size of the window around it as a share of the frame's side."""
    seen_in: int
    pictures: int
    """Pictures of the class, among which it was seen in `seen_in`."""


@dataclass(frozen=True)
class Planted:
    """The positive control: copies of the network, on pictures with a mark, that were made to rely on it."""

    detectors: tuple[str, ...]
    lambdas: tuple[float, ...]
    """Shares of the evidence that the mark carries, rising."""
    strength: float
    mark: tuple[float, float, float, float]
    """x0, y0, x1, y1 in the frame."""
    pictures: int

    def subject(self, detector: str, share: float) -> str:
        """The name of one copy in the record."""
        return f"{detector} {share:.2f}"


def read_cascade(record: Record) -> dict[str, tuple[Stage, ...]]:
    """The table `cascade`: the stages in their order, by method."""
    found = record.columns("SELECT method, stage, layers, similarity FROM cascade ORDER BY method, stage, sample")
    if not len(found["stage"]):
        return {}
    similarity = found["similarity"].astype(np.float64)
    cascade: dict[str, tuple[Stage, ...]] = {}
    for start, end in runs(found["method"], found["stage"]):
        name = str(found["method"][start])
        cascade[name] = (*cascade.get(name, ()), Stage(str(found["layers"][start]), similarity[start:end]))
    return cascade


def read_cues(record: Record) -> tuple[Cue, ...]:
    """The table `cue`, by number."""
    found = record.columns("SELECT id, class, kind, x0, y0, x1, y1, side, seen_in, pictures FROM cue ORDER BY id")
    rows = zip(*(column.tolist() for column in found.values()), strict=True)
    return tuple(
        Cue(int(i), int(c), str(kind), None if np.isnan(box).any() else tuple(box), float(side), int(seen), int(n))
        for i, c, kind, *box, side, seen, n in rows
    )


def read_planted(identity: Mapping[str, Any]) -> Planted | None:
    """The entry 'planted_cue' of the record's identity. Raises KeyError, TypeError or ValueError where it is broken."""
    stated = identity.get("planted_cue")
    if stated is None:
        return None
    x0, y0, x1, y1 = map(float, stated["mark"])
    return Planted(
        detectors=tuple(map(str, stated["detectors"])),
        lambdas=tuple(sorted(map(float, stated["lambdas"]))),
        strength=float(stated["strength"]),
        mark=(x0, y0, x1, y1),
        pictures=int(stated["pictures"]),
    )
