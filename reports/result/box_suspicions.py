"""Which boxes look like a mistake, and why: each suspicion is a reason to look, not a fault."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from checks.table.evidence import Floats
from reports.result.box_table import Boxes
from reports.wording.phrases import percent

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

_SPREADS = {"size": 0.1, "aspect": 0.1, "x": 0.02, "y": 0.02}
"""Least spread by which a deviation is measured, so that boxes drawn all alike do not make a pixel an outlier."""
_MORE = {"size": ("larger", "smaller"), "aspect": ("wider", "taller"), "x": ("right", "left"), "y": ("lower", "higher")}


class Suspicion(NamedTuple):
    """One kind of suspicion, with every box that it falls on."""

    title: str
    about: str
    noun: str
    """What is counted: 'box', 'pair' or 'picture'."""
    rows: NDArray[np.int64]
    """Boxes, the most suspicious first."""
    reasons: Sequence[str]
    """One for each of these boxes."""


def suspicions(boxes: Boxes) -> tuple[Suspicion, ...]:
    """Every kind of suspicion, also those that fall on no box."""
    return (_tiny(boxes), _full(boxes), _border(boxes), *_twice(boxes), _several(boxes), _unlike(boxes))


def _tiny(boxes: Boxes) -> Suspicion:
    rows = _lowest(boxes.share, boxes.share < TINY)
    about = f"Under {100 * TINY:g} % of the picture. Little is left of them in the network’s input."
    return Suspicion("Tiny boxes", about, "box", rows, [_of_picture(boxes.share[i]) for i in rows])


def _full(boxes: Boxes) -> Suspicion:
    rows = _lowest(-boxes.share, boxes.share > FULL)
    about = f"Over {100 * FULL:g} % of the picture. Hardly anything lies outside to compare with."
    return Suspicion("Boxes that fill the picture", about, "box", rows, [_of_picture(boxes.share[i]) for i in rows])


def _border(boxes: Boxes) -> Suspicion:
    beyond = np.concatenate([boxes.corners[:, :2], boxes.picture - boxes.corners[:, 2:]], axis=1)
    touches = np.asarray(beyond <= EDGE)
    sides = ("left", "top", "right", "bottom")
    rows = _lowest(-touches.sum(axis=1).astype(float), np.asarray(touches.any(axis=1)))
    about = "The object may extend beyond the picture, or the box was cut to fit."
    reasons = ["touches " + ", ".join(side for side, at in zip(sides, touches[i], strict=True) if at) for i in rows]
    return Suspicion("Boxes that touch the border", about, "box", rows, reasons)


def _twice(boxes: Boxes) -> tuple[Suspicion, Suspicion]:
    """Pairs on one picture that overlap almost completely: of one label, and of two."""
    pairs = sorted(_pairs(boxes), key=lambda pair: (-pair[2], pair[0], pair[1]))
    shared = f"On one picture two boxes have {100 * SAME:g} % of their area in common and carry"

    def of(alike: bool, title: str, about: str) -> Suspicion:
        chosen = [(i, j, overlap) for i, j, overlap in pairs if (boxes.label[i] == boxes.label[j]) is alike]
        rows = np.array([j for _, j, _ in chosen], dtype=np.int64)
        reasons = [f"{100 * overlap:.0f} % in common with no. {boxes.sample[i]}" for i, _, overlap in chosen]
        return Suspicion(title, f"{shared} {about}", "pair", rows, reasons)

    return (
        of(True, "Boxes drawn twice", "the same label: one object may count twice."),
        of(False, "One object under two labels", "different labels: one of the two is wrong, or both are right."),
    )


def _pairs(boxes: Boxes) -> Iterator[tuple[int, int, float]]:
    for rows in _by_file(boxes):
        one, other = np.triu_indices(len(rows), 1)
        a, b = boxes.corners[rows[one]], boxes.corners[rows[other]]
        inner = np.clip(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0, None).prod(axis=1)
        whole = boxes.size[rows[one]].prod(axis=1) + boxes.size[rows[other]].prod(axis=1) - inner
        overlap = inner / whole
        for k in np.flatnonzero(overlap >= SAME).tolist():
            yield int(rows[one[k]]), int(rows[other[k]]), float(overlap[k])


def _several(boxes: Boxes) -> Suspicion:
    """One box for each picture that is audited under several labels."""
    labels_by_row = [(int(rows[0]), sorted(set(boxes.label[rows].tolist()))) for rows in _by_file(boxes)]
    several = [(row, labels) for row, labels in labels_by_row if len(labels) > 1]
    several.sort(key=lambda entry: (-len(entry[1]), entry[0]))
    about = "Each is audited once for each label. For one label, the object of the other is background."
    rows = np.array([row for row, _ in several], dtype=np.int64)
    reasons = [", ".join(labels) for _, labels in several]
    return Suspicion("Pictures with several labels", about, "picture", rows, reasons)


def _by_file(boxes: Boxes) -> Iterator[NDArray[np.int64]]:
    """The boxes of each picture that has more than one."""
    _, file, counts = np.unique(boxes.file, return_inverse=True, return_counts=True)
    order = np.argsort(file, kind="stable")
    for rows in np.split(order, np.cumsum(counts)[:-1]):
        if len(rows) > 1:
            yield rows


def _unlike(boxes: Boxes) -> Suspicion:
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
    reasons = [f"{_MORE[names[worst[i]]][int(score[i] < 0)]}: {abs(score[i]):.1f} spreads off" for i in rows]
    about = (
        f"Size, shape or place is more than {UNLIKE:g} robust spreads from the median of the class (modified z-score);"
        f" classes with fewer than {FEWEST} boxes are left out."
    )
    return Suspicion("Boxes unlike their class", about, "box", rows, reasons)


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
