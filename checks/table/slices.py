"""Slices, which are kinds of pictures: by a column of the metadata, or by box, class and answer."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from checks.table.domain_cells import placed
from checks.table.evidence import Evidence, Floats

MOST_VALUES = 50
"""Values of a column. One with more, as a file's time, names pictures rather than kinds of pictures."""
SMALL, LARGE = 0.02, 0.18
"""Shares of the frame: 32 and 96 pixels of a frame of 224, squared, between which COCO calls an object medium."""
LONG = 1.5
"""Ratio of the sides from which on a box is wide, or tall."""
OFF_CENTRE = 1 / 6
"""Share of the frame's side, from its centre: the middle third."""
UNSURE, SURE = 0.5, 0.9
"""Probability of the predicted class."""
UNSTATED = "not stated"

Names = NDArray[Any]


class Slice(NamedTuple):
    """The pictures with one value of a column."""

    column: str
    value: str
    here: NDArray[np.bool_]
    """(n,)."""

    @property
    def name(self) -> str:
        return f"{self.column}: {self.value}"


def columns(evidence: Evidence) -> tuple[str, ...]:
    """Names of all columns: the domain's parameters, the metadata's, those that are derived from box and answer."""
    parameters = [p.name for p in evidence.profile.domain if column_of(evidence, p.column) is not None]
    return tuple(dict.fromkeys((*parameters, *evidence.metadata, *_derived(evidence))))


def slices(evidence: Evidence, column: str) -> tuple[Slice, ...]:
    """One for each value, sorted; of a derived column all that there can be, empty ones too, in their order.

    Of a parameter of the profile's domain its cells, empty ones too, without what lies outside. It comes before the
    data's own column of the same name, and that before a derived one. Raises KeyError where there is none of them.
    """
    parameter = next((p for p in evidence.profile.domain if p.name == column), None)
    known = None if parameter is None else column_of(evidence, parameter.column)
    if parameter is not None and known is not None:
        cell = placed(parameter, known).cell
        return tuple(Slice(column, name, cell == at) for at, name in enumerate(parameter.cells))
    if column in evidence.metadata:
        names = stated(evidence.metadata[column])
        values = sorted(set(names.tolist()))
    elif column in _derived(evidence):
        kind = DERIVED[column]
        names = kind.of(evidence)
        values = list(kind.values) or sorted(set(names.tolist()))
    else:
        raise KeyError(column)
    return tuple(Slice(column, value, np.asarray(names == value, dtype=bool)) for value in values)


def column_of(evidence: Evidence, column: str) -> Names | None:
    """(n,) what a column of the metadata, or a derived one, says of each picture; None where there is none."""
    if column in evidence.metadata:
        return evidence.metadata[column]
    return DERIVED[column].of(evidence) if column in _derived(evidence) else None


def _derived(evidence: Evidence) -> list[str]:
    """The derived columns that the evidence allows."""
    return [name for name in DERIVED if evidence.box is not None or not name.startswith("box ")]


def stated(values: Names) -> Names:
    """(n,) a column of the metadata as it names slices: `UNSTATED` where a picture has no such entry."""
    return np.where(values == "", UNSTATED, values)


def is_derived(column: str) -> bool:
    """The column follows from box, class and answer, unless the data has one of the same name."""
    return column in DERIVED


class Derived(NamedTuple):
    of: Callable[[Evidence], Names]
    """(n,) values."""
    values: tuple[str, ...] = ()
    """All that there can be; empty where the data decide."""


def _cut(values: Floats, edges: tuple[float, float], names: tuple[str, ...]) -> Names:
    """(n,) the name of the part in which each value lies; the lower edge belongs to the part above it."""
    return np.array(names, dtype=object)[np.digitize(values, edges)]


def _sides(evidence: Evidence) -> tuple[Floats, Floats, Floats, Floats]:
    """x0, y0, x1, y1, each (n,)."""
    assert evidence.box is not None, "`columns` leaves boxes out where there are none"
    x0, y0, x1, y1 = evidence.box.T
    return x0, y0, x1, y1


def _position(evidence: Evidence) -> Names:
    x0, y0, x1, y1 = _sides(evidence)
    right, down = (x0 + x1) / 2 - 0.5, (y0 + y1) / 2 - 0.5
    side = np.where(right < 0, "left", "right")
    off = np.where(np.abs(down) > np.abs(right), np.where(down < 0, "top", "bottom"), side)
    return np.where(np.maximum(np.abs(right), np.abs(down)) <= OFF_CENTRE, "middle", off).astype(object)


def _aspect(evidence: Evidence) -> Names:
    x0, y0, x1, y1 = _sides(evidence)
    height, width = evidence.frame or (1, 1)
    ratio = (x1 - x0) * width / np.maximum((y1 - y0) * height, 1e-9)
    return _cut(ratio, (1 / LONG, LONG), ASPECTS)


SIZES = (f"under {SMALL:.0%}", f"{SMALL:.0%} to {LARGE:.0%}", f"over {LARGE:.0%}")
ASPECTS = ("tall", "about square", "wide")
CONFIDENCES = (f"under {UNSURE:.0%}", f"{UNSURE:.0%} to {SURE:.0%}", f"over {SURE:.0%}")
DERIVED: Mapping[str, Derived] = {
    "class": Derived(lambda evidence: evidence.label),
    "box size": Derived(lambda evidence: _cut(evidence.area_share, (SMALL, LARGE), SIZES), SIZES),
    "box position": Derived(_position, ("middle", "top", "bottom", "left", "right")),
    "box aspect": Derived(_aspect, ASPECTS),
    "confidence": Derived(
        lambda evidence: _cut(np.nan_to_num(evidence.confidence_of_prediction), (UNSURE, SURE), CONFIDENCES),
        CONFIDENCES,
    ),
    "prediction": Derived(
        lambda evidence: np.where(evidence.right, "right", "wrong").astype(object), ("right", "wrong")
    ),
}
