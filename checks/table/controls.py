"""What controls and searches left in the record: randomised maps, the planted cue, cues that pictures share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.bounds import MOST_DRAWN
from audit.record.map_readers import Cascade
from audit.record.planted_copies import copy_name
from audit.record.schema import CueRow
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
        return copy_name(detector, share)


def stages_by_method(cascade: Cascade) -> dict[str, tuple[Stage, ...]]:
    """The record's randomised maps: the stages in their order, by method."""
    if not len(cascade.stage):
        return {}
    stages: dict[str, tuple[Stage, ...]] = {}
    for start, end in runs(cascade.method, cascade.stage):
        method, layers = str(cascade.method[start]), str(cascade.layers[start])
        stages[method] = (*stages.get(method, ()), Stage(layers, cascade.similarity[start:end]))
    return stages


def cues_of(rows: Sequence[CueRow]) -> tuple[Cue, ...]:
    """The record's candidates."""
    return tuple(map(_cue, rows))


def _cue(row: CueRow) -> Cue:
    x0, y0, x1, y1 = np.array([row.x0, row.y0, row.x1, row.y1], dtype=np.float64).tolist()
    return Cue(
        id=row.id,
        class_index=row.class_index,
        kind=row.kind,
        box=None if np.isnan([x0, y0, x1, y1]).any() else (x0, y0, x1, y1),
        side=float(row.side),
        seen_in=int(row.seen_in),
        pictures=int(row.pictures),
    )


def read_planted(identity: Mapping[str, Any]) -> Planted | None:
    """The entry 'planted_cue' of the record's identity. Raises KeyError, TypeError or ValueError where it is broken."""
    stated = identity.get("planted_cue")
    if stated is None:
        return None
    x0, y0, x1, y1 = map(float, stated["mark"])
    if len(stated["lambdas"]) > MOST_DRAWN + 1001:  # those of the settings, and thousandths between them
        raise ValueError(f"{len(stated['lambdas']):,} lambdas")
    return Planted(
        detectors=tuple(map(str, stated["detectors"])),
        lambdas=tuple(sorted(map(float, stated["lambdas"]))),
        strength=float(stated["strength"]),
        mark=(x0, y0, x1, y1),
        pictures=int(stated["pictures"]),
    )
