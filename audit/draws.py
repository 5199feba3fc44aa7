"""Which samples something is made for that is made for some only."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def draw(count: int | None, total: int, seed: int) -> set[int]:
    """The numbers of `count` of `total` samples; None: of all. A smaller draw is part of every larger one."""
    if count is None or count >= total:
        return set(range(total))
    return set(np.random.default_rng(seed).permutation(total)[:count].tolist())


def are_drawn(numbers: NDArray[np.int64], options: Any, total: int, seed: int) -> NDArray[np.bool_]:
    """(n,) whether samples are in the draw that the option `pictures`, if there is one, asks for."""
    count = options.get("pictures") if isinstance(options, Mapping) else None
    if not isinstance(count, int):
        return np.ones(len(numbers), bool)
    return np.isin(numbers, list(draw(count, total, seed)))
