"""Forbidden pixels: what the data say must not matter, as a watermark, and the relevance that lies on it."""

from collections.abc import Sequence

import torch
from torch import Tensor

from audit.datasets.loader import Loaded
from audit.saliency.batch import dead
from audit.saliency.localisation import region


def forbidden_pixels(pictures: Sequence[Loaded], inside: Tensor) -> Tensor | None:
    """(N, 1, H, W) bool: forbidden pixels that are not `inside` (N, 1, H, W) a box; None where no picture has any.

    A pixel that a box covers is the object's: relevance there is no fault, and to hide it would be to hide the object.
    """
    given = [picture.framed.forbidden for picture in pictures]
    if not any(map(len, given)):
        return None
    banned = region(given, (inside.shape[2], inside.shape[3]), 0, inside.device).inside.unsqueeze(1) & ~inside
    return banned if bool(banned.any()) else None


def mass_on(relevance: Tensor, pixels: Tensor) -> Tensor:
    """(N,) float64: the share of the relevance (N, H, W) on the pixels (N, H, W) bool; NaN where the map is dead."""
    values = relevance.double()
    share = (values * pixels).sum(dim=(1, 2)) / values.sum(dim=(1, 2))
    return torch.where(dead(relevance), torch.nan, share.clamp(max=1.0))  # rounding may exceed the whole
