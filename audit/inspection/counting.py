"""How often each quantity tells the label, and which of these hold when all of them are looked at together."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.holm import holm, holm_level
from audit.inspection.chance import Tally, critical, tally
from audit.inspection.findings import ClassShare, Finding, Quantity
from audit.inspection.neighbours import Ints, neighbours

LEVEL = 0.05
"""Chance of any false alarm: half of it for all classes together, half for single ones, each by Holm."""
FEWEST_OF_CLASS = 10
"""Members of a class that is looked at on its own."""
SEED = 0


class Counted(NamedTuple):
    """One quantity, before the others are known."""

    descriptor: str
    quantity: Quantity
    pooled: Tally
    classes: tuple[tuple[str, Tally], ...]
    """Those with members enough."""


def counted(
    key: tuple[str, Quantity],
    values: NDArray[np.float32],
    label: Ints,
    group: Ints,
    words: Sequence[str],
    k: int,
) -> Counted:
    pooled, of_class = tally(neighbours(values, group, k, SEED), label, group, len(words), SEED)
    classes = [(word, one) for word, one in zip(words, of_class, strict=True) if one.n >= FEWEST_OF_CLASS]
    return Counted(*key, pooled, tuple(classes))


def findings(entries: Sequence[Counted]) -> tuple[Finding, ...]:
    pooled = [entry.pooled for entry in entries]
    p = [one.p for one in pooled]
    limits = [critical(level, one) for level, one in zip(holm_level(p, LEVEL / 2).tolist(), pooled, strict=True)]
    columns = zip(entries, limits, holm(p).tolist(), _classes(entries), strict=True)
    return tuple(sorted((_finding(*row) for row in columns), key=lambda finding: (not finding.telling, -finding.told)))


def _finding(entry: Counted, limit: float | None, p: float, classes: tuple[ClassShare, ...]) -> Finding:
    return Finding(
        descriptor=entry.descriptor,
        quantity=entry.quantity,
        share=entry.pooled.share,
        chance=entry.pooled.chance,
        critical=limit,
        p=p,
        n=entry.pooled.n,
        classes=classes,
        pooled=p <= LEVEL / 2,
    )


def _classes(entries: Sequence[Counted]) -> list[tuple[ClassShare, ...]]:
    """The classes that each quantity tells from the rest, the best told first."""
    single = [(at, word, one) for at, entry in enumerate(entries) for word, one in entry.classes]
    told: list[list[ClassShare]] = [[] for _ in entries]
    for (at, word, one), p in zip(single, holm([one.p for _, _, one in single]), strict=True):
        if p <= LEVEL / 2:
            told[at].append(ClassShare(word, one.share, one.chance, one.n))
    return [tuple(sorted(shares, key=lambda one: one.chance - one.share)) for shares in told]
