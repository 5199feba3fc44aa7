"""How a network lies in memory changes its speed and nothing else."""

import pytest
import torch
from torch import Tensor, nn

from audit.models.model import state_hash, to_channels_last
from fixtures.networks import in_place, ready


class Viewing(nn.Module):
    """Cannot lie channels-last: `view` needs the channels in front."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3)
        self.head = nn.Linear(4 * 10 * 10, 2)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.convolution(x).view(len(x), -1))
        return logits


@pytest.mark.parametrize(("network", "can"), [(ready(in_place()), True), (ready(Viewing()), False)])
def test_channels_last_is_used_where_it_changes_nothing(network: nn.Module, can: bool) -> None:
    before, x = state_hash(network), torch.randn(2, 3, 12, 12)
    expected = network(x)
    assert to_channels_last(network, x) is can
    assert state_hash(network) == before
    torch.testing.assert_close(network(x), expected)
