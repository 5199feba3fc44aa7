"""The map that looks at the middle."""

import torch
from torch import Tensor

from audit.registry import Need
from audit.saliency.batch import Batch

NEEDS: frozenset[Need] = frozenset()

SIGMA_SHARE = 1 / 4
"""Sigma as a share of each side: 47 % of the mass lies in the central quarter of the area."""


def centre(batch: Batch) -> Tensor:
    """A Gaussian in the middle, with a sigma of a quarter of each side: photographers centre their subjects.

    Returns (N, H, W), 1 at the centre; (H - 1) / 2 and (W - 1) / 2 in pixel indices.
    """
    down, across = (_bell(side, batch.x) for side in batch.x.shape[2:])
    return (down[:, None] * across[None, :]).expand(batch.x[:, 0].shape)


def _bell(side: int, like: Tensor) -> Tensor:
    offset = torch.arange(side, device=like.device, dtype=like.dtype) - (side - 1) / 2
    return torch.exp(-(offset / (SIGMA_SHARE * side)).square() / 2)
