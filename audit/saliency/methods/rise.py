"""RISE: randomised input sampling for explanation."""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from audit.bounds import Asked, Pictures
from audit.registry import Need
from audit.saliency.batch import Batch, score_of

NEEDS: frozenset[Need] = frozenset()

Cells = Annotated[int, Field(ge=2, le=32)]
Kept = Annotated[float, Field(gt=0, lt=1)]
MASKS = 2
"""The purpose of the random numbers."""


def rise(
    batch: Batch, *, masks: Asked = 500, cells: Cells = 7, kept: Kept = 0.5, pictures: Pictures | None = None
) -> Tensor:
    """How much likelier the class is where random masks leave a place visible than it is on average under them.

    Petsiuk, Das, Saenko: RISE: Randomized Input Sampling for Explanation of Black-box Models, 2018. A mask is a grid of
    `cells` by `cells`, each of which is `kept` with that probability, resized linearly and moved at random by less than
    a cell; what it hides fades to the mean colour of the training data. The paper's map, the sum of the masks weighted
    by the class's probability, less its constant part: E[P | the place is visible] - E[P], over `masks` masks, which
    are each picture's own. Needs no derivative. pictures: how many of the whole data set are drawn, since each costs
    many passes; None: all.

    Returns signed (N, 1, H, W). Cost: 1 forward pass for each mask.
    """
    del pictures  # the engine draws them
    visible = torch.zeros_like(batch.x[:, :1], dtype=torch.float64)
    weighted, total = torch.zeros_like(visible), torch.zeros_like(visible[:, :, :1, :1])
    for mask in _masks(batch, masks, cells, kept):
        with torch.no_grad():
            logits = batch.ask(batch.x * mask)
        probability = score_of(logits.double(), batch.target, "probability").view(-1, 1, 1, 1)
        visible += mask
        weighted += probability * mask
        total += probability
    signed = weighted / visible.clamp(min=torch.finfo(torch.float64).tiny) - total / masks
    return signed.to(batch.x.dtype)


def _masks(batch: Batch, count: int, cells: int, kept: float) -> Iterator[Tensor]:
    """`count` times (N, 1, H, W) from 0 to 1, drawn from each picture's own seed."""
    height, width = batch.x.shape[2:]
    size = torch.tensor([-(-height // cells), -(-width // cells)])
    frame = [int(side) for side in (cells + 1) * size]
    generators = [np.random.default_rng((seed, MASKS)) for seed in batch.seeds]
    picture = torch.arange(len(batch.x)).view(-1, 1, 1)
    rows, columns = torch.arange(height).view(1, -1, 1), torch.arange(width).view(1, 1, -1)
    for _ in range(count):
        drawn = torch.from_numpy(np.stack([rng.random((cells + 1) ** 2 + 2) for rng in generators]))
        grid = (drawn[:, 2:] < kept).float().view(-1, 1, cells + 1, cells + 1)
        fine = F.interpolate(grid, frame, mode="bilinear", align_corners=False).squeeze(1)
        down, across = (drawn[:, :2] * size).long().unbind(dim=1)
        moved = fine[picture, rows + down.view(-1, 1, 1), columns + across.view(-1, 1, 1)]
        yield moved.unsqueeze(1).to(batch.x)
