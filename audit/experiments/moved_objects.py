"""Objects moved within their pictures, or resampled to other boxes, with what they leave filled by its surroundings.

Pictures are (N, C, H, W), masks (N, 1, H, W) bool, hulls (N, 4) x0, y0, x1, y1 in pixels.
"""

from collections.abc import Callable
from functools import reduce

import torch
from torch import Tensor
from torch.nn import functional as F

from audit.experiments.altered_batch import Altered, Trial, without
from audit.experiments.fills import blur
from audit.experiments.swaps import Lenders, swapped

Frame = tuple[int, int]
"""Height and width."""

FINER = 2
"""Samples of each pixel along each side where an object shrinks, so that it is averaged and not thinned out."""
SLIGHT = 1e-3
"""Pixels by which rounding may make a side shorter; the least share of a pixel by which its colours are divided."""
HALF = 0.5 - 1e-4
"""Share of a pixel that belongs to the object from which on it is the object's, less rounding."""


def hulls_of(inside: Tensor) -> Tensor:
    """(N, 4) float32: the smallest box around each mask."""
    across, down = inside.any(dim=2).squeeze(1), inside.any(dim=3).squeeze(1)
    edges = []
    for along in (across, down):
        side = along.shape[1]
        edges.append((along.int().argmax(dim=1), side - along.flip(1).int().argmax(dim=1)))
    (x0, x1), (y0, y1) = edges
    return torch.stack([x0, y0, x1, y1], dim=1).float()


def at_places_of(hulls: Tensor, others: Tensor, frame: Frame) -> Tensor:
    """The hulls moved by whole pixels so that their centres come as near to those of others as the frame allows."""
    offset = (_centres(others) - _centres(hulls)).round()
    return _within(hulls + torch.cat([offset, offset], dim=1), frame)


def at_sizes_of(hulls: Tensor, others: Tensor, frame: Frame) -> Tensor:
    """The hulls with the areas of others, about their own centres where the frame has the room; their aspect is kept.

    None becomes larger than the frame.
    """
    sides, wanted = (corners[:, 2:] - corners[:, :2] for corners in (hulls, others))
    factor = (wanted.prod(dim=1) / sides.prod(dim=1)).sqrt().unsqueeze(1)
    return _about_centres(hulls, sides * factor, frame)


def at_aspects_of(hulls: Tensor, others: Tensor, frame: Frame) -> Tensor:
    """The hulls with the aspects of others and their own areas, about their own centres where the frame has the room.

    Where such a hull would be larger than the frame, its area is as large as fits; its aspect is the other's.
    """
    sides, wanted = (corners[:, 2:] - corners[:, :2] for corners in (hulls, others))
    shaped = wanted * (sides.prod(dim=1) / wanted.prod(dim=1)).sqrt().unsqueeze(1)
    return _about_centres(hulls, shaped, frame)


def objects_swapped(trial: Trial, name: str, donors: int, at: Callable[[Tensor, Tensor, Frame], Tensor]) -> Altered:
    """The objects brought to the hulls that `at` makes of their own hulls and those of donors, as `swapped` says."""
    x, inside = trial.batch.x, trial.inside
    behind, hulls, frame = blur(x, inside), hulls_of(inside), (x.shape[2], x.shape[3])

    def alter(lent: Lenders) -> Tensor:
        return moved(x, inside, hulls, at(hulls, lent.hulls, frame), behind)

    def places(lent: Lenders) -> tuple[Tensor, ...]:
        return boxes_brought(trial.batch.places, hulls, at(hulls, lent.hulls, frame))

    return swapped(trial, name, donors, alter, places if trial.batch.places else None)


def boxes_brought(boxes: tuple[Tensor, ...], hulls: Tensor, to: Tensor) -> tuple[Tensor, ...]:
    """Each picture's boxes (B, 4) as they go along where its hull comes to lie on the other."""
    low, new_low = hulls[:, :2], to[:, :2]
    factor = (to[:, 2:] - new_low) / (hulls[:, 2:] - low)
    return tuple(((each.view(-1, 2, 2) - low[i]) * factor[i] + new_low[i]).view(-1, 4) for i, each in enumerate(boxes))


def moved(x: Tensor, inside: Tensor, hulls: Tensor, to: Tensor, behind: Tensor) -> Tensor:
    """The pictures with their objects, all that is `inside`, brought from their hulls to others.

    behind: the pictures without their objects. NaN throughout where the objects are the whole picture.
    """
    objects, cover = brought(x, hulls, to, inside)
    altered = torch.where(cover >= HALF, objects, behind)
    return without(altered, inside.flatten(1).all(dim=1))


def brought(x: Tensor, hulls: Tensor, to: Tensor, part: Tensor) -> tuple[Tensor, Tensor]:
    """A part of each picture resampled so that its hull comes to lie on the other.

    part: (N, 1, H, W) bool. Returns the pictures and (N, 1, H, W) the share of each pixel that the part covers; where
    it covers nothing, the picture is no part of it either.
    """
    # what lies behind the part must not blend into its rim, so that the colours are weighed by the mask
    weight = part.to(x.dtype)
    weighed = torch.cat([x * weight, weight], dim=1)
    shrinks = ((hulls - to)[:, 2:] - (hulls - to)[:, :2] > SLIGHT).any(dim=1)
    carried = torch.empty_like(weighed)
    for chosen, finer in ((shrinks, FINER), (~shrinks, 1)):
        carried[chosen] = _sampled(weighed[chosen], hulls[chosen], to[chosen], finer)
    cover = carried[:, -1:]
    return carried[:, :-1] / cover.clamp(min=SLIGHT), cover


def _sampled(x: Tensor, hulls: Tensor, to: Tensor, finer: int) -> Tensor:
    """The pictures resampled so that each hull comes to lie on the other, the mean of `finer` ** 2 samples a pixel."""
    n, _, height, width = x.shape
    across, down = (
        _sources(side, hulls[:, axis::2], to[:, axis::2], finer) for axis, side in enumerate((width, height))
    )
    frame = (n, finer * height, finer * width)
    grid = torch.stack([across[:, None, :].expand(frame), down[:, :, None].expand(frame)], dim=-1)
    samples = F.grid_sample(x, grid.to(x.dtype), align_corners=False)
    lines = reduce(torch.add, (samples[:, :, start::finer] for start in range(finer)))
    return reduce(torch.add, (lines[..., start::finer] for start in range(finer))) / finer**2


def _sources(side: int, hulls: Tensor, to: Tensor, finer: int) -> Tensor:
    """(N, finer * side) where along an axis the samples come from, as `grid_sample` counts. hulls, to: (N, 2) ends."""
    place = (torch.arange(finer * side, device=hulls.device) + 0.5) / finer
    low, high, new_low, new_high = (ends.unsqueeze(1) for ends in (*hulls.unbind(dim=1), *to.unbind(dim=1)))
    return 2 * (low + (place - new_low) * (high - low) / (new_high - new_low)) / side - 1


def _about_centres(hulls: Tensor, sides: Tensor, frame: Frame) -> Tensor:
    """Boxes of these sides (N, 2) about the hulls' centres; those larger than the frame smaller, of the same aspect."""
    fits = (hulls.new_tensor([frame[1], frame[0]]) / sides).amin(dim=1, keepdim=True).clamp(max=1)
    half, centres = sides * fits / 2, _centres(hulls)
    return _within(torch.cat([centres - half, centres + half], dim=1), frame)


def _centres(hulls: Tensor) -> Tensor:
    return (hulls[:, :2] + hulls[:, 2:]) / 2


def _within(hulls: Tensor, frame: Frame) -> Tensor:
    """Moved back into the frame."""
    low, high = hulls[:, :2], hulls[:, 2:]
    back = low.clamp(max=0) + (high - high.new_tensor([frame[1], frame[0]])).clamp(min=0)
    return hulls - torch.cat([back, back], dim=1)
