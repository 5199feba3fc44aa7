"""Which samples something is made for that is made for some only."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def draw(count: int | None, total: int, seed: int, among: Sequence[int] | None = None) -> set[int]:
    """The numbers of `count` of `total` samples; None: of all. A smaller draw is part of every larger one.

    among: a sample of them, from which it is drawn.
    """
    there = total if among is None else len(among)
    if count is None or count >= there:
        return set(range(total) if among is None else among)
    order = np.random.default_rng(seed).permutation(total)
    return set((order if among is None else order[np.isin(order, among)])[:count].tolist())


def are_drawn(
    numbers: NDArray[np.int64], options: Any, total: int, seed: int, among: Sequence[int] | None = None
) -> NDArray[np.bool_]:
    """(n,) whether samples are in the draw that the option `pictures`, if there is one, asks for. among: as `draw`."""
    count = options.get("pictures") if isinstance(options, Mapping) else None
    if not isinstance(count, int):
        return np.ones(len(numbers), bool) if among is None else np.isin(numbers, among)
    return np.isin(numbers, list(draw(count, total, seed, among)))
