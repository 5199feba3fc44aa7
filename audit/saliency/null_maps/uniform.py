"""The map that looks everywhere."""

from torch import Tensor

from audit.registry import Need
from audit.saliency.batch import Batch

NEEDS: frozenset[Need] = frozenset()


def uniform(batch: Batch) -> Tensor:
    """The same value everywhere: its mass in a box is the box's share of the area.

    Returns ones, (N, H, W).
    """
    return batch.x.new_ones(1).expand(batch.x[:, 0].shape)
