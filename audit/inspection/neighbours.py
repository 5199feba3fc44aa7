"""The nearest neighbours of each picture in one quantity, itself and those of its group left out."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_NEIGHBOURS = 9
"""Of each picture. More neighbours make a steadier count, and found weak cues of 80 pictures several times as often as
one did; but a class must have them."""
MOST_QUERIES = 2048
"""Pictures whose neighbours are sought. More would narrow the chance's own spread, 2 points at 50 %, to no purpose."""
BLOCK = 512
_STRIDE = 64
_JITTER = 0.01
"""Of the widest deviation: so far pictures with equal values lie apart, so that chance decides among them."""


class Edges(NamedTuple):
    """From pictures to their neighbours. Each picture's edges weigh 1 together."""

    source: Ints
    target: Ints
    weight: Floats


def how_many(label: Ints) -> int:
    """Half of the median class's members, at least 1, at most `MOST_NEIGHBOURS`."""
    return int(np.clip(np.median(np.bincount(label)) // 2, 1, MOST_NEIGHBOURS))


def neighbours(values: NDArray[np.float32], group: Ints, k: int, seed: int) -> Edges:
    """The k nearest of each of n pictures by the Euclidean distance, outside the picture's own group.

    values: (n, d) finite. group: (n,). Of equal distances chance decides, by the seed. A picture that has fewer than k
    pictures outside its group gets what there is. Of more than `MOST_QUERIES` pictures a draw is asked, among all.
    """
    rng = np.random.default_rng(seed)
    n = len(values)
    jitter = rng.uniform(-1, 1, (n, 1)) * _JITTER * max(float(values.std(axis=0).max(initial=0)), 1e-6)
    x = torch.from_numpy(np.concatenate([values - values.mean(axis=0), jitter], axis=1).astype(np.float32))
    norms, groups = (x * x).sum(dim=1), torch.from_numpy(group)
    queries = np.sort(rng.permutation(n)[:MOST_QUERIES]) if n > MOST_QUERIES else np.arange(n)
    sources, targets = [], []
    for start in range(0, len(queries), BLOCK):
        asked = torch.from_numpy(queries[start : start + BLOCK])
        distance = torch.addmm(norms[None], x[asked], x.T, alpha=-2)
        distance.masked_fill_(groups[asked][:, None] == groups[None], torch.inf)
        near, index = _smallest(distance, min(k, n))
        row, column = torch.isfinite(near).nonzero(as_tuple=True)
        sources.append(asked[row].numpy())
        targets.append(index[row, column].numpy())
    source, target = (np.concatenate([*parts, np.empty(0, np.int64)]) for parts in (sources, targets))
    weight = 1 / np.bincount(source, minlength=n)[source]
    return Edges(source, target, weight)


def _smallest(distance: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k smallest of each row, and where: sought only in the k strides of columns with the smallest minima."""
    rows, columns = distance.shape
    strides = columns // _STRIDE
    if strides <= k:
        return distance.topk(k, dim=1, largest=False)
    body = distance[:, : strides * _STRIDE].reshape(rows, _STRIDE, strides)
    best = body.amin(dim=1).topk(k, dim=1, largest=False).indices
    inner = body.gather(2, best[:, None].expand(rows, _STRIDE, k)).reshape(rows, -1)
    place = (torch.arange(_STRIDE)[None, :, None] * strides + best[:, None]).reshape(rows, -1)
    rest = torch.arange(strides * _STRIDE, columns).expand(rows, -1)
    values = torch.cat([inner, distance[:, strides * _STRIDE :]], dim=1)
    near, at = values.topk(k, dim=1, largest=False)
    return near, torch.cat([place, rest], dim=1).gather(1, at)
