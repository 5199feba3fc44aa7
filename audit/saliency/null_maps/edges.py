"""The map that looks at edges."""

import torch
from torch import Tensor
from torch.nn import functional as F

from audit.registry import Need
from audit.saliency.batch import Batch

NEEDS: frozenset[Need] = frozenset()

LUMA = (0.299, 0.587, 0.114)
"""ITU-R BT.601: what red, green and blue add to the brightness."""


def edges(batch: Batch) -> Tensor:
    """The strength of the picture's own edges (Sobel), which a saliency map may merely retrace.

    Adebayo et al.: Sanity Checks for Saliency Maps, 2018, show how alike the two can be. Magnitude of the Sobel
    gradient of the brightness in [0, 1] units; the border pixels continue outwards, so that the frame is no edge.
    Returns (N, H, W); a picture of one colour gives a dead map.
    """
    channels = batch.x.unbind(dim=1)
    shares = LUMA if len(channels) == 3 else (1 / len(channels),) * len(channels)
    brightness = batch.x.new_zeros(channels[0].shape)  # less a constant, the mean's, which has no edges
    for share, channel, scale in zip(shares, channels, batch.std.tolist(), strict=True):
        brightness += channel * (share * scale)
    around = F.pad(brightness.unsqueeze(1), (1, 1, 1, 1), mode="replicate").squeeze(1)
    # Differences first and sums after, so that equal neighbours give exactly zero.
    across = around[:, :, 2:] - around[:, :, :-2]
    down = around[:, 2:] - around[:, :-2]
    across = torch.add(across[:, :-2], across[:, 1:-1], alpha=2).add_(across[:, 2:])
    down = torch.add(down[:, :, :-2], down[:, :, 1:-1], alpha=2).add_(down[:, :, 2:])
    return across.hypot_(down)
