"""Which samples something is made for that is made for some only."""

import numpy as np


def draw(count: int | None, total: int, seed: int) -> set[int]:
    """The numbers of `count` of `total` samples; None: of all."""
    if count is None or count >= total:
        return set(range(total))
    return set(np.random.default_rng(seed).choice(total, count, replace=False).tolist())
