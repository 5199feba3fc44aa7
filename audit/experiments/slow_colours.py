"""The slow colours of a background: what is left of it under a strong blur, without its detail.

Pictures are (N, C, H, W), masks (N, 1, H, W) bool.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from audit.experiments.fills import blurred

REACH = 16
"""What lies farther from the object than the shorter side over this gets all of the other colours."""


def slow(x: Tensor, hole: Tensor | None = None) -> Tensor:
    """The pictures without their detail, and without what is in the hole; NaN throughout where that is everything."""
    return blurred(x, torch.zeros_like(x[:, :1], dtype=torch.bool) if hole is None else hole)


def around(inside: Tensor) -> Tensor:
    """(N, 1, H, W) from 0 on the object and right beside it to 1 in the distance, without an edge."""
    step = max(1, min(inside.shape[2:]) // (2 * REACH))
    near = inside.float()
    for size, padding in _lines(step):
        near = F.max_pool2d(near, size, 1, padding)
    near = F.pad(near, (step, step, step, step), mode="replicate")
    for size, _ in _lines(step):
        near = F.avg_pool2d(near, size, 1)
    return 1 - near


def _lines(step: int) -> tuple[tuple[tuple[int, int], tuple[int, int]], ...]:
    """Windows that reach so many pixels down and up, and as many across, with their padding."""
    return ((2 * step + 1, 1), (step, 0)), ((1, 2 * step + 1), (0, step))


def given(x: Tensor, inside: Tensor, own: Tensor, other: Tensor) -> Tensor:
    """The pictures with other slow colours than their own around the object; detail and object stay."""
    return torch.addcmul(x, around(inside).to(x), other - own)
