"""How often neighbours share a label by chance, and how unlikely what was seen is.

Neighbours are no independent draws: two pictures that are each other's nearest are right or wrong together, and one
picture may be the neighbour of many. The variance of the count under labels dealt out anew follows from the graph of
neighbours alone (as in Schilling 1986, Henze 1988, for two samples); the count is held against a binomial of that
variance, whose n is what the pictures are worth.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc

from audit.inspection.neighbours import Edges, Floats, Ints


class Tally(NamedTuple):
    """What the neighbours say of the label, over all classes (pooled) or for members of one."""

    share: float
    """Of the neighbours, those that bear the label."""
    chance: float
    worth: float
    """Independent draws that vary as much by chance; 0 where nothing can be said."""
    n: int

    @property
    def p(self) -> float:
        """Probability of such a share or a larger one, by chance."""
        return float(tail(self.share, self.worth, self.chance))


class Graph(NamedTuple):
    """Sums over the weighted edges between units, without direction: what the variance needs."""

    total: float
    squares: float
    degrees: float
    """The sum of the squared degrees."""


def tally(edges: Edges, label: Ints, group: Ints, classes: int) -> tuple[Tally, list[Tally]]:
    """Pooled, and of each class. label, group: (n,), of all pictures that have the quantity.

    A unit is what a group has of one label: its members count as one. Chance is what a neighbour that is drawn from
    outside the picture's group would do.
    """
    _, first, unit = np.unique(group * classes + label, return_index=True, return_inverse=True)
    units = np.bincount(label[first], minlength=classes)
    graph = _graph(unit[edges.source], unit[edges.target], edges.weight)
    same = edges.weight * (label[edges.source] == label[edges.target])
    asked = np.unique(edges.source)
    right = np.bincount(label[edges.source], weights=same, minlength=classes)
    count = np.bincount(label[asked], minlength=classes)
    drawn = np.bincount(label[asked], weights=_allowed(label, group, classes)[asked], minlength=classes)
    within, everything = _variances(graph, units.astype(np.float64))
    of_class = [_tally(*row) for row in zip(right, drawn, count, within, strict=True)]
    return _tally(right.sum(), drawn.sum(), int(count.sum()), everything), of_class


def _tally(right: float, drawn: float, count: int, variance: float) -> Tally:
    if not count:
        return Tally(0.0, 1.0, 0.0, 0)
    share, chance = float(right / count), min(1.0, float(drawn / count))
    worth = chance * (1 - chance) * count**2 / variance if variance > 0 else 0.0
    return Tally(share, chance, float(worth), int(count))


def _allowed(label: Ints, group: Ints, classes: int) -> Floats:
    """(n,): the share of a picture's label among the pictures outside its group."""
    _, member = np.unique(group, return_inverse=True)
    sizes = np.bincount(member)[member]
    _, unit = np.unique(group * classes + label, return_inverse=True)
    own = np.bincount(unit)[unit]
    same = np.bincount(label, minlength=classes)[label]
    return np.asarray((same - own) / np.maximum(len(label) - sizes, 1), dtype=np.float64)


def _graph(source: Ints, target: Ints, weight: Floats) -> Graph:
    low, high = np.minimum(source, target), np.maximum(source, target)
    units = int(high.max(initial=0)) + 1
    _, pair = np.unique(low * units + high, return_inverse=True)
    between = np.bincount(pair, weights=weight)
    degree = np.bincount(low, weights=weight, minlength=units) + np.bincount(high, weights=weight, minlength=units)
    return Graph(float(weight.sum()), float((between**2).sum()), float((degree**2).sum()))


def _variances(graph: Graph, sizes: Floats) -> tuple[Floats, float]:
    """Of the weight of edges within each class and within all, over all ways to deal the labels to the units.

    sizes: (classes,) units of each. Two edges have one, two or no unit in common; each case has its own probability
    that both lie within classes.
    """
    n = sizes.sum()
    if n < 4:
        return np.zeros(len(sizes)), 0.0
    shared_two = graph.squares
    shared_one = graph.degrees - 2 * graph.squares
    shared_none = graph.total**2 - graph.degrees + graph.squares
    two, three, four = (_falling(sizes, k) / _falling(n, k) for k in (2, 3, 4))
    pairs = _falling(sizes, 2)
    in_two_classes = (pairs.sum() ** 2 - (pairs**2).sum()) / _falling(n, 4)
    each = shared_two * two + shared_one * three + shared_none * four - (graph.total * two) ** 2
    every = shared_two * two.sum() + shared_one * three.sum() + shared_none * (four.sum() + in_two_classes)
    return np.maximum(each, 0), float(max(0.0, every - (graph.total * two.sum()) ** 2))


def _falling(n: ArrayLike, k: int) -> Floats:
    """n (n - 1) ... (n - k + 1)."""
    values = np.asarray(n, dtype=np.float64)
    return np.asarray(np.maximum(values[..., None] - np.arange(k), 0).prod(axis=-1), dtype=np.float64)


def tail(share: ArrayLike, worth: ArrayLike, chance: ArrayLike) -> Floats:
    """P(a binomial share or larger) of `worth` draws, which need not be whole: the incomplete beta function."""
    s, n, p = (np.asarray(value, dtype=np.float64) for value in (share, worth, chance))
    k = s * n
    usual = betainc(np.maximum(k, 1e-12), np.maximum(n - k, 0) + 1, np.clip(p, 0, 1))
    return np.where((k > 0) & (p < 1), usual, 1.0)


def critical(level: Floats, worth: Floats, chance: Floats) -> Floats:
    """(m,): the smallest shares whose `tail` is within these levels; NaN where not even 1 is."""
    low, high = np.zeros_like(level), np.ones_like(level)
    for _ in range(40):
        middle = (low + high) / 2
        within = tail(middle, worth, chance) <= level
        low, high = np.where(within, low, middle), np.where(within, middle, high)
    return np.where(tail(np.ones_like(level), worth, chance) <= level, high, np.nan)
