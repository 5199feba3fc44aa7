"""Which samples are no evidence for each other: those of one picture, one cluster, and copies of one another."""

from collections.abc import Hashable, Sequence

import numpy as np
import scipy
import torch
from numpy.typing import NDArray

from audit.inspection.neighbours import BLOCK, Ints

COPY_SIDE = 8
"""Pixels along each side of the small pictures that are compared."""
COPY_DISTANCE = 3.0
"""Of 255, root mean square over these pixels and the box: two frames of a film one after the other, or a file that was
saved again. Two photographs of one thing are not so near."""


def joined(n: int, ties: Sequence[tuple[Ints, Ints]]) -> Ints:
    """(n,): the number of the group of each, where a pair (first, second) of any of the ties joins two."""
    first, second = (np.concatenate(ends) for ends in zip(*ties, strict=True))
    pairs = scipy.sparse.coo_array((np.ones(len(first)), (first, second)), shape=(n, n))
    return np.asarray(scipy.sparse.csgraph.connected_components(pairs, directed=False)[1], dtype=np.int64)


def same_key(keys: Sequence[Hashable]) -> tuple[Ints, Ints]:
    """Pairs that join all samples of one key; None joins none."""
    seen = dict[Hashable, int]()
    pairs = [(at, seen.setdefault(key, at)) for at, key in enumerate(keys) if key is not None]
    both = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def copies(small: NDArray[np.uint8], hulls: NDArray[np.float32], label: Ints) -> tuple[Ints, Ints]:
    """Pairs of samples of one label that are nearly the same: each with the nearest before it that is.

    small: (n, COPY_SIDE, COPY_SIDE, 3) whole pictures. hulls: (n, 4) around the boxes, in shares of the picture.
    """
    seen = np.concatenate([small.reshape(len(small), -1), hulls * 255], axis=1).astype(np.float32)
    first, second = [], []
    for one in np.unique(label):
        members = np.flatnonzero(label == one)
        x = torch.from_numpy(seen[members] - seen[members].mean(axis=0))
        limit = COPY_DISTANCE**2 * x.shape[1]
        norms = (x * x).sum(dim=1)
        for start in range(0, len(members), BLOCK):
            rows = torch.arange(start, min(start + BLOCK, len(members)))
            before = x[: start + len(rows)]
            distance = torch.addmm(norms[None, : len(before)], x[rows], before.T, alpha=-2) + norms[rows, None]
            distance.masked_fill_(torch.arange(len(before))[None] >= rows[:, None], torch.inf)
            near, at = distance.min(dim=1)
            close = (near <= limit).numpy()
            first.append(members[rows.numpy()[close]])
            second.append(members[at.numpy()[close]])
    return np.concatenate([*first, np.empty(0, np.int64)]), np.concatenate([*second, np.empty(0, np.int64)])
