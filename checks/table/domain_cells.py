"""In which cell of a parameter of the operational design domain each picture lies."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from checks.domain import Parameter

OUTSIDE = -1
UNSTATED = -2


class Placed(NamedTuple):
    """One parameter, and in which of its cells each picture lies."""

    parameter: Parameter
    cell: NDArray[np.int64]
    """(n,) its number, OUTSIDE all of them, or UNSTATED."""

    @property
    def counts(self) -> NDArray[np.int64]:
        return np.bincount(self.cell[self.cell >= 0], minlength=len(self.parameter.cells))


def placed(parameter: Parameter, column: NDArray[Any]) -> Placed:
    """column: (n,) what it says of each picture, '' for nothing."""
    return Placed(parameter, _by_value(parameter, column) if parameter.values else _by_range(parameter, column))


def _by_value(parameter: Parameter, column: NDArray[Any]) -> NDArray[np.int64]:
    number = {value: at for at, value in enumerate(parameter.values)}
    values, of = np.unique(column.astype(str), return_inverse=True)
    cells = [number.get(value.strip(), OUTSIDE if value.strip() else UNSTATED) for value in values.tolist()]
    return np.asarray(cells, dtype=np.int64)[of.reshape(-1)]


def _by_range(parameter: Parameter, column: NDArray[Any]) -> NDArray[np.int64]:
    values, of = np.unique(column.astype(str), return_inverse=True)
    numbers = np.array([_number(value) for value in values.tolist()], dtype=np.float64)
    cells = np.where(np.isfinite(numbers), OUTSIDE, UNSTATED).astype(np.int64)
    for at, (low, high) in enumerate(parameter.ranges):
        last = at == len(parameter.ranges) - 1
        cells[(numbers >= low) & ((numbers <= high) if last else (numbers < high))] = at
    return cells[of.reshape(-1)]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def pair_counts(one: Placed, other: Placed) -> NDArray[np.int64]:
    """(cells of one, cells of the other) pictures in both."""
    both = (one.cell >= 0) & (other.cell >= 0)
    counts = np.zeros((len(one.parameter.cells), len(other.parameter.cells)), np.int64)
    np.add.at(counts, (one.cell[both], other.cell[both]), 1)
    return counts
