"""Folding batch norms changes nothing but the time, or is not done."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

import audit
from audit.models.folded import folded
from audit.models.model import freeze, state_hash
from audit.record.record import Record
from audit.saliency.batch import Batch
from audit.saliency.sources import sources
from audit.settings_tables import SaliencyTable
from fixtures.networks import ready
from fixtures.shapes import network, write_shapes

X = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(7))


def norms(module: nn.Module) -> int:
    return sum(isinstance(part, nn.BatchNorm2d) for part in module.modules())


@pytest.mark.tor("TOR-101")
@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "densenet121"])
def test_a_folded_network_answers_alike_and_the_network_stays_as_it_was(name: str) -> None:
    module = ready(models.get_model(name, weights=None, num_classes=5))
    before = state_hash(module)
    quick = folded(module, X)
    assert quick is not None
    assert norms(quick) < norms(module)
    assert state_hash(module) == before
    assert not any(parameter.requires_grad for parameter in quick.parameters())
    torch.testing.assert_close(quick(X), module(X), rtol=1e-3, atol=1e-3 * float(module(X).std()))


class Turning(nn.Module):
    """Goes another way for bright pictures, which no trace can tell."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = network()

    def forward(self, x: Tensor) -> Tensor:
        answers: Tensor = self.layers(x)
        return -answers if x.mean() > 0.5 else answers


class Hooked(nn.Module):
    """A hook on the layer that is folded away."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = network()
        self.layers.get_submodule("1").register_forward_hook(lambda _, __, answers: 2 * answers)

    def forward(self, x: Tensor) -> Tensor:
        answers: Tensor = self.layers(x)
        return answers


@pytest.mark.tor("TOR-101")
@pytest.mark.parametrize("module", [Turning(), Hooked(), nn.Sequential(nn.Flatten(), nn.Linear(3 * 24 * 24, 2))])
def test_what_cannot_be_folded_alike_is_not_folded(module: nn.Module) -> None:
    assert folded(freeze(module), X[:, :, :24, :24]) is None


def test_layers_are_those_of_the_network_itself() -> None:
    """Two networks that differ: a method that needs layers asks the first, any other the second."""
    module = freeze(network())
    other = freeze(network())
    with torch.no_grad():
        next(other.parameters()).mul_(3)
    x = X[:, :, :24, :24]
    plain = Batch(module, x, torch.tensor([0, 1]), torch.zeros(3), torch.ones(3), (0, 1))
    quick = Batch(module, x, torch.tensor([0, 1]), torch.zeros(3), torch.ones(3), (0, 1), folded=other)
    table = SaliencyTable.model_validate({"methods": ["gradient", "gradcam"], "null_maps": []})
    gradient, gradcam = sources(table)
    assert not torch.allclose(gradient.ask(quick)[0], gradient.ask(plain)[0])
    assert torch.equal(gradient.ask(quick)[0], gradient.ask(quick.of(other))[0])
    assert torch.equal(gradcam.ask(quick)[0], gradcam.ask(plain)[0])


@pytest.mark.tor("TOR-101")
def test_the_record_says_whether_the_network_was_folded(tmp_path: Path) -> None:
    path = audit.measure(write_shapes(tmp_path / "data"), tmp_path / "out")
    with Record.open(path) as record:
        assert record.identity()["folded"] is True


class Counting(nn.Module):
    """Counts its calls where no state of the network would show it."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = network()
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        answers: Tensor = self.layers(x)
        return answers


@pytest.mark.tor("TOR-101")
def test_a_network_that_remembers_its_calls_is_not_folded() -> None:
    module = Counting()
    assert folded(freeze(module), X[:, :, :24, :24]) is None
    assert module.calls > 0
