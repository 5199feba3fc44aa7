"""Pictures in the frame of their own objects: what they look like there, and patches brought from object to object.

The frame of a picture's objects is the smallest box around them, its hull.
"""

import torch
from torch import Tensor

from audit.experiments.altered_batch import Trial
from audit.experiments.moved_objects import brought, hulls_of
from audit.experiments.pieces import PIECE, Pieces
from audit.experiments.swaps import Lenders
from audit.experiments.telling_places import Looks, looks
from audit.inspection.view import THUMBNAIL


def looks_at_objects(pixels: Tensor, inside: Tensor) -> Looks:
    """What the objects look like, each hull stretched over the whole frame, all of it free.

    pixels: (N, C, H, W) uint8. inside: (N, 1, H, W) bool, the union of the boxes.
    """
    height, width = pixels.shape[2:]
    frame = torch.tensor([0.0, 0.0, width, height], device=pixels.device).expand(len(pixels), 4)
    stretched, _ = brought(pixels.float(), hulls_of(inside), frame, torch.ones_like(inside))
    return looks(stretched.round().clamp(0, 255).to(torch.uint8), torch.zeros_like(inside))


def region_of_objects_swapped(trial: Trial, pieces: Pieces, lent: Lenders) -> Tensor:
    """(N, C, H, W): in these pieces of each hull, and inside the boxes, what the lender's hull shows there."""
    x, hulls = trial.batch.x, hulls_of(trial.inside)
    lent_there, _ = brought(lent.whole, lent.hulls, hulls, torch.ones_like(trial.inside))
    return torch.where(region_of(pieces, hulls, trial.inside), lent_there, x)


def region_of(pieces: Pieces, hulls: Tensor, inside: Tensor) -> Tensor:
    """(N, 1, H, W) bool: the pixels inside the boxes whose middle lies in these pieces of their picture's hull.

    hulls: (N, 4). inside: (N, 1, H, W) bool.
    """
    height, width = inside.shape[2:]
    low, sides = hulls[:, :2, None], hulls[:, 2:, None] - hulls[:, :2, None]
    across, down = (
        ((torch.arange(side, device=hulls.device) + 0.5 - low[:, axis]) * THUMBNAIL / sides[:, axis])
        .long()
        .clamp(0, THUMBNAIL - 1)
        for axis, side in enumerate((width, height))
    )
    piece = torch.from_numpy(PIECE).to(hulls.device)[down[:, :, None], across[:, None, :]]
    return torch.isin(piece, torch.tensor(pieces, device=hulls.device)).unsqueeze(1) & inside
