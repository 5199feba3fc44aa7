"""The arrays that readers return: their dtypes, and what NULL becomes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Objects = NDArray[np.object_]


def class_indices(column: NDArray[Any]) -> Ints:
    """(n,) where NULL is -1."""
    return np.nan_to_num(column.astype(np.float64), nan=-1).astype(np.int64)
