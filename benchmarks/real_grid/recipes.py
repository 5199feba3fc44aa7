"""Which heads are made of one kind of cue, and how strong the cue is in each."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.real_grid.heads import Head, Ints, blend, fit, reliance

PENALTY, OTHER_PENALTY = 0.01, 0.1
SHARES = np.linspace(0, 1, 101)
TARGETS = (0.25, 0.07, 0.50, 0.03, 0.14, 0.015, 0.045)
HONEST = ("another penalty", "half of the photographs", "cue decorrelated")
ORDER = ("0.25", HONEST[0], "0.07", "0.5", "0.03", HONEST[1], "0.14", "0.015", HONEST[2], "0.045")
"""Of all heads, so that the first few are of every sort: reliances to aim at, and kinds of honesty."""


class Features(NamedTuple):
    """Of the photographs on which heads are fitted."""

    clean: NDArray[np.float32]
    """(n, D), without a cue."""
    cued: NDArray[np.float32]
    """(V, n, D), with each value of the cue."""
    labels: Ints

    def some(self, chosen: NDArray[np.bool_]) -> "Features":
        return Features(self.clean[chosen], self.cued[:, chosen], self.labels[chosen])


class Recipe(NamedTuple):
    """One head, and the share of the cue in it."""

    name: str
    share: float
    head: Head


def heads(trained: Features, of_class: tuple[int, ...], count: int) -> list[Recipe]:
    """The first `count` heads. Only photographs to train on are looked at, also to choose the cue's share."""
    object_head, cue_head = _pair(trained, of_class)
    lost = _foreseen(trained, of_class)
    made = []
    for name in ORDER[:count]:
        if name in HONEST:
            made.append(Recipe(name, 0.0, _honest(name, trained, len(of_class))))
        else:
            share = share_for(float(name), lost)
            made.append(Recipe(name, share, blend(object_head, cue_head, share)))
    return made


def _pair(trained: Features, of_class: tuple[int, ...]) -> tuple[Head, Head]:
    """The head for the object, from clean photographs, and that for the cue, from all values on every photograph."""
    values, n, size = trained.cued.shape
    of_cue = fit(trained.cued.reshape(-1, size), np.repeat(np.arange(values), n), values, PENALTY)
    value = np.array(of_class)
    return fit(trained.clean, trained.labels, len(of_class), PENALTY), Head(of_cue.weight[value], of_cue.bias[value])


def _honest(name: str, trained: Features, classes: int) -> Head:
    values, _, size = trained.cued.shape
    match name:
        case "another penalty":
            return fit(trained.clean, trained.labels, classes, OTHER_PENALTY)
        case "half of the photographs":
            half = trained.some(_halves(trained.labels))
            return fit(half.clean, half.labels, classes, PENALTY)
    return fit(trained.cued.reshape(-1, size), np.tile(trained.labels, values), classes, PENALTY)


def _halves(labels: Ints) -> NDArray[np.bool_]:
    """Every other photograph of each class."""
    chosen = np.zeros(len(labels), dtype=bool)
    for number in np.unique(labels):
        chosen[np.flatnonzero(labels == number)[::2]] = True
    return chosen


def _foreseen(trained: Features, of_class: tuple[int, ...]) -> NDArray[np.float64]:
    """The reliance by each of the `SHARES`: fitted on one half, measured on the other, and the other way round."""
    half = _halves(trained.labels)
    lost = []
    for fitted, asked in ((half, ~half), (~half, half)):
        pair, others = _pair(trained.some(fitted), of_class), trained.some(asked)
        blends = (blend(*pair, float(share)) for share in SHARES)
        lost.append([reliance(head, others.cued, others.labels, of_class).lost for head in blends])
    return np.asarray(np.mean(lost, axis=0))


def share_for(target: float, lost: NDArray[np.float64]) -> float:
    """The smallest share from which on so much is lost by `lost`, which has one reliance for each of the `SHARES`.

    Where it is never so much: the share with the most.
    """
    reached = np.flatnonzero(np.maximum.accumulate(lost) >= target)
    return float(SHARES[reached[0] if len(reached) else int(lost.argmax())])
