"""One column out of several, place by place."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def median(columns: Sequence[Floats], n: int) -> Floats:
    """(n,) over those that are a number; NaN where none is."""
    return _over(_nanmedian, columns, n)


def largest(columns: Sequence[Floats], n: int) -> Floats:
    """(n,) of those that are a number; NaN where none is."""
    return _over(np.nanmax, columns, n)


def _nanmedian(table: Floats, axis: int) -> Floats:
    """As NumPy's, which takes twenty times as long over a few columns."""
    rising = np.sort(table, axis=axis)  # NaN comes last
    numbers = np.isfinite(table).sum(axis=axis, keepdims=True)
    lower, upper = (np.take_along_axis(rising, place, axis) for place in ((numbers - 1) // 2, numbers // 2))
    return np.asarray(np.squeeze(lower + upper, axis) / 2)


def _over(summary: Callable[..., Any], columns: Sequence[Floats], n: int) -> Floats:
    if not columns:
        return np.full(n, np.nan)
    table = np.stack(columns)
    some = np.isfinite(table).any(axis=0)
    summaries = np.full(n, np.nan)
    summaries[some] = summary(np.where(np.isfinite(table), table, np.nan)[:, some], axis=0)
    return summaries
