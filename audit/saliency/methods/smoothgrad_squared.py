"""SmoothGrad of squared gradients."""

import torch
from torch import Tensor

from audit.bounds import Asked
from audit.registry import Need
from audit.saliency.batch import Batch
from audit.saliency.methods.smoothgrad import NoiseLevel, noisy_gradients

NEEDS: frozenset[Need] = frozenset({"gradient"})


def smoothgrad_squared(batch: Batch, *, samples: Asked = 16, noise_level: NoiseLevel = 0.15) -> Tensor:
    """The mean squared gradient over noisy copies of the picture.

    Hooker et al.: A Benchmark for Interpretability Methods in Deep Neural Networks, 2019 (SG-SQ). The noise is that of
    `smoothgrad`. Returns (N, C, H, W), non-negative.
    Cost: `samples` forward and `samples` backward passes; one noisy copy in memory at a time.
    """
    total = torch.zeros_like(batch.x)
    for gradient in noisy_gradients(batch, samples, noise_level):
        total += gradient.square()
    return total / samples
