"""A stratified sample, drawn before the first picture is looked at, in which every unit stands the same chance.

Strata follow each other in a list, each in an order drawn with the seed, and every (N/n)-th unit is taken from a start
that is drawn too (Madow 1949). So each stratum has its share to within one unit, and the mean over the sample needs no
weights. Its spread is no larger than that of as many independent draws, for which the bounds are (Hoeffding 1956).
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import scipy

from audit.errors import AuditError, did_you_mean
from audit.hashing import picture_seed

CONFIDENCE = 0.95
LABEL = "label"
"""In the place of a column: the sample's label."""


class Unit(NamedTuple):
    """A sample, as far as the draw goes by it."""

    image: str
    label: str
    metadata: Mapping[str, Any]


class Stratum(NamedTuple):
    """Samples that agree in all columns of the strata."""

    values: tuple[str, ...]
    of: int
    drawn: int


class Sampled(NamedTuple):
    """A sample of the samples."""

    numbers: tuple[int, ...]
    """Rising."""
    of: int
    by: tuple[str, ...]
    strata: tuple[Stratum, ...]

    def recorded(self) -> dict[str, Any]:
        """For the record, before the first picture is loaded."""
        digest = hashlib.sha256(json.dumps(self.numbers).encode()).hexdigest()
        strata = [[list(one.values), one.of, one.drawn] for one in self.strata]
        return {"n": len(self.numbers), "of": self.of, "by": list(self.by), "strata": strata, "sha256": digest}


def sampled(units: Sequence[Unit], asked: Mapping[str, Any], seed: int) -> Sampled | None:
    """The sample that `data.sample` asks for; None where it is all there are.

    Raises AuditError where nothing has such a column. Which units are taken does not depend on their order.
    """
    n, by = wanted(asked), tuple(asked.get("by") or ())
    if n >= len(units):
        return None
    strata = [_stratum(unit, by) for unit in units]
    for column in by:
        if column != LABEL and not any(column in unit.metadata for unit in units):
            known = {LABEL, *(name for unit in units for name in unit.metadata)}
            raise AuditError("settings", f"data.sample.by = {column!r} is no column", did_you_mean(column, known))
    turn = [picture_seed(seed, unit.image, unit.label) for unit in units]
    order = sorted(range(len(units)), key=lambda place: (strata[place], turn[place]))
    start = picture_seed(seed, "start of the sample", "")
    numbers = sorted(order[place] for place in _places(len(units), n, start))
    there, drawn = Counter(strata), Counter(strata[number] for number in numbers)
    return Sampled(tuple(numbers), len(units), by, tuple(Stratum(key, there[key], drawn[key]) for key in sorted(there)))


def wanted(asked: Mapping[str, Any]) -> int:
    """How many samples the setting asks for."""
    if asked.get("n") is not None:
        return int(asked["n"])
    points = re.match(r"[0-9.]+", str(asked["precision"]))
    assert points is not None
    return fewest(float(points[0]))


def fewest(points: float) -> int:
    """The fewest, an even number, of which half bound their share to within so many points (Clopper, Pearson 1934)."""
    low, high = 0, 1
    while _width(high) > points / 100:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _width(middle) <= points / 100 else (middle, high)
    return 2 * high


def _width(half: int) -> float:
    """From the share of one half to its upper bound, of twice so many."""
    return float(scipy.special.betaincinv(half + 1, half, CONFIDENCE)) - 0.5


def _places(total: int, n: int, start: int) -> list[int]:
    """Every (total / n)-th, from a start of 63 bits, in whole numbers."""
    begin = start * total >> 63  # of total * n / n steps
    return [(begin + place * total) // n for place in range(n)]


def _stratum(unit: Unit, by: Sequence[str]) -> tuple[str, ...]:
    return tuple(unit.label if column == LABEL else str(unit.metadata.get(column, "")) for column in by)
