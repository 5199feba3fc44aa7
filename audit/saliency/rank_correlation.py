"""Do two maps rank the places of a picture alike?"""

from collections.abc import Mapping
from itertools import combinations

import torch
from torch import Tensor
from torch.nn import functional as F

MOST_PLACES = 56
"""To a side. Maps are averaged down to it, so that neither noise between neighbours nor the frame's size decides."""


def agreements(maps: Mapping[str, Tensor]) -> dict[tuple[str, str], Tensor]:
    """The similarity (N,) of each pair of methods, the former one first. maps: (N, H, W) by method."""
    if len(maps) < 2:
        return {}
    ranked = {label: ranks(pooled(relevance)) for label, relevance in maps.items()}
    return {(one, other): correlation(ranked[one], ranked[other]) for one, other in combinations(ranked, 2)}


def similarity(one: Tensor, other: Tensor) -> Tensor:
    """Spearman's rank correlation (N,) of maps (N, H, W), non-negative, averaged to at most 56 x 56 places.

    Source of its use: Adebayo et al. 2018, on absolute values. NaN where a map is the same everywhere or not finite.
    """
    return correlation(ranks(pooled(one)), ranks(pooled(other)))


def pooled(maps: Tensor) -> Tensor:
    """Maps (N, H, W) averaged to at most 56 places a side, flat: (N, P) float32."""
    size = (min(maps.shape[1], MOST_PLACES), min(maps.shape[2], MOST_PLACES))
    return F.adaptive_avg_pool2d(maps.float().unsqueeze(1), size).flatten(1)


def ranks(values: Tensor) -> Tensor:
    """The ranks (N, P) float64, from 0, within each row of values (N, P); ties share the mean of theirs.

    A row with a value that is not finite is NaN throughout.
    """
    ascending, order = values.sort(dim=1)
    first, last = runs(ascending)
    ranked = torch.empty_like(order, dtype=torch.float64).scatter_(1, order, (first + last).double() / 2)
    return torch.where(torch.isfinite(values).all(dim=1, keepdim=True), ranked, torch.nan)


def runs(ascending: Tensor) -> tuple[Tensor, Tensor]:
    """(N, P) int64, twice: the place, from 0, of the first and of the last value of each run of equals in each row."""
    place = torch.arange(ascending.shape[1], device=ascending.device).expand_as(ascending)
    ends = F.pad(ascending[:, 1:] != ascending[:, :-1], (1, 1), value=True)
    first = torch.where(ends[:, :-1], place, 0).cummax(dim=1).values
    last = torch.where(ends[:, 1:], place, place.shape[1] - 1).flip(1).cummin(dim=1).values.flip(1)
    return first, last


def correlation(one: Tensor, other: Tensor) -> Tensor:
    """Pearson's correlation (N,) of the rows of two (N, P); NaN where a row is the same throughout."""
    one, other = (part - part.mean(dim=1, keepdim=True) for part in (one, other))
    spread = (one.square().sum(dim=1) * other.square().sum(dim=1)).sqrt()
    return torch.where(spread > 0, (one * other).sum(dim=1) / spread, torch.nan).clamp(-1, 1)
