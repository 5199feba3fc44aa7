"""How much of the relevance lies on the object: measures of a map against boxes.

On the CPU maps are scored one by one in NumPy: one map fits into a core's cache where a batch does not, and NumPy sorts
many times faster than torch, so that a batch takes less time like this than by operations on the whole of it. On a GPU
it is the other way round.
"""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from audit.saliency.rectangles import union, within
from audit.saliency.scores_on_device import scores_on_device

FEW = 32
"""Rectangles of a picture that are drawn one after the other, for all pictures at once."""
_Values = NDArray[np.float32]
_Mask = NDArray[np.bool_]


class Region(NamedTuple):
    """The object in the frame of the network's input."""

    inside: Tensor
    """(N, H, W) bool: the union of the boxes or masks. A pixel belongs to a box or mask that holds its centre."""
    near: Tensor
    """(N, H, W) bool: the pixels whose centre lies within the pointing tolerance of a box."""

    def on(self, device: torch.device) -> "Region":
        """The same there."""
        return Region(*(mask.to(device) for mask in self))

    def some(self, chosen: Sequence[int] | slice) -> "Region":
        """The same for the pictures at these places alone."""
        return Region(*(mask[chosen] for mask in self))

    @property
    def area_share(self) -> Tensor:
        """(N,) float64: chance for mass."""
        return self.inside.flatten(1).count_nonzero(dim=1).double() / self.inside[0].numel()


def region(boxes: Sequence[Tensor], size: tuple[int, int], tolerance: float, device: torch.device | str) -> Region:
    """Rasterise each picture's boxes (B_i, 4), half-open x0, y0, x1, y1 in pixels, onto a frame (H, W).

    A mask is given by the rectangles that it is the union of. tolerance: pixels, Euclidean.
    """
    few = [corners if len(corners) <= FEW else corners[:0] for corners in boxes]
    where = _of_few(few, size, tolerance, device)
    for i, corners in enumerate(boxes):
        if len(corners) > FEW:
            rectangles = corners.cpu().numpy()
            inside, near = union(rectangles, size), within(rectangles, size, tolerance)
            where.inside[i], where.near[i] = (
                torch.from_numpy(inside).to(device),
                torch.from_numpy(near | inside).to(device),
            )
    return where


def _of_few(boxes: Sequence[Tensor], size: tuple[int, int], tolerance: float, device: torch.device | str) -> Region:
    padded = torch.nn.utils.rnn.pad_sequence(list(boxes), batch_first=True, padding_value=float("nan")).to(device)
    x, y = (torch.arange(side, device=device) + 0.5 for side in (size[1], size[0]))
    inside = torch.zeros(len(boxes), *size, dtype=torch.bool, device=device)
    near = torch.zeros_like(inside)
    for x0, y0, x1, y1 in padded.permute(1, 2, 0).unsqueeze(-1):  # over the boxes of a picture, all pictures at once
        inside |= ((y >= y0) & (y < y1)).unsqueeze(2) & ((x >= x0) & (x < x1)).unsqueeze(1)
        dx, dy = ((a - c).clamp(min=0) + (c - b).clamp(min=0) for a, b, c in ((x0, x1, x), (y0, y1, y)))
        near |= dx.square().unsqueeze(1) + dy.square().unsqueeze(2) <= tolerance**2
    return Region(inside, near | inside)


def score_maps(relevance: Tensor, where: Region) -> Mapping[str, Tensor]:
    """Scores (N,) float64 of maps (N, H, W), non-negative; NaN where the map is dead or the object has no pixel.

    `where` is on the device of the maps, the scores are on the CPU. A map that is the same for all pictures is best
    given expanded: it is then sorted once.

    mass: share of the relevance inside (Arras et al. 2022, relevance mass accuracy). lift: mass / area share.
    rank: share of the |M| most relevant pixels that lie inside (Arras et al. 2022); ties count in expectation.
    pointing: share of the map's maxima that lie inside or within the tolerance (Zhang et al. 2018).
    auc: P(relevance inside > relevance outside), ties one half; NaN also where nothing lies outside.
    """
    table = scores_on_device(relevance, *where) if relevance.is_cuda else _one_by_one(relevance, where)
    return dict(zip(("mass", "lift", "rank", "pointing", "auc"), table.cpu().unbind(dim=1), strict=True))


def _one_by_one(relevance: Tensor, where: Region) -> Tensor:
    """(N, 5) float64: mass, lift, rank, pointing and AUC."""
    masks = zip(*(mask.flatten(1).cpu().numpy() for mask in where), strict=True)
    one_for_all = relevance.stride(0) == 0
    maps = (relevance[:1] if one_for_all else relevance).float().flatten(1).cpu().numpy()
    if one_for_all:
        known = _shared(maps[0].tobytes())
        rows = [_scores(known, *pair) for pair in masks]
    else:
        rows = [_scores(_Known.of(values), *pair) for values, pair in zip(maps, masks, strict=True)]
    return torch.tensor(rows, dtype=torch.float64)


@lru_cache(maxsize=8)
def _shared(values: bytes) -> "_Known | None":
    """What is known of a map that all pictures share, and one batch after another."""
    return _Known.of(np.frombuffer(values, dtype=np.float32), shared=True)


class _Known(NamedTuple):
    """What is known of a map whatever the object."""

    flat: _Values
    """(P,) with maximum 1."""
    total: float
    top: _Mask
    """(P,) its maxima."""
    runs: "_Runs | None"
    """Its order, where many pictures share it."""

    @classmethod
    def of(cls, values: _Values, shared: bool = False) -> "_Known | None":
        """None where the map is dead."""
        top = values.max()
        if not (np.isfinite(top) and top > 0):
            return None
        flat = values / top
        return cls(flat, float(flat.sum(dtype=float)), flat == 1, _Runs.of(flat) if shared else None)


def _scores(known: _Known | None, inside: _Mask, near: _Mask) -> tuple[float, ...]:
    """Mass, lift, rank, pointing and AUC of one map."""
    pixels, count = inside.size, np.count_nonzero(inside)
    if known is None or count == 0:
        return (math.nan,) * 5
    mass = min(float(known.flat[inside].sum(dtype=float)) / known.total, 1.0)  # rounding may exceed the whole
    top, wins = _by_keys(known.flat, inside) if known.runs is None else known.runs.top_and_wins(inside)
    auc = wins / (count * (pixels - count)) if count < pixels else math.nan
    pointing = np.count_nonzero(near & known.top) / np.count_nonzero(known.top)
    return mass, mass / (count / pixels), top / count, pointing, auc


def _by_keys(flat: _Values, inside: _Mask) -> tuple[float, float]:
    """How many of the top |M| pixels lie inside, ties in expectation, and in how many pairs the inside pixel wins.

    One sort serves both: of the bits of a value in [0, 1], which order as the value does, followed by the inside bit.
    """
    keys = flat.view(np.int32) << 1
    keys |= inside
    keys.sort()
    place = (keys & 1).astype(bool).nonzero()[0]
    pixels, count = len(keys), len(place)
    threshold = keys[pixels - count] >> 1 << 1
    below, first_inside, up_to = np.searchsorted(keys, [threshold, threshold + 1, threshold + 2])
    above = count - np.searchsorted(place, up_to)
    top = above + (count - (pixels - up_to)) * (up_to - first_inside) / (up_to - below)
    # Mann-Whitney's U. Within a tie the outside pixels come first, so that their pairs count as won; half of each is
    # given back. A tie with both kinds has one step at which the inside bit alone changes.
    step = place[(place > 0) & (keys[place] - keys[place - 1] == 1)]
    tied = keys[step]
    pairs = (step - np.searchsorted(keys, tied - 1)) @ (np.searchsorted(keys, tied + 1) - step)
    return float(top), float(place.sum() - count * (count - 1) / 2 - pairs / 2)


class _Runs(NamedTuple):
    """A map in ascending order: for maps that all pictures share."""

    order: NDArray[np.intp]
    """(P,) pixels."""
    ends: NDArray[np.intp]
    """(K,) the places at which the K runs of equal values end, from 1."""
    ranks: NDArray[np.float64]
    """(P,) of each pixel, from 1; those of a run share their mean."""

    @classmethod
    def of(cls, flat: _Values) -> "_Runs":
        order = flat.argsort()
        ends = np.append(np.diff(flat[order]).nonzero()[0] + 1, len(flat))
        sizes = np.diff(ends, prepend=0)
        ranks = np.empty(len(flat))
        ranks[order] = np.repeat(ends - (sizes - 1) / 2, sizes)
        return cls(order, ends, ranks)

    def top_and_wins(self, inside: _Mask) -> tuple[float, float]:
        """As `_by_keys`."""
        pixels, count = len(self.order), np.count_nonzero(inside)
        run = np.searchsorted(self.ends, pixels - count, side="right")
        start, end = self.ends[run - 1] if run else 0, self.ends[run]
        held = np.count_nonzero(inside[self.order[start:end]])
        above = np.count_nonzero(inside[self.order[end:]])
        top = above + (count - (pixels - end)) * held / (end - start)
        return float(top), float(self.ranks[inside].sum() - count * (count + 1) / 2)
