"""The colours that objects have of their own, and objects given those of others without a seam along their boxes.

Colours are log-odds (`colour_moments`), masks (N, 1, H, W) bool, weights (N, 1, H, W) from 0 to 1. A box holds
more than its object: what belongs to it is what stands out from the surroundings, carried inward.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from audit.experiments.colour_moments import FAINT, Moments, brought, colours_of, moments, pixels_of
from audit.experiments.fills import blurred

RIM = 0.05
"""Share of the box's side, at either end, over which other colours set in."""
SOFT = 56
"""How far the weights of neighbours are averaged: the shorter side over this, twice."""
EVENLY = 1 / 3
"""The mean of w (1 - w) over the mean of w, where w is spread evenly between 0 and 1."""


class Coloured(NamedTuple):
    """Objects in N pictures."""

    colours: Tensor
    """(N, C, H, W) of the whole pictures."""
    weight: Tensor
    """(N, 1, H, W) how far each pixel takes other colours."""
    own: Moments
    """Of the objects' colours."""
    behind: Tensor
    """(N, C) the mean of what the surroundings, carried inward, show in their place."""


def coloured(pixels: Tensor, filled: Tensor, inside: Tensor) -> Coloured:
    """pixels: pictures (N, C, H, W) on the scale from 0 to 1; filled: the same without their objects."""
    colours, behind = colours_of(pixels.nan_to_num()), colours_of(filled.nan_to_num())
    objects, edge = standing_out(colours, behind, inside), well_inside(inside)
    own, mean_behind = moments(colours, objects * edge), moments(behind, objects * edge).mean
    return Coloured(colours, softened(objects) * edge, own, mean_behind)


def recoloured(these: Coloured, lent: Coloured) -> Tensor:
    """(N, C, H, W) on the scale from 0 to 1: the objects in the colours of those that lend.

    They differ from their surroundings in light, the mean over the channels, as the lending ones from theirs: an object
    as dark as what is behind it would not be seen at all.
    """
    light = (these.behind + lent.own.mean - lent.behind).mean(dim=1, keepdim=True)
    hue = lent.own.mean - lent.own.mean.mean(dim=1, keepdim=True)
    moved = brought(these.colours, these.own, Moments(hue + light, lent.own.covariance), farthest=torch.inf)
    return pixels_of(torch.lerp(these.colours, moved, these.weight))


def standing_out(colours: Tensor, behind: Tensor, inside: Tensor) -> Tensor:
    """From 0 for what the surroundings may show as well to 1 for what differs from them as the object does.

    As the object does: the mean distance in the box between `colours` and `behind`, each weighed by its own square. As
    the surroundings may: the distance outside the box between the picture and the same under a strong blur, but never
    more than half of the former, so that something stands out in any box.
    """
    apart = (colours - behind).square().sum(dim=1, keepdim=True).sqrt().where(inside, 0)
    everywhere = (1, 2, 3)
    objects = apart.pow(3).sum(everywhere, keepdim=True) / _positive(apart.pow(2).sum(everywhere, keepdim=True))
    detail = (colours - blurred(colours, inside)).square().sum(dim=1, keepdim=True).where(~inside, 0)
    unrest = detail.sum(everywhere, keepdim=True) / _positive((~inside).sum(everywhere, keepdim=True).to(detail))
    noise = torch.minimum((unrest + colours.shape[1] * FAINT**2).sqrt(), objects / 2)
    share: Tensor = (apart - noise) / _positive(objects - noise)
    return share.clamp(0, 1).where(inside, 0)


def softened(weight: Tensor) -> Tensor:
    """The weight, where it is undecided as that of a photograph is, averaged so that other colours make no new edges.

    Undecided: how much of it lies between 0 and 1, compared with values that are spread evenly. Up to a quarter as much
    the weight stays; from half as much on it is the mean, of means, of the pixels within the shorter side over `SOFT`.
    """
    reach, everywhere = max(1, min(weight.shape[2:]) // SOFT), (1, 2, 3)
    mean = weight
    for _ in range(2):
        mean = F.avg_pool2d(mean, 2 * reach + 1, 1, reach, count_include_pad=False)
    between = (weight * (1 - weight)).sum(everywhere, keepdim=True)
    undecided = between / _positive(weight.sum(everywhere, keepdim=True)) / EVENLY
    return torch.lerp(weight, mean, (4 * undecided - 1).clamp(0, 1))


def well_inside(inside: Tensor) -> Tensor:
    """From 0 at the edge of the box to 1 well inside it; the edge of the frame is no edge of a box."""
    down, across = (_along(inside, axis) for axis in (2, 3))
    return down * across


def _along(inside: Tensor, axis: int) -> Tensor:
    """The weight along one axis, by the pixels to the box's edges before and after."""
    before, cut_before = _to_edge(inside, axis)
    after, cut_after = (part.flip(axis) for part in _to_edge(inside.flip(axis), axis))
    nearest = torch.minimum(before.masked_fill(cut_before, torch.inf), after.masked_fill(cut_after, torch.inf))
    share = (nearest / (RIM * (before + after))).clamp(0, 1)
    return (share.square() * (3 - 2 * share)).where(inside, 0)


def _to_edge(inside: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """From each pixel's middle back to the edge of its box, and whether that is the frame's."""
    place = torch.arange(inside.shape[axis], device=inside.device)
    place = place.view([-1 if dimension == axis else 1 for dimension in range(inside.ndim)])
    last_outside = torch.where(inside, -1, place).cummax(dim=axis).values
    return place - last_outside - 0.5, last_outside < 0


def _positive(values: Tensor) -> Tensor:
    return values.clamp(min=torch.finfo(values.dtype).tiny)


def boxed(hulls: Tensor, like: Tensor) -> Tensor:
    """(N, 1, H, W) bool: the pixels that hulls (N, 4) touch; none where these are NaN. like: any mask of that frame."""
    low, high = hulls[:, :2].floor(), hulls[:, 2:].ceil()
    places = (torch.arange(side, device=hulls.device) for side in like.shape[:1:-1])
    across, down = ((place >= low[:, axis, None]) & (place < high[:, axis, None]) for axis, place in enumerate(places))
    return (down[:, :, None] & across[:, None, :]).unsqueeze(1)
