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
_MOST_THROWS = 8
"""How often chance decides where many values are equal, as with sizes and words; all throws count together."""


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
    rng, n = np.random.default_rng(seed), len(values)
    queries = np.sort(rng.permutation(n)[:MOST_QUERIES])
    apart = _JITTER * max(float(values.std(axis=0).max(initial=0)), 1e-6)
    x = values - values.mean(axis=0)
    throws = [_nearest(x, apart * rng.uniform(-1, 1, (n, 1)), group, queries, k) for _ in range(_throws(values))]
    source, target = (np.concatenate(ends) for ends in zip(*throws, strict=True))
    return Edges(source, target, 1 / np.bincount(source, minlength=n)[source])


def _throws(values: NDArray[np.float32]) -> int:
    n, dimensions = values.shape
    tied = dimensions <= 2 and len(np.unique(values, axis=0)) <= n / 2
    return int(np.clip(MOST_QUERIES // max(n, 1), 1, _MOST_THROWS)) if tied else 1


def _nearest(
    values: NDArray[np.float32], jitter: NDArray[np.float64], group: Ints, queries: Ints, k: int
) -> tuple[Ints, Ints]:
    """Source and target of the edges from these pictures. jitter: (n, 1)."""
    x = torch.from_numpy(np.concatenate([values, jitter], axis=1).astype(np.float32))
    norms, groups = (x * x).sum(dim=1), torch.from_numpy(group)
    sources, targets = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for start in range(0, len(queries), BLOCK):
        asked = torch.from_numpy(queries[start : start + BLOCK])
        distance = torch.addmm(norms[None], x[asked], x.T, alpha=-2)
        distance.masked_fill_(groups[asked][:, None] == groups[None], torch.inf)
        near, index = _smallest(distance, min(k, len(values)))
        row, column = torch.isfinite(near).nonzero(as_tuple=True)
        sources.append(asked[row].numpy())
        targets.append(index[row, column].numpy())
    return np.concatenate(sources), np.concatenate(targets)


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
