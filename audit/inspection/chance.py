"""How often neighbours share a label by chance, and how unlikely what was seen is.

Neighbours are no independent draws: two pictures that are each other's nearest are right or wrong together, one picture
may be the neighbour of many, and each has several. So no binomial of n draws holds. Labels dealt out anew to the same
graph of neighbours say what chance does: mean and variance follow from the graph (as in Schilling 1986 and Henze 1988
for two samples), the skewness is seen in some hundred deals, and a gamma distribution has these three (Pearson III).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaincc, gammainccinv, gammaln, ndtr, ndtri

from audit.inspection.neighbours import Edges, Floats, Ints

DEALS = 500
_MOST_DEALT = 500_000
"""Edges in the deals that are looked at together."""
WORTH_DEALING = 0.02
"""Only where the p without skewness is at most this are labels dealt out: it cannot come to tell otherwise."""
_STRAIGHT = 1e-3
"""Skewness below which the normal distribution will do."""


class Tally(NamedTuple):
    """What the neighbours say of the label, over all classes (pooled) or for members of one."""

    share: float
    """Of the neighbours, those that bear the label."""
    chance: float
    deviation: float
    """Of the share, by chance; 0 where nothing can be said."""
    skewness: float
    floor: float
    """The smallest p there can be: labels can be dealt in so many ways only."""
    n: int

    @property
    def p(self) -> float:
        """Probability of such a share or a larger one, by chance."""
        if not self.deviation > 0:
            return 1.0
        return max(self.floor, float(tail((self.share - self.chance) / self.deviation, self.skewness)))


class Graph(NamedTuple):
    """Weighted edges between units, without direction, and the sums that the variance needs."""

    low: Ints
    high: Ints
    weight: Floats
    total: float
    squares: float
    degrees: float
    """The sum of the squared degrees."""


def tally(edges: Edges, label: Ints, group: Ints, classes: int, seed: int) -> tuple[Tally, list[Tally]]:
    """Pooled, and of each class. label, group: (n,), of all pictures that have the quantity.

    A unit is what a group has of one label: its members count as one. Chance is what a neighbour that is drawn from
    outside the picture's group would do.
    """
    _, first, unit = np.unique(group * classes + label, return_index=True, return_inverse=True)
    graph, dealt = _graph(unit[edges.source], unit[edges.target], edges.weight), label[first]
    same = edges.weight * (label[edges.source] == label[edges.target])
    asked = np.unique(edges.source)
    right = np.bincount(label[edges.source], weights=same, minlength=classes)
    count = np.bincount(label[asked], minlength=classes)
    drawn = np.bincount(label[asked], weights=_allowed(label, group, classes)[asked], minlength=classes)
    # all classes together come last
    right, count, drawn = (np.append(values, values.sum()) for values in (right, count, drawn))
    share, chance = (values / np.maximum(count, 1) for values in (right, drawn))
    sizes = np.bincount(dealt, minlength=classes)
    deviation = np.sqrt(_variances(graph, sizes.astype(np.float64))) / np.maximum(count, 1)
    columns = share, chance, deviation, np.zeros(classes + 1), np.exp(_log_floors(sizes)), count
    tallies = [Tally(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
    if min(one.p for one in tallies) <= WORTH_DEALING:
        skewness = np.maximum(0, _skewness(graph, dealt, classes, seed)).tolist()
        tallies = [one._replace(skewness=value) for one, value in zip(tallies, skewness, strict=True)]
    return tallies[-1], tallies[:-1]


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
    pairs, pair = np.unique(low * units + high, return_inverse=True)
    between = np.bincount(pair, weights=weight, minlength=len(pairs)).astype(np.float64)
    degree = np.bincount(low, weights=weight, minlength=units) + np.bincount(high, weights=weight, minlength=units)
    squares, degrees = float((between**2).sum()), float((degree**2).sum())
    return Graph(pairs // units, pairs % units, between, float(weight.sum()), squares, degrees)


def _variances(graph: Graph, sizes: Floats) -> Floats:
    """(classes + 1,) of the weight of edges within each class, and within any, over all ways to deal the labels.

    sizes: (classes,) units of each. Two edges have one, two or no unit in common; each case has its own probability
    that both lie within classes.
    """
    n = sizes.sum()
    if n < 4:
        return np.zeros(len(sizes) + 1)
    shared_two = graph.squares
    shared_one = graph.degrees - 2 * graph.squares
    shared_none = graph.total**2 - graph.degrees + graph.squares
    two, three, four = (_falling(sizes, k) / _falling(n, k) for k in (2, 3, 4))
    pairs = _falling(sizes, 2)
    in_two_classes = (pairs.sum() ** 2 - (pairs**2).sum()) / _falling(n, 4)
    two, three = np.append(two, two.sum()), np.append(three, three.sum())
    four = np.append(four, four.sum() + in_two_classes)
    second = shared_two * two + shared_one * three + shared_none * four
    return np.asarray(np.maximum(second - (graph.total * two) ** 2, 0), dtype=np.float64)


def _falling(n: ArrayLike, k: int) -> Floats:
    """n (n - 1) ... (n - k + 1)."""
    values = np.asarray(n, dtype=np.float64)
    return np.asarray(np.maximum(values[..., None] - np.arange(k), 0).prod(axis=-1), dtype=np.float64)


def _skewness(graph: Graph, dealt: Ints, classes: int, seed: int) -> Floats:
    """(classes + 1,) of the same weights, in `DEALS` deals of the units' labels."""
    rng, weights = np.random.default_rng(seed), np.empty((DEALS, classes + 1))
    together = int(np.clip(_MOST_DEALT // max(len(graph.weight), 1), 1, DEALS))
    for start in range(0, DEALS, together):
        deals = min(together, DEALS - start)
        label = rng.permuted(np.tile(dealt, (deals, 1)), axis=1)
        low = label[:, graph.low]
        deal, edge = (low == label[:, graph.high]).nonzero()
        sums = np.bincount(deal * classes + low[deal, edge], graph.weight[edge], minlength=deals * classes)
        weights[start : start + deals, :-1] = sums.reshape(deals, classes)
    weights[:, -1] = weights[:, :-1].sum(axis=1)
    apart = weights - weights.mean(axis=0)
    spread = np.sqrt((apart**2).mean(axis=0))
    return np.asarray((apart**3).mean(axis=0) / np.where(spread > 0, spread, 1) ** 3, dtype=np.float64)


def _log_floors(sizes: Ints) -> Floats:
    """(classes + 1,): of one over the ways to deal each class against the rest, and all of them.

    Classes of one size can change places, which alters nothing of what all together show.
    """
    n, alike = sizes.sum(), np.bincount(sizes)[1:]
    single = -(gammaln(n + 1) - gammaln(sizes + 1) - gammaln(n - sizes + 1))
    return np.append(single, gammaln(sizes + 1).sum() + gammaln(alike + 1).sum() - gammaln(n + 1))


def tail(z: ArrayLike, skewness: ArrayLike) -> Floats:
    """P(so many deviations over the mean, or more) of a gamma distribution with this skewness (Pearson III)."""
    x, skew = np.asarray(z, dtype=np.float64), np.asarray(skewness, dtype=np.float64)
    shape = 4 / np.maximum(skew, _STRAIGHT) ** 2
    gamma = gammaincc(shape, np.maximum(shape + x * np.sqrt(shape), 0))
    return np.where(skew > _STRAIGHT, gamma, ndtr(-x))


def critical(level: float, one: Tally) -> float | None:
    """The smallest share whose p is within the level; None where not even 1 is."""
    if not (one.deviation > 0 and one.floor <= level):
        return None
    shape = 4 / max(one.skewness, _STRAIGHT) ** 2
    gamma = (gammainccinv(shape, level) - shape) / np.sqrt(shape)
    share = one.chance + one.deviation * float(gamma if one.skewness > _STRAIGHT else ndtri(1 - level))
    return share if share <= 1 else None
