"""Layer-wise relevance by zennit: against a plain computation of it, and refused where rules would be passed by."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision import models

from audit import registry
from audit.errors import AuditError
from audit.models.model import state_hash
from audit.saliency.batch import Attribution, Batch
from audit.saliency.methods.guided_backprop import guided_backprop
from fixtures import networks

pytest.importorskip("zennit.composites")
Values = NDArray[np.float64]
STABILISER = 1e-6


def ask(kind: str, batch: Batch, **options: Any) -> Attribution:
    method = registry.resolve("audit.saliency.methods", f"zennit:{kind}")
    answer: Attribution = method(batch, **registry.options(method, options, kind))
    return answer


def small(*, bias: bool = True) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1, bias=bias),
        nn.ReLU(inplace=True),
        nn.Conv2d(3, 2, 3, stride=2, bias=bias),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(8, networks.CLASSES, bias=bias),
    )


def as_matrix(layer: nn.Module, shape: tuple[int, ...]) -> tuple[Values, Values]:
    """What a linear layer does to each entry of its input: (inputs, outputs), and its bias (outputs)."""
    with torch.no_grad():
        bias = layer(torch.zeros(1, *shape)).flatten().double().numpy()
        rows = []
        for entry in range(math.prod(shape)):
            unit = torch.zeros(math.prod(shape))
            unit[entry] = 1
            rows.append(layer(unit.view(1, *shape)).flatten().double().numpy() - bias)
    return np.stack(rows), bias


def stabilised(value: float) -> float:
    return value + (STABILISER if value >= 0 else -STABILISER)


def z_plus(x: Values, weight: Values, bias: Values, relevance: Values) -> Values:
    """Each output's relevance goes to its positive contributions, in their proportion; a positive bias takes its part.

    Montavon et al.: Explaining nonlinear classification decisions with deep Taylor decomposition, 2017.
    """
    result = np.zeros_like(x)
    for j in range(len(relevance)):
        contributions = [max(x[i] * weight[i, j], 0.0) for i in range(len(x))]
        whole = stabilised(sum(contributions) + max(bias[j], 0.0))
        for i in range(len(x)):
            result[i] += contributions[i] / whole * relevance[j]
    return result


def epsilon(x: Values, weight: Values, bias: Values, relevance: Values) -> Values:
    """Bach et al.: On pixel-wise explanations by layer-wise relevance propagation, 2015, with z + epsilon sign(z)."""
    result = np.zeros_like(x)
    for j in range(len(relevance)):
        whole = stabilised(sum(x[i] * weight[i, j] for i in range(len(x))) + bias[j])
        for i in range(len(x)):
            result[i] += x[i] * weight[i, j] / whole * relevance[j]
    return result


def by_hand(network: nn.Module, picture: Tensor, target: int, convolution: Any) -> Values:
    first, second, head = (network.get_submodule(name) for name in ("0", "2", "5"))
    with torch.no_grad():
        one = torch.relu(first(picture[None]))
        two = torch.relu(second(one))
    relevance: Values = np.eye(networks.CLASSES)[target]
    for layer, given, rule in (
        (head, two.flatten(1), epsilon),
        (second, one, convolution),
        (first, picture[None], convolution),
    ):
        weight, bias = as_matrix(layer, tuple(given.shape[1:]))
        relevance = rule(given.flatten().double().numpy(), weight, bias, relevance)
    return relevance.reshape(picture.shape)


@pytest.mark.tor("TOR-098")
@pytest.mark.parametrize("bias", [False, True])
def test_epsilon_plus_is_that_of_the_papers(bias: bool) -> None:
    batch = networks.batch_of(networks.ready(small(bias=bias)), channels=2, side=6)
    answer = ask("EpsilonPlus", batch)
    for place in range(len(batch.x)):
        expected = by_hand(batch.module, batch.x[place], int(batch.target[place]), z_plus)
        np.testing.assert_allclose(answer.signed[place].numpy(), expected, rtol=1e-3, atol=1e-6)
    sums = answer.signed.double().sum(dim=(1, 2, 3)).float()
    torch.testing.assert_close(answer.per_picture["conserved"], sums)
    if not bias:
        torch.testing.assert_close(sums, torch.ones(len(batch.x)), rtol=0, atol=1e-3)


@pytest.mark.tor("TOR-098")
@pytest.mark.parametrize("kind", ["EpsilonPlus", "EpsilonPlusFlat", "EpsilonAlpha2Beta1", "EpsilonGammaBox"])
def test_batch_norms_are_merged_and_come_back(kind: str) -> None:
    def normed() -> nn.Module:
        return nn.Sequential(
            nn.Conv2d(3, 6, 3, bias=False),
            nn.BatchNorm2d(6),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Linear(24, networks.CLASSES),
        )

    batch = networks.batch_of(networks.ready(normed()))
    norm, plain = batch.module.get_submodule("1"), nn.Conv2d(3, 6, 3)
    weight = batch.module.get_submodule("0").weight
    assert isinstance(norm, nn.BatchNorm2d) and isinstance(weight, Tensor)
    assert norm.running_mean is not None and norm.running_var is not None
    with torch.no_grad():
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        plain.weight.copy_(weight * scale[:, None, None, None])
        plain.bias.copy_(norm.bias - norm.running_mean * scale)  # type: ignore[union-attr]
    merged = nn.Sequential(plain, *list(batch.module.children())[2:]).eval()
    identity = state_hash(batch.module)
    answer = ask(kind, batch)
    assert state_hash(batch.module) == identity
    torch.testing.assert_close(answer.signed, ask(kind, networks.batch_of(merged)).signed, rtol=1e-3, atol=1e-6)


@pytest.mark.tor("TOR-098")
def test_a_batch_norm_before_its_convolution_is_refused() -> None:
    network = nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 5, 12), nn.Flatten())
    with pytest.raises(AuditError, match=r"zennit:EpsilonPlus: the batch norm '0' follows no convolution"):
        ask("EpsilonPlus", networks.batch_of(networks.ready(network)))


@pytest.mark.tor("TOR-098")
def test_norms_that_are_called_elsewhere_than_they_are_listed_are_refused() -> None:
    class Crossed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.norm, self.relu = nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.ReLU()
            self.pool = nn.AdaptiveAvgPool2d(1)

        def forward(self, x: Tensor) -> Tensor:
            return torch.flatten(self.pool(self.norm(self.relu(self.first(x)))), 1)

    network = networks.ready(Crossed())
    identity = state_hash(network)
    with pytest.raises(AuditError, match="answers otherwise once its batch norms are merged"):
        ask("EpsilonPlus", networks.batch_of(network))
    assert state_hash(network) == identity


@pytest.mark.tor("TOR-098")
@pytest.mark.parametrize("rectifier", [F.relu, torch.relu, lambda x: x.clamp(min=0)])
@pytest.mark.parametrize(
    "kind", ["EpsilonPlus", "EpsilonGammaBox", "ExcitationBackprop", "GuidedBackprop", "DeconvNet"]
)
def test_functional_activations_are_refused(kind: str, rectifier: Any) -> None:
    class Written(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.head = nn.Conv2d(3, 6, 3), nn.Linear(600, networks.CLASSES)

        def forward(self, x: Tensor) -> Tensor:
            logits: Tensor = self.head(torch.flatten(rectifier(self.first(x)), 1))
            return logits

    with pytest.raises(AuditError, match=rf"zennit:{kind}: the network calls \w+ itself, where the hooks"):
        ask(kind, networks.batch_of(networks.ready(Written())))


@pytest.mark.tor("TOR-098")
def test_a_layer_that_is_called_twice_is_refused_but_a_rectifier_is_not() -> None:
    class Twice(nn.Module):
        def __init__(self, depth: int) -> None:
            super().__init__()
            self.first, self.layer, self.relu = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()
            self.head, self.depth = nn.Linear(400, networks.CLASSES), depth

        def forward(self, x: Tensor) -> Tensor:
            x = self.relu(self.first(x))
            for _ in range(self.depth):
                x = self.relu(self.layer(x))
            logits: Tensor = self.head(torch.flatten(x, 1))
            return logits

    assert torch.isfinite(ask("EpsilonPlus", networks.batch_of(networks.ready(Twice(1)))).signed).all()
    with pytest.raises(AuditError, match="the network calls its layer 'layer' 2 times"):
        ask("EpsilonPlus", networks.batch_of(networks.ready(Twice(2))))


@pytest.mark.tor("TOR-098")
def test_a_sum_beside_the_layers_is_refused_and_that_of_torchvision_is_made_a_layer() -> None:
    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.head = (
                nn.Conv2d(3, 4, 3),
                nn.Conv2d(4, 4, 1),
                nn.Linear(400, networks.CLASSES),
            )

        def forward(self, x: Tensor) -> Tensor:
            x = self.first(x)
            logits: Tensor = self.head(torch.flatten(x + self.second(x), 1))
            return logits

    with pytest.raises(AuditError, match="the network calls add itself"):
        ask("EpsilonPlus", networks.batch_of(networks.ready(Residual())))
    resnet = networks.ready(models.ResNet(models.resnet.BasicBlock, [1, 1, 1, 1], num_classes=networks.CLASSES))
    answer = ask("EpsilonPlus", networks.batch_of(resnet, side=32))
    assert torch.isfinite(answer.signed).all() and bool((answer.signed.abs().sum(dim=(1, 2, 3)) > 0).all())
    assert not any("canonizer" in name for part in resnet.modules() for name in vars(part))


@pytest.mark.tor("TOR-098")
def test_guided_backprop_agrees_with_ours() -> None:
    batch = replace(networks.batch_of(networks.ready(small()), channels=2, side=6), score="logit")
    torch.testing.assert_close(ask("GuidedBackprop", batch).signed, guided_backprop(batch), rtol=1e-4, atol=1e-7)
