"""The boxes themselves: how large, where, of which shape, and which of them look like a mistake.

What an audit of a network takes for the object is what somebody drew. Each suspicion is a reason to look, not a fault.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from checks.words import percent
from markupsafe import Markup
from numpy.typing import NDArray

from audit.record.record import Record
from checks.table.evidence import Floats
from reports.charts import boxes as label_charts

TINY, FULL = 0.005, 0.8
"""Shares of the picture. 0.005 is about 16 x 16 of 224 x 224 pixels, one patch of a usual vision transformer."""
EDGE = 0.5
"""Pixels between a box and the border at which it touches."""
SAME = 0.9
"""Overlap (intersection over union) from which on two boxes are one object drawn twice."""
UNLIKE = 3.5
"""Modified z-score of an outlier (Iglewicz and Hoaglin, 1993)."""
FEWEST = 10
"""Boxes of a class from which on one of them can be unlike the others."""
MOST_SHOWN, MOST_NAMED = 6, 60

_SPREADS = {"size": 0.1, "aspect": 0.1, "x": 0.02, "y": 0.02}
"""Least spread by which a deviation is measured, so that boxes drawn all alike do not make a pixel an outlier."""
_MORE = {"size": ("larger", "smaller"), "aspect": ("wider", "taller"), "x": ("right", "left"), "y": ("lower", "higher")}
_PLURALS = {"box": "boxes", "pair": "pairs", "picture": "pictures"}


@dataclass(frozen=True, eq=False)
class Boxes:
    """Arrays over the n boxes of the measured samples."""

    sample: NDArray[np.int64]
    file: NDArray[Any]
    """SHA-256 of the picture's file."""
    label: NDArray[Any]
    corners: Floats
    """(n, 4) pixels of the picture: left, top, right, bottom."""
    picture: Floats
    """(n, 2) width and height of the picture."""

    @cached_property
    def size(self) -> Floats:
        """(n, 2) width and height."""
        return np.asarray(self.corners[:, 2:] - self.corners[:, :2])

    @cached_property
    def share(self) -> Floats:
        """Of the picture's area."""
        return np.asarray(self.size.prod(axis=1) / self.picture.prod(axis=1))

    @cached_property
    def aspect(self) -> Floats:
        """Width by height."""
        return np.asarray(self.size[:, 0] / self.size[:, 1])

    @cached_property
    def centre(self) -> Floats:
        """(n, 2) as shares of the picture's width and height."""
        return np.asarray((self.corners[:, :2] + self.corners[:, 2:]) / 2 / self.picture)


class Suspect(NamedTuple):
    """One sample with a suspicious box."""

    sample: int
    image: str
    label: str
    boxes: tuple[tuple[float, float, float, float], ...]
    """In the frame of the network's input."""
    said: str


class Suspicion(NamedTuple):
    """One kind of suspicious boxes."""

    title: str
    about: str
    found: int
    counted: str
    """With what is counted: '2 boxes'."""
    shown: tuple[Suspect, ...]
    """The most suspicious first."""
    named: tuple[Suspect, ...]
    rest: int
    """Of the samples, those neither shown nor named."""


class Spread(NamedTuple):
    """One quantity of the boxes: its low end (5 %), its median, its high end (95 %)."""

    quantity: str
    kind: str
    low: float
    median: float
    high: float


@dataclass(frozen=True)
class LabelAudit:
    """What the page says of the boxes."""

    boxes: int
    pictures: int
    spreads: tuple[Spread, ...]
    charts: tuple[tuple[str, Markup], ...]
    suspicions: tuple[Suspicion, ...]


class Kind(NamedTuple):
    """One kind of suspicion, with every box that it falls on."""

    title: str
    about: str
    noun: str
    rows: NDArray[np.int64]
    """Boxes, the most suspicious first."""
    said: Sequence[str]
    """Of each."""


def label_audit(record: Record) -> LabelAudit | None:
    """The audit of the measured samples' boxes; None where there is none."""
    boxes = read_boxes(record)
    if not len(boxes.sample):
        return None
    found = kinds(boxes)
    told = {int(sample) for kind in found for sample in boxes.sample[kind.rows].tolist()}
    rows = _samples(record, told)
    return LabelAudit(
        boxes=len(boxes.sample),
        pictures=len(set(boxes.file.tolist())),
        spreads=spreads(boxes),
        charts=label_charts.drawn(boxes.share, boxes.centre, boxes.aspect),
        suspicions=tuple(_suspicion(kind, boxes, rows) for kind in found),
    )


def kinds(boxes: Boxes) -> tuple[Kind, ...]:
    """Every kind of suspicion, also those that fall on no box."""
    return (_tiny(boxes), _full(boxes), _border(boxes), *_twice(boxes), _several(boxes), _unlike(boxes))


def read_boxes(record: Record) -> Boxes:
    """The boxes of the measured samples, in the pixels of their pictures."""
    found = record.columns(
        "SELECT s.id, s.label, s.boxes, p.sha256, p.width, p.height"
        " FROM picture p JOIN sample s ON s.id = p.sample ORDER BY s.id"
    )
    each = [json.loads(text) for text in found["boxes"]]
    row = np.repeat(np.arange(len(each)), [len(boxes) for boxes in each])
    corners = np.array([box for boxes in each for box in boxes], dtype=float).reshape(-1, 4)
    picture = np.stack([found["width"], found["height"]], axis=-1).astype(float).reshape(-1, 2)
    return Boxes(found["id"][row].astype(np.int64), found["sha256"][row], found["label"][row], corners, picture[row])


def _tiny(boxes: Boxes) -> Kind:
    rows = _lowest(boxes.share, boxes.share < TINY)
    about = f"Under {100 * TINY:g} % of the picture. Little is left of them in the network’s input."
    return Kind("Tiny boxes", about, "box", rows, [_of_picture(boxes.share[i]) for i in rows])


def _full(boxes: Boxes) -> Kind:
    rows = _lowest(-boxes.share, boxes.share > FULL)
    about = f"Over {100 * FULL:g} % of the picture. Hardly anything is outside, so the two cannot be told apart."
    return Kind("Boxes that fill the picture", about, "box", rows, [_of_picture(boxes.share[i]) for i in rows])


def _border(boxes: Boxes) -> Kind:
    beyond = np.concatenate([boxes.corners[:, :2], boxes.picture - boxes.corners[:, 2:]], axis=1)
    touches = np.asarray(beyond <= EDGE)
    sides = ("left", "top", "right", "bottom")
    rows = _lowest(-touches.sum(axis=1).astype(float), np.asarray(touches.any(axis=1)))
    about = "The object may go on outside the picture, or the box was cut to fit."
    said = ["touches " + ", ".join(side for side, at in zip(sides, touches[i], strict=True) if at) for i in rows]
    return Kind("Boxes that touch the border", about, "box", rows, said)


def _twice(boxes: Boxes) -> tuple[Kind, Kind]:
    """Pairs on one picture that overlap nearly whole: of one label, and of two."""
    pairs = sorted(_pairs(boxes), key=lambda pair: (-pair[2], pair[0], pair[1]))
    found = []
    for alike, title, about in (
        (True, "Boxes drawn twice", "the same label: one object may count twice."),
        (False, "One object under two labels", "different labels: one of the two is wrong, or both are right."),
    ):
        chosen = [(i, j, overlap) for i, j, overlap in pairs if (boxes.label[i] == boxes.label[j]) is alike]
        rows = np.array([j for _, j, _ in chosen], dtype=np.int64)
        said = [f"{100 * overlap:.0f} % in common with no. {boxes.sample[i]}" for i, _, overlap in chosen]
        whole = f"On one picture two boxes have {100 * SAME:g} % of their area in common and bear {about}"
        found.append(Kind(title, whole, "pair", rows, said))
    return found[0], found[1]


def _pairs(boxes: Boxes) -> Iterator[tuple[int, int, float]]:
    for rows in _by_file(boxes):
        one, other = np.triu_indices(len(rows), 1)
        a, b = boxes.corners[rows[one]], boxes.corners[rows[other]]
        inner = np.clip(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0, None).prod(axis=1)
        whole = boxes.size[rows[one]].prod(axis=1) + boxes.size[rows[other]].prod(axis=1) - inner
        overlap = inner / whole
        for k in np.flatnonzero(overlap >= SAME).tolist():
            yield int(rows[one[k]]), int(rows[other[k]]), float(overlap[k])


def _several(boxes: Boxes) -> Kind:
    """One box for each picture that is audited under several labels."""
    found = [(rows[0], sorted(set(boxes.label[rows].tolist()))) for rows in _by_file(boxes)]
    several = [(int(row), labels) for row, labels in found if len(labels) > 1]
    several.sort(key=lambda entry: (-len(entry[1]), entry[0]))
    about = "Each is audited once for each label. To one label the object of the other is background."
    rows = np.array([row for row, _ in several], dtype=np.int64)
    return Kind("Pictures with several labels", about, "picture", rows, [", ".join(labels) for _, labels in several])


def _by_file(boxes: Boxes) -> Iterator[NDArray[np.int64]]:
    """The boxes of each picture that has more than one."""
    _, file, counts = np.unique(boxes.file, return_inverse=True, return_counts=True)
    order = np.argsort(file, kind="stable")
    for rows in np.split(order, np.cumsum(counts)[:-1]):
        if len(rows) > 1:
            yield rows


def _unlike(boxes: Boxes) -> Kind:
    """Far from the median of the class in size, shape or place."""
    values = {
        "size": np.log(boxes.share) / 2,
        "aspect": np.log(boxes.aspect),
        "x": boxes.centre[:, 0],
        "y": boxes.centre[:, 1],
    }
    scores = np.stack([_by_class(boxes.label, value, _SPREADS[name]) for name, value in values.items()])
    worst = np.abs(scores).argmax(axis=0)
    score = scores[worst, np.arange(scores.shape[1])]
    rows = _lowest(-np.abs(score), np.abs(score) > UNLIKE)
    names = list(values)
    said = [f"{_MORE[names[worst[i]]][int(score[i] < 0)]}: {abs(score[i]):.1f} spreads off" for i in rows]
    about = (
        f"Size, shape or place is more than {UNLIKE:g} robust spreads from the median of the class (modified z-score);"
        f" classes with fewer than {FEWEST} boxes are left out."
    )
    return Kind("Boxes unlike their class", about, "box", rows, said)


def _by_class(label: NDArray[Any], values: Floats, least: float) -> Floats:
    """(n,) modified z-scores within each class; 0 where the class is too small to have an ordinary box."""
    scores = np.zeros(len(values))
    for one in np.unique(label):
        members = label == one
        if members.sum() >= FEWEST:
            off = values[members] - np.median(values[members])
            scores[members] = off / max(float(np.median(np.abs(off))) / 0.6745, least)
    return scores


def _lowest(values: Floats, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Indices of those chosen, the lowest value first."""
    rows = np.flatnonzero(chosen)
    return np.asarray(rows[np.argsort(values[rows], kind="stable")])


def _of_picture(share: float) -> str:
    return f"{100 * share:.2g} % of the picture" if share < 0.01 else f"{percent(share)} of the picture"


def spreads(boxes: Boxes) -> tuple[Spread, ...]:
    """Size, shape and place of the boxes, in a few numbers."""
    quantities = (
        ("Share of the picture", "share", boxes.share),
        ("Width by height", "ratio", boxes.aspect),
        ("Centre, from the left", "share", boxes.centre[:, 0]),
        ("Centre, from the top", "share", boxes.centre[:, 1]),
    )
    return tuple(
        Spread(name, kind, *(float(q) for q in np.quantile(values, (0.05, 0.5, 0.95))))
        for name, kind, values in quantities
    )


def _samples(record: Record, wanted: set[int]) -> Mapping[int, tuple[str, str, str]]:
    """Picture's name, label and boxes in the frame, of the samples that are told of."""
    found = record.columns(
        "SELECT s.id, s.image, s.label, p.frame_boxes FROM picture p JOIN sample s ON s.id = p.sample"
    )
    rows = zip(*found.values(), strict=True)
    return {int(i): (image, label, frame) for i, image, label, frame in rows if int(i) in wanted}


def _suspicion(kind: Kind, boxes: Boxes, rows: Mapping[int, tuple[str, str, str]]) -> Suspicion:
    told: dict[int, Suspect] = {}
    for i, said in zip(kind.rows.tolist(), kind.said, strict=True):
        number = int(boxes.sample[i])
        if number not in told and len(told) < MOST_SHOWN + MOST_NAMED:
            image, label, frame = rows[number]
            told[number] = Suspect(number, image, label, tuple(map(tuple, json.loads(frame))), said)
    samples = len(set(boxes.sample[kind.rows].tolist()))
    suspects = tuple(told.values())
    return Suspicion(
        title=kind.title,
        about=kind.about,
        found=len(kind.rows),
        counted=f"{len(kind.rows):,} {kind.noun if len(kind.rows) == 1 else _PLURALS[kind.noun]}",
        shown=suspects[:MOST_SHOWN],
        named=suspects[MOST_SHOWN:],
        rest=samples - len(suspects),
    )
