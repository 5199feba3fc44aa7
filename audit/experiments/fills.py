"""What takes the place of pixels that are hidden from the network.

Pictures are (N, C, H, W) as the network sees them, masks (N, 1, H, W) bool; no fill looks at what it covers.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from audit.experiments.seeded import uniform

CELLS = 8
"""Cells of a strong blur along the shorter side."""
ELSEWHERE = 1
"""The purpose of the random numbers."""
ROOM = 0.5
"""Share of the hidden area that a control needs to stand for it."""


def mean(x: Tensor, hole: Tensor) -> Tensor:
    """The hole in the mean colour of the training data, which the preprocessing makes 0."""
    return x.masked_fill(hole, 0)


def blur(x: Tensor, hole: Tensor) -> Tensor:
    """The hole filled with its surroundings, the more blurred the farther they are carried inward.

    A push-pull pyramid (Gortler et al.: The Lumigraph, 1996): a pixel of the hole is taken from the finest level
    whose cell there holds a known pixel. NaN throughout where the hole is the whole picture.
    """
    return _pushed(x.masked_fill(hole, 0), (~hole).to(x.dtype))


def blurred(x: Tensor, hole: Tensor) -> Tensor:
    """The whole picture under a strong blur into which no pixel of the hole enters: a normalised convolution.

    The blur's cells are about 1/8 of the shorter side (Knutsson, Westin: Normalized and differential convolution,
    1993). NaN throughout where the hole is the whole picture.
    """
    value, share = x.masked_fill(hole, 0), (~hole).to(x.dtype)
    sizes = []
    while min(value.shape[2:]) > CELLS * 2**0.5:
        sizes.append(value.shape[2:])
        value, share = _halved(value, share)
    value = _pushed(value, share)
    for size in reversed(sizes):
        value = _doubled(value, size)
    return value


def elsewhere(mask: Tensor, avoid: Tensor, seeds: Sequence[int]) -> Tensor:
    """(N, 1, H, W) bool: the mask moved to where it overlaps least with the mask `avoid`, less the overlap.

    The frame is a torus, so that what leaves it at one side comes in at the other. Among places that are equally good
    each picture's seed chooses.
    """
    height, width = mask.shape[2:]
    spectra = (torch.fft.rfft2(part.squeeze(1).double()) for part in (avoid, mask))
    overlap = torch.fft.irfft2(next(spectra) * next(spectra).conj(), s=(height, width)).round().flatten(1)
    best = (overlap == overlap.amin(dim=1, keepdim=True)).cumsum(dim=1)
    chance = uniform(seeds, ELSEWHERE, 1).to(mask.device)
    # the smallest offset with as many good ones up to it as the chance says
    offset = torch.searchsorted(best, (chance * best[:, -1:]).long() + 1)
    down, across = offset.view(-1, 1, 1) // width, offset.view(-1, 1, 1) % width
    y, x = (torch.arange(side, device=mask.device) for side in (height, width))
    source = (y.view(1, -1, 1) - down) % height * width + (x.view(1, 1, -1) - across) % width
    return mask.flatten(1).gather(1, source.flatten(1)).view_as(mask) & ~avoid


def control(hole: Tensor, avoid: Tensor, seeds: Sequence[int]) -> tuple[Tensor, Tensor]:
    """As much hidden `elsewhere`, and (N, 1, 1, 1) bool: there is less room for it than half of the hole's area."""
    moved = elsewhere(hole, avoid, seeds)
    return moved, moved.sum(dim=(1, 2, 3), keepdim=True) < ROOM * hole.sum(dim=(1, 2, 3), keepdim=True)


def _pushed(value: Tensor, share: Tensor) -> Tensor:
    """The values (N, C, H, W), those of cells without a known pixel from coarser levels.

    share: (N, 1, H, W), the known part of each cell; the value is the mean over that part.
    """
    known = share > 0
    if max(value.shape[2:]) == 1:
        return torch.where(known, value, torch.nan)
    return torch.where(known, value, _doubled(_pushed(*_halved(value, share)), value.shape[2:]))


def _halved(value: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
    """The next coarser level: cells of 2 x 2, of which the last may hang over the frame."""
    total = F.avg_pool2d(value * share, 2, ceil_mode=True, count_include_pad=False)
    part = F.avg_pool2d(share, 2, ceil_mode=True, count_include_pad=False)
    return total / part.clamp(min=torch.finfo(part.dtype).tiny), part


def _doubled(value: Tensor, size: Sequence[int]) -> Tensor:
    """The next finer level, (H, W) = `size`, between the cells' centres linearly."""
    return F.interpolate(value, scale_factor=2, mode="bilinear", align_corners=False)[..., : size[0], : size[1]]
