"""SmoothGrad."""

from collections.abc import Iterator
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from audit.bounds import Asked
from audit.registry import Need
from audit.saliency.batch import Batch

NEEDS: frozenset[Need] = frozenset({"gradient"})

NoiseLevel = Annotated[float, Field(gt=0, le=1)]


def smoothgrad(batch: Batch, *, samples: Asked = 16, noise_level: NoiseLevel = 0.15) -> Tensor:
    """The mean gradient over noisy copies of the picture.

    Smilkov et al.: SmoothGrad: removing noise by adding noise, 2017. `noise_level` is the noise's standard deviation as
    a share of the picture's own range (largest minus smallest value). Returns (N, C, H, W).
    Cost: `samples` forward and `samples` backward passes; one noisy copy in memory at a time.
    """
    total = torch.zeros_like(batch.x)
    for gradient in noisy_gradients(batch, samples, noise_level):
        total += gradient
    return total / samples


def noisy_gradients(batch: Batch, samples: int, noise_level: float) -> Iterator[Tensor]:
    """The gradient (N, C, H, W) at each of `samples` noisy copies of the pictures."""
    low, high = batch.x.flatten(1).aminmax(dim=1)
    spread = noise_level * (high - low).reshape(-1, 1, 1, 1)
    for noise in batch.noise(samples):
        yield batch.differentiate(batch.x + spread * noise).gradient
