"""How much of the relevance lies on the object: measures of a map against boxes, for a whole batch at once."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from audit.batch import dead


class Region(NamedTuple):
    """The object in the frame of the network's input."""

    inside: Tensor
    """(N, H, W) bool: the union of the boxes. A pixel belongs to a box that holds its centre."""
    near: Tensor
    """(N, H, W) bool: the pixels whose centre lies within the pointing tolerance of a box."""

    @property
    def area_share(self) -> Tensor:
        """(N,) float64: chance for mass."""
        return self.inside.flatten(1).count_nonzero(dim=1).double() / self.inside[0].numel()


def region(boxes: Sequence[Tensor], size: tuple[int, int], tolerance: float, device: torch.device | str) -> Region:
    """Rasterise each picture's boxes (B_i, 4), half-open x0, y0, x1, y1 in pixels, onto a frame (H, W).

    tolerance: pixels, Euclidean.
    """
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

    mass: share of the relevance inside (Arras et al. 2022, relevance mass accuracy). lift: mass / area share.
    rank: share of the |M| most relevant pixels that lie inside (Arras et al. 2022); ties count in expectation.
    pointing: share of the map's maxima that lie inside or within the tolerance (Zhang et al. 2018).
    auc: P(relevance inside > relevance outside), ties one half; NaN also where nothing lies outside.
    """
    is_dead = dead(relevance)
    inside, near, flat = where.inside.flatten(1), where.near.flatten(1), relevance.flatten(1).float()
    flat = flat / flat.amax(dim=1, keepdim=True)
    if is_dead.any():
        flat = torch.where(is_dead.unsqueeze(1), 0, flat)
    pixels, count = flat.shape[1], inside.count_nonzero(dim=1).double()
    maxima = flat == 1
    tops = maxima.sum(dim=1)
    mass = torch.where(inside, flat, 0).sum(dim=1).double() / flat.sum(dim=1).double()
    if bool((tops == pixels).all()):  # the same everywhere: nothing to sort
        rank, wins = count / pixels, count * (pixels - count) / 2
    else:
        keys = _ordered(flat, inside)
        odd = keys.to(torch.uint8).bitwise_and_(1)
        rank, wins = _rank(keys, odd, count), _wins(keys, odd, count)
    scores = {
        "mass": mass.clamp(max=1),  # rounding may make a part larger than the whole
        "lift": mass / where.area_share,
        "rank": rank,
        "pointing": (maxima & near).sum(dim=1).double() / tops,
        "auc": wins / (count * (pixels - count)),
    }
    unusable = is_dead | (count == 0)
    return {name: torch.where(unusable, torch.nan, value) for name, value in scores.items()}


def _ordered(flat: Tensor, inside: Tensor) -> Tensor:
    """(N, P) int32, ascending: the bits of a value in [0, 1], which order as the value does, then the inside bit.

    One sort of plain integers serves rank and AUC; NumPy's is several times faster than an argsort on the CPU.
    """
    keys = (flat.contiguous().view(torch.int32) << 1).bitwise_or_(inside)
    if keys.device.type == "cpu":
        keys.numpy().sort(axis=1)
        return keys
    return keys.sort(dim=1).values


def _rank(keys: Tensor, odd: Tensor, count: Tensor) -> Tensor:
    """(N,) expected share of the top `count` (N,) pixels that lie inside, when ties are broken at random.

    odd: (N, P) uint8, the inside bit of `keys`.
    """
    pixels = keys.shape[1]
    last = (pixels - count.long()).clamp(max=pixels - 1)  # where nothing is inside the caller says NaN
    threshold = (keys.gather(1, last.unsqueeze(1)) >> 1) << 1
    below, up_to = torch.searchsorted(keys, threshold), torch.searchsorted(keys, threshold + 1, right=True)
    place = torch.arange(pixels, device=keys.device, dtype=torch.int32)
    inside_above, inside_from = ((odd.bool() & (place >= start.int())).sum(dim=1) for start in (up_to, below))
    tied_inside = inside_from - inside_above
    below, up_to = below.squeeze(1), up_to.squeeze(1)
    return (inside_above + (count - (pixels - up_to)) * tied_inside / (up_to - below)) / count


def _wins(keys: Tensor, odd: Tensor, count: Tensor) -> Tensor:
    """(N,) pairs in which the inside pixel is the more relevant, ties one half: Mann-Whitney's U, from the places.

    Within a tie the outside pixels come first in `keys`, so that their pairs count as won; half of each is given back.
    """
    place = torch.arange(1, keys.shape[1] + 1, device=keys.device, dtype=torch.float64)
    return odd.double() @ place - count * (count + 1) / 2 - _tied_pairs(keys) / 2


def _tied_pairs(keys: Tensor) -> Tensor:
    """(N,) number of (inside, outside) pairs of equal value."""
    # each tie with both kinds has one step from an outside pixel to an inside one, where the lowest bit alone changes
    row, place = ((keys[:, 1:] ^ keys[:, :-1]) == 1).nonzero(as_tuple=True)
    pairs = torch.zeros(len(keys), dtype=torch.float64, device=keys.device)
    if not len(row):
        return pairs
    rows = torch.arange(len(keys), device=keys.device).unsqueeze(1) << 32
    ascending, first_inside = (keys + rows).flatten(), row * keys.shape[1] + place + 1
    value = ascending[first_inside]
    outside = first_inside - torch.searchsorted(ascending, value - 1)
    inside = torch.searchsorted(ascending, value, right=True) - first_inside
    return pairs.index_add(0, row, (outside * inside).double())
