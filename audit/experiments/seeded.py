"""Random numbers of each picture's own: the same in whatever batch it stands, and on whatever device."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def uniform(seeds: Sequence[int], purpose: int, count: int) -> Tensor:
    """(N, count) float64 in [0, 1) on the CPU, from each picture's seed; another purpose, other numbers."""
    each = [np.random.default_rng((seed, purpose)).random(count) for seed in seeds]
    return torch.from_numpy(np.stack(each))
