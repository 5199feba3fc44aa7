"""The operators of exported programs as layers: the same numbers, and maps as of the network itself."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision import models

from audit.models.kinds.exported import exported
from audit.models.model import state_hash
from audit.saliency.batch import Batch
from audit.saliency.methods.gradcam import gradcam
from audit.saliency.methods.guided_backprop import guided_backprop
from fixtures.networks import ready, vit

X = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(9))


class Functional(nn.Module):
    """Rectifies in every way that a program knows."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 6, 5, padding=2), nn.Conv2d(6, 6, 3, padding=1)
        self.head = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        one = F.relu6(self.first(x))
        two = F.hardtanh(self.second(one), 0.0, 2.0)
        two = two + F.relu(one)
        answers: Tensor = self.head(F.relu_(two).mean(dim=(2, 3)))
        return answers


def program(network: nn.Module, path: Path, x: Tensor) -> nn.Module:
    sizes = ({0: torch.export.Dim("batch")},)
    torch.export.save(torch.export.export(network, (x,), dynamic_shapes=sizes), path)
    return exported(path=path).module


def batch(module: nn.Module, x: Tensor) -> Batch:
    return Batch(module, x, torch.tensor([0, 1]), torch.zeros(3), torch.ones(3), (0, 1))


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "functional": Functional,
    "resnet18": lambda: models.resnet18(weights=None, num_classes=5),
    "mobilenet_v2": lambda: models.mobilenet_v2(weights=None, num_classes=5),
}


@pytest.mark.tor("TOR-016")
@pytest.mark.parametrize("name", NETWORKS)
def test_a_program_is_guided_as_its_network_is_and_shows_its_last_map(name: str, tmp_path: Path) -> None:
    torch.manual_seed(3)
    network = ready(NETWORKS[name]())
    module = program(network, tmp_path / "own.pt2", X)
    torch.testing.assert_close(module(X), network(X))
    torch.testing.assert_close(batch(module, X).plain.gradient, batch(network, X).plain.gradient)
    torch.testing.assert_close(guided_backprop(batch(module, X)), guided_backprop(batch(network, X)))
    found = gradcam(batch(module, X))
    if name != "functional":  # of which the network itself shows no layer behind the last sum
        torch.testing.assert_close(found.signed, gradcam(batch(network, X)).signed)
    layer = found.per_run["layer"]
    torch.testing.assert_close(gradcam(batch(module, X), layer=layer).signed, found.signed)


def test_tokens_of_a_program_are_those_of_its_network(tmp_path: Path) -> None:
    network, x = ready(vit(32)), X[:, :, :32, :32]
    module = program(network, tmp_path / "own.pt2", x)
    torch.testing.assert_close(gradcam(batch(module, x)).signed, gradcam(batch(network, x)).signed)


def test_layers_change_no_state(tmp_path: Path) -> None:
    network = ready(NETWORKS["resnet18"]())
    assert state_hash(program(network, tmp_path / "own.pt2", X)) == state_hash(network)
