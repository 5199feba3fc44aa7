"""Objects moved within their pictures, or made larger or smaller, with what they leave filled by its surroundings.

Pictures are (N, C, H, W), masks (N, 1, H, W) bool, hulls (N, 4) x0, y0, x1, y1 in pixels.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from audit.experiments.fills import blur

FINER = 2
"""Samples of each pixel along each side, so that what shrinks is averaged and not thinned out."""


def hulls_of(inside: Tensor) -> Tensor:
    """(N, 4) float32: the smallest box around each mask."""
    across, down = inside.any(dim=2).squeeze(1), inside.any(dim=3).squeeze(1)
    edges = []
    for along in (across, down):
        side = along.shape[1]
        edges.append((along.int().argmax(dim=1), side - along.flip(1).int().argmax(dim=1)))
    (x0, x1), (y0, y1) = edges
    return torch.stack([x0, y0, x1, y1], dim=1).float()


def at_places_of(hulls: Tensor, others: Tensor, frame: tuple[int, int]) -> Tensor:
    """The hulls moved by whole pixels so that their centres come as near to those of others as the frame allows."""
    offset = (_centres(others) - _centres(hulls)).round()
    return _within(hulls + torch.cat([offset, offset], dim=1), frame)


def at_sizes_of(hulls: Tensor, others: Tensor, frame: tuple[int, int]) -> Tensor:
    """The hulls with the areas of others, about their own centres where the frame has the room; their aspect is kept.

    None becomes larger than the frame.
    """
    sides, wanted = (corners[:, 2:] - corners[:, :2] for corners in (hulls, others))
    factor = (wanted.prod(dim=1) / sides.prod(dim=1)).sqrt().unsqueeze(1)
    largest = (hulls.new_tensor([frame[1], frame[0]]) / sides).amin(dim=1, keepdim=True)
    half = sides * torch.minimum(factor, largest) / 2
    centres = _centres(hulls)
    return _within(torch.cat([centres - half, centres + half], dim=1), frame)


def moved(x: Tensor, inside: Tensor, hulls: Tensor, to: Tensor) -> Tensor:
    """The pictures with their objects, all that is `inside`, brought from their hulls to others of the same aspect.

    NaN throughout where the objects are the whole picture.
    """
    height, width = x.shape[2:]
    steps = [(torch.arange(FINER * side, device=x.device) + 0.5) / FINER for side in (height, width)]
    y, x_axis = torch.meshgrid(*steps, indexing="ij")
    at = torch.stack([x_axis, y], dim=-1).unsqueeze(0)
    low, high, new_low, new_high = (
        corner.view(-1, 1, 1, 2) for corner in (hulls[:, :2], hulls[:, 2:], to[:, :2], to[:, 2:])
    )
    source = low + (at - new_low) * (high - low) / (new_high - new_low)
    grid = 2 * source / source.new_tensor([width, height]) - 1
    # what lies behind the object must not blend into its rim, so that the colours are weighed by the mask
    weight = inside.to(x.dtype)
    carried = F.grid_sample(torch.cat([x * weight, weight], dim=1), grid.to(x.dtype), align_corners=False)
    carried = F.avg_pool2d(carried, FINER)
    cover = carried[:, -1:]
    there = cover >= 0.5
    return torch.where(there, carried[:, :-1] / cover.clamp(min=0.5), blur(x, inside))


def _centres(hulls: Tensor) -> Tensor:
    return (hulls[:, :2] + hulls[:, 2:]) / 2


def _within(hulls: Tensor, frame: tuple[int, int]) -> Tensor:
    """Moved back into the frame (height, width)."""
    low, high = hulls[:, :2], hulls[:, 2:]
    back = low.clamp(max=0) + (high - high.new_tensor([frame[1], frame[0]])).clamp(min=0)
    return hulls - torch.cat([back, back], dim=1)
