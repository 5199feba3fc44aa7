"""Input times gradient."""

from torch import Tensor

from audit.registry import Need
from audit.saliency.batch import Batch

NEEDS: frozenset[Need] = frozenset({"gradient"})


def input_x_gradient(batch: Batch) -> Tensor:
    """The gradient times the picture, as the network sees it.

    Shrikumar et al.: Not Just a Black Box, 2016. The picture is in the network's units, so that zero is the mean colour
    of the preprocessing, not black. Returns (N, C, H, W).
    Cost: 1 forward, 1 backward pass, shared with the plain gradient.
    """
    return batch.x * batch.plain.gradient
