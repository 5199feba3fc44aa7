"""Occlusion."""

import math
from itertools import product
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from audit.bounds import Pictures
from audit.errors import AuditError
from audit.registry import Need
from audit.saliency.batch import Batch, score_of

NEEDS: frozenset[Need] = frozenset()

Window = Annotated[float, Field(ge=0.02, lt=1)]
Stride = Annotated[float, Field(ge=0.02, lt=1)]


def occlusion(batch: Batch, *, window: Window = 0.2, stride: Stride = 0.1, pictures: Pictures | None = None) -> Tensor:
    """How much the score falls where a square window hides the picture.

    Zeiler, Fergus: Visualizing and Understanding Convolutional Networks, 2014. The window is filled with the mean
    colour of the training data; a pixel gets the mean over all windows that cover it. `window` and `stride` are shares
    of the shorter side. Needs no derivative. pictures: how many of the whole data set are drawn, since each costs many
    passes; None: all.

    Returns signed (N, 1, H, W). Raises AuditError where the stride is longer than the window.
    Cost: 1 forward pass for each position of the window: 81 by default on a square frame.
    """
    del pictures  # the engine draws them
    if stride > window:
        raise AuditError(
            "occlusion", f"stride {stride:g} is longer than window {window:g}", "need windows without gaps between them"
        )
    height, width = batch.x.shape[2:]
    side = max(1, round(window * min(height, width)))
    step = min(float(side), max(1.0, stride * min(height, width)))
    total = torch.zeros_like(batch.x[:, :1], dtype=torch.float64)
    covered = torch.zeros_like(total[:1])
    score = score_of(batch.logits.double(), batch.target, batch.score)
    for y, x in product(_starts(height, side, step), _starts(width, side, step)):
        here = (..., slice(y, y + side), slice(x, x + side))
        hidden = batch.x.clone()
        hidden[here] = 0
        with torch.no_grad():
            left = score_of(batch.ask(hidden).double(), batch.target, batch.score)
        total[here] += (score - left).view(-1, 1, 1, 1)
        covered[here] += 1
    return (total / covered).to(batch.x.dtype)


def _starts(length: int, side: int, step: float) -> list[int]:
    """Where windows begin, evenly, so that they cover the whole length and are no more than a step apart."""
    last = length - side
    count = math.ceil(last / step) + 1
    return [round(last * i / max(1, count - 1)) for i in range(count)]
