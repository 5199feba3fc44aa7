"""What the architecture alone would show."""

from torch import Tensor

from audit.bounds import Pictures
from audit.registry import Need
from audit.saliency.batch import Batch, reduce_channels

NEEDS: frozenset[Need] = frozenset({"gradient", "untrained"})


def random_model(batch: Batch, *, pictures: Pictures = 100) -> Tensor:
    """The gradient of a copy of the network with random weights, on a random subset of the pictures.

    (N, H, W). pictures: how many of the whole data set are drawn, since this null map costs a forward and a backward
    pass for each. Source: the sanity check of Adebayo et al. 2018. Raises ValueError where the batch brings no copy.
    """
    if batch.untrained is None:
        raise ValueError("the batch brings no untrained copy of the network")
    return reduce_channels(batch.of_copy(batch.untrained).differentiate().gradient, "abs_max")
