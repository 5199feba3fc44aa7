"""The plain gradient."""

from torch import Tensor

from audit.registry import Need
from audit.saliency.batch import Batch

NEEDS: frozenset[Need] = frozenset({"gradient"})


def gradient(batch: Batch) -> Tensor:
    """The score's derivative with respect to the picture.

    Simonyan, Vedaldi, Zisserman: Deep Inside Convolutional Networks, 2014. Returns (N, C, H, W).
    Cost: 1 forward, 1 backward pass, shared with everything else that needs the plain derivative.
    """
    return batch.plain.gradient
