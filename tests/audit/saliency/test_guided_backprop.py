"""Guided backpropagation: every way to write a ReLU, and refusal where one cannot be reached."""

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from audit.errors import AuditError
from audit.models.model import freeze, logits_of
from audit.saliency.batch import Batch
from audit.saliency.methods.gradient import gradient
from audit.saliency.methods.guided_backprop import GuidedReLU, guided_backprop
from fixtures import networks

Rectifier = Callable[[Tensor], Tensor]
RELUS: dict[str, Rectifier] = {
    "module": nn.ReLU(),
    "module in place": nn.ReLU(inplace=True),
    "F.relu": F.relu,
    "F.relu in place": lambda x: F.relu(x, inplace=True),
    "F.relu in place, by position": lambda x: F.relu(x, True),
    "F.relu by name": lambda x: F.relu(input=x),
    "F.relu_": F.relu_,
    "torch.relu": torch.relu,
    "torch.relu_": torch.relu_,
    "method": lambda x: x.relu(),
    "method in place": lambda x: x.relu_(),
    "hardtanh without a ceiling in reach": lambda x: F.hardtanh(x, 0.0, 1e9),
}
RELU6S: dict[str, Rectifier] = {
    "module": nn.ReLU6(),
    "module in place": nn.ReLU6(inplace=True),
    "F.relu6": F.relu6,
    "F.relu6 in place": lambda x: F.relu6(x, inplace=True),
    "hardtanh": lambda x: F.hardtanh(x, 0.0, 6.0),
    "hardtanh in place": lambda x: F.hardtanh(x, 0.0, 6.0, inplace=True),
    "hardtanh_": lambda x: F.hardtanh_(x, 0.0, 6.0),
}


class Written(nn.Module):
    """Two layers of ReLUs in a given spelling. In place: the caller's tensor is used afterwards, not the result."""

    def __init__(self, rectifier: Rectifier, scale: float = 1.0) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, padding=1)
        self.second = nn.Conv2d(6, 8, 3, padding=1)
        self.head = nn.Linear(8, networks.CLASSES)
        self.rectifier = rectifier
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        x = self.rectifier(self.scale * self.first(x))
        x = self.rectifier(self.scale * self.second(x))
        head: Tensor = self.head(x.mean(dim=(2, 3)))
        return head


def written(rectifier: Rectifier, scale: float = 1.0) -> Batch:
    return networks.batch_of(networks.ready(Written(rectifier, scale)))


def by_hand(batch: Batch, ceiling: float) -> Tensor:
    """The backward pass of `Written`, spelt out layer by layer from the paper."""
    network = batch.module
    assert isinstance(network, Written)
    with torch.no_grad():
        before_first = network.scale * network.first(batch.x)
        before_second = network.scale * network.second(before_first.clamp(0, ceiling))
        logits = network.head(before_second.clamp(0, ceiling).mean(dim=(2, 3)))
        wanted = torch.eye(networks.CLASSES)[batch.target] - torch.softmax(logits, dim=1)
        flow = (wanted @ network.head.weight)[:, :, None, None].expand_as(before_second)
        flow = flow / (before_second.shape[2] * before_second.shape[3])
        for before, layer in ((before_second, network.second), (before_first, network.first)):
            flow = flow * (flow > 0) * (before > 0) * (before < ceiling) * network.scale
            flow = F.conv_transpose2d(flow, layer.weight, padding=1)
    return flow


@pytest.mark.tor("TOR-017")
@pytest.mark.parametrize("spelling", RELUS)
def test_every_relu_is_guided(spelling: str) -> None:
    batch = written(RELUS[spelling])
    torch.testing.assert_close(guided_backprop(batch), by_hand(batch, torch.inf), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("spelling", RELU6S)
def test_every_relu6_is_guided(spelling: str) -> None:
    batch = written(RELU6S[spelling], scale=5.0)
    found = guided_backprop(batch)
    torch.testing.assert_close(found, by_hand(batch, 6.0), rtol=1e-4, atol=1e-6)
    assert not torch.allclose(found, by_hand(batch, torch.inf))


@pytest.mark.tor("TOR-017")
@pytest.mark.parametrize("network", [networks.Functional, networks.Shared, networks.in_place])
def test_it_is_not_the_plain_gradient_and_the_logits_stay(network: Callable[[], nn.Module]) -> None:
    batch = networks.batch_of(networks.ready(network()))
    assert not torch.allclose(guided_backprop(batch), gradient(batch), rtol=0.1)
    with torch.no_grad(), GuidedReLU() as guided:
        assert torch.equal(logits_of(batch.module, batch.x), batch.logits)
    assert guided.reached > 0


def test_an_in_place_relu_overwrites_its_input_as_always() -> None:
    values = torch.tensor([-1.0, 2.0])
    with GuidedReLU():
        F.relu(values, inplace=True)
    assert values.tolist() == [0.0, 2.0]


def test_in_place_on_a_view() -> None:
    class Halves(Written):
        def forward(self, x: Tensor) -> Tensor:
            x = self.first(x)
            x[:, :3].relu_()
            head: Tensor = self.head(self.second(torch.relu(x)).mean(dim=(2, 3)))
            return head

    batch = networks.batch_of(networks.ready(Halves(torch.relu)))
    with_view = guided_backprop(batch)

    class Whole(Halves):
        def forward(self, x: Tensor) -> Tensor:
            head: Tensor = self.head(self.second(torch.relu(self.first(x))).mean(dim=(2, 3)))
            return head

    torch.testing.assert_close(with_view, guided_backprop(networks.batch_of(networks.ready(Whole(torch.relu)))))


@pytest.mark.tor("TOR-017")
def test_captum_agrees_on_modules() -> None:
    class Probabilities(nn.Module):
        def __init__(self, network: nn.Module) -> None:
            super().__init__()
            self.network = network

        def forward(self, x: Tensor) -> Tensor:
            return torch.log_softmax(self.network(x), dim=1)

    batch = written(nn.ReLU())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        attr = pytest.importorskip("captum.attr")
        modules = nn.Sequential(
            batch.module.get_submodule("first"),
            nn.ReLU(),
            batch.module.get_submodule("second"),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            batch.module.get_submodule("head"),
        )
        expected = attr.GuidedBackprop(Probabilities(modules)).attribute(batch.x.clone(), target=batch.target)
    torch.testing.assert_close(guided_backprop(batch), expected.detach(), rtol=1e-4, atol=1e-7)


def test_a_symmetric_hardtanh_is_no_relu() -> None:
    batch = written(lambda x: torch.relu(F.hardtanh(x, -1e9, 1e9)))
    torch.testing.assert_close(guided_backprop(batch), by_hand(batch, torch.inf), rtol=1e-4, atol=1e-7)
    with pytest.raises(AuditError, match="the network has no ReLU"):
        guided_backprop(written(nn.Hardtanh()))


@pytest.mark.tor("TOR-017")
def test_a_network_without_relu_is_refused() -> None:
    with pytest.raises(AuditError, match=r"guided_backprop: the network has no ReLU.*Use gradient"):
        guided_backprop(networks.batch_of(networks.ready(networks.smooth())))


@pytest.mark.tor("TOR-017")
@pytest.mark.parametrize(
    "hidden",
    [
        torch.ops.aten.relu.default,
        lambda x: x.clamp(min=0),
        lambda x: x.clamp_min(0),
        lambda x: F.threshold(x, 0.0, 0.0),
    ],
)
def test_a_relu_that_is_not_reached_is_refused_even_beside_one_that_is(hidden: Any) -> None:
    with pytest.raises(AuditError, match="a ReLU of the network cannot be reached"):
        guided_backprop(written(lambda x: torch.relu(hidden(x))))


def test_a_clamp_above_zero_is_no_relu() -> None:
    guided_backprop(written(lambda x: torch.relu(x).clamp(min=1e-6)))


def exported(network: nn.Module, x: Tensor) -> nn.Module:
    return networks.program(network, x).module()


def scripted(network: nn.Module, x: Tensor) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(network)


def traced(network: nn.Module, x: Tensor) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.trace(network, x)  # type: ignore[no-any-return, no-untyped-call]


@pytest.mark.slow
@pytest.mark.tor("TOR-017")
@pytest.mark.parametrize(
    ("convert", "reason"),
    [
        (exported, "a ReLU of the network cannot be reached"),
        (scripted, "the network is TorchScript"),
        (traced, "the network is TorchScript"),
    ],
)
def test_programs_are_refused(convert: Callable[[nn.Module, Tensor], nn.Module], reason: str) -> None:
    plain = networks.batch_of(networks.ready(networks.in_place()))
    batch = networks.batch_of(convert(plain.module, plain.x))
    torch.testing.assert_close(gradient(batch), gradient(plain))
    with pytest.raises(AuditError, match=reason):
        guided_backprop(batch)


@pytest.mark.tor("TOR-017")
@pytest.mark.parametrize("convert", [scripted, traced])
def test_a_scripted_part_is_refused(convert: Callable[[nn.Module, Tensor], nn.Module]) -> None:
    inner = convert(networks.ready(networks.in_place()), torch.zeros(1, 3, 12, 12))
    with pytest.raises(AuditError, match="its part '1' is TorchScript"):
        guided_backprop(networks.batch_of(freeze(nn.Sequential(nn.ReLU(), inner))))


@pytest.mark.tor("TOR-017")
def test_a_scripted_function_is_refused() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted_relu = torch.jit.script(_twice)
    batch = written(lambda x: torch.relu(scripted_relu(x)))
    for _ in range(3):  # TorchScript changes its mind about its graph in the first calls
        with pytest.raises(AuditError, match="a ReLU of the network cannot be reached"):
            guided_backprop(batch)


def _twice(x: Tensor) -> Tensor:
    return torch.relu(x) * 2
