"""The contract of every attribution of another library: that of our own methods."""

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from audit import registry
from audit.errors import AuditError
from audit.models.model import freeze, state_hash
from audit.saliency.batch import Attribution, Batch
from fixtures import networks

METHODS, LIBRARIES = "audit.saliency.methods", "audit.saliency.libraries"
SMALL: dict[str, dict[str, Any]] = {
    "captum:Occlusion": {"window": 4, "stride": 2},
    "captum:ShapleyValueSampling": {"cells": 2, "n_samples": 3},
    "captum:FeatureAblation": {"cells": 3},
    "captum:GradientShap": {"n_samples": 3, "stdevs": 0.1},
}
"""Options that suit pictures of 12 pixels, or that make what is random matter."""


def library(name: str) -> Any:
    return importlib.import_module(f"{LIBRARIES}.{name}").LIBRARY


NAMES = [f"{name}:{kind}" for name in registry.names(LIBRARIES) for kind in library(name).attributors]


def plain(channels: int = 3) -> nn.Module:
    """Modules alone, of kinds that every attribution knows: no module of its own for flattening, no max pool."""
    return nn.Sequential(
        nn.Conv2d(channels, 6, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 8, 3, padding=1),
        nn.ReLU(),
        Head(),
    )


class Head(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.pool, self.linear = nn.AdaptiveAvgPool2d(3), nn.Linear(72, networks.CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.linear(torch.flatten(self.pool(x), 1))
        return logits


def resolved(name: str) -> Callable[..., Attribution]:
    pytest.importorskip(library(name.partition(":")[0]).module)
    function = registry.resolve(METHODS, name)
    options = registry.options(function, SMALL.get(name, {}), name)
    return lambda batch: function(batch, **options)


def hooks_on(network: nn.Module) -> int:
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(getattr(part, kind)) for part in network.modules() for kind in kinds)


def attributes(network: nn.Module) -> list[set[str]]:
    return [set(vars(part)) for part in network.modules()]


@pytest.fixture(params=[1, 3])
def batch(request: pytest.FixtureRequest) -> Batch:
    return networks.batch_of(networks.ready(plain(request.param)), channels=request.param)


@pytest.mark.tor("TOR-098")
@pytest.mark.parametrize("name", NAMES)
def test_shape_and_life(name: str, batch: Batch) -> None:
    result = resolved(name)(batch)
    pictures, channels, height, width = batch.x.shape
    assert result.signed.shape in {(pictures, channels, height, width), (pictures, 1, height, width)}
    assert result.signed.dtype == torch.float32 and not result.signed.requires_grad
    assert torch.isfinite(result.signed).all()
    assert result.signed.abs().sum() > 0
    assert all(values.shape == (pictures,) for values in result.per_picture.values())
    assert library(name.partition(":")[0]).package in result.per_run["library"]


@pytest.mark.tor("TOR-098")
@pytest.mark.parametrize("name", NAMES)
def test_a_picture_alone_is_explained_as_in_the_batch(name: str, batch: Batch) -> None:
    ask = resolved(name)
    together = ask(batch)
    for index in range(len(batch.x)):
        single = ask(batch.some([index]))
        scale = together.signed[index].abs().max().clamp(min=1e-9)
        torch.testing.assert_close(single.signed[0] / scale, together.signed[index] / scale, rtol=0, atol=1e-5)
        assert single.per_run == together.per_run


@pytest.mark.tor("TOR-098")
@pytest.mark.parametrize("name", NAMES)
def test_the_same_question_has_the_same_answer(name: str, batch: Batch) -> None:
    ask = resolved(name)
    torch.manual_seed(1)
    np.random.seed(1)  # noqa: NPY002
    first = ask(batch).signed
    torch.manual_seed(2)
    np.random.seed(2)  # noqa: NPY002
    expected = np.random.RandomState(2).rand(), torch.rand(1, generator=torch.Generator().manual_seed(2))
    assert torch.equal(first, ask(batch).signed)
    assert (np.random.rand(), torch.rand(1)) == expected  # noqa: NPY002 the generators go on where they were


@pytest.mark.tor("TOR-098")
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_behind(name: str, batch: Batch) -> None:
    ask, picture = resolved(name), batch.x.clone()
    identity, before = state_hash(batch.module), attributes(batch.module)
    for parameter in batch.module.parameters():
        parameter.requires_grad_()
    ask(batch)
    assert state_hash(batch.module) == identity and attributes(batch.module) == before
    assert hooks_on(batch.module) == 0
    assert not any(part.training for part in batch.module.modules())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in batch.module.parameters())
    assert torch.equal(batch.x, picture) and not batch.x.requires_grad and batch.x.grad is None


class Failing(nn.Module):
    def __init__(self, calls: int) -> None:
        super().__init__()
        self.inner = plain()
        self.calls_left = calls

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.inner(x)
        self.calls_left -= 1
        if self.calls_left < 0:
            raise IndexError("the network's own mistake")
        return logits


@pytest.mark.tor("TOR-098")
@pytest.mark.parametrize("calls", [0, 1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_a_failing_network_is_heard_and_stays_as_it_was(name: str, calls: int) -> None:
    ask, network = resolved(name), freeze(Failing(calls))
    identity, before = state_hash(network), attributes(network)
    batch = networks.batch_of(network)
    with pytest.raises(IndexError, match="the network's own mistake"):
        for _ in range(calls + 2):
            ask(replace(batch))
    assert hooks_on(network) == 0
    assert state_hash(network) == identity and attributes(network) == before


@pytest.mark.parametrize("name", NAMES)
def test_options_are_validated_and_described(name: str) -> None:
    resolved(name)
    function = registry.resolve(METHODS, name)
    assert registry.summary(function).endswith(".") and len(registry.summary(function)) <= 120
    assert registry.needs(METHODS, function) <= importlib.import_module(METHODS).OFFERS
    with pytest.raises(AuditError, match="no option 'stepps'"):
        registry.options(function, {"stepps": 3}, name)
    assert registry.options(function, {"pictures": 5}, name)["pictures"] == 5


@pytest.mark.tor("TOR-098")
def test_an_unknown_name_gets_near_ones() -> None:
    with pytest.raises(AuditError, match=r"no attribution 'DeepLIft' of captum .* did you mean 'DeepLift'\?"):
        registry.resolve(METHODS, "captum:DeepLIft")
    with pytest.raises(AuditError, match=r"no attribution 'AblationCAM'.*There is EigenCAM, "):
        registry.resolve(METHODS, "pytorch_grad_cam:AblationCAM")


@pytest.mark.tor("TOR-098")
def test_a_library_that_is_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = replace(library("zennit"), module="no_such_package.composites")
    message = r"zennit:EpsilonPlus: takes packages .*need the extra 'zennit'.*pip install 'saliency-audit\[zennit\]'"
    with pytest.raises(AuditError, match=message):
        absent.method("EpsilonPlus")


def test_only_methods_come_from_libraries() -> None:
    assert registry.is_of_library("captum:DeepLift") and not registry.is_own("captum:DeepLift")
    assert registry.is_own("package.module:function") and not registry.is_own("gradient")
    with pytest.raises(AuditError, match="no null map 'captum:DeepLift'"):
        registry.resolve("audit.saliency.null_maps", "captum:DeepLift")


def test_what_the_library_raises_names_it_and_the_way_out() -> None:
    pytest.importorskip("captum.attr")
    large = registry.resolve(METHODS, "captum:Occlusion")
    batch = networks.batch_of(networks.ready(plain()))
    with pytest.raises(AuditError, match=r"captum:Occlusion: raises AssertionError: .*need a network that it supports"):
        large(batch, window=50, stride=8, baseline="black")


@pytest.mark.tor("TOR-098")
@pytest.mark.parametrize("name", ["captum:Saliency", "captum:Occlusion"])
def test_a_detector_is_refused(name: str) -> None:
    """A library that makes more pictures of a batch would have it asked at none of its boxes."""
    batch = replace(networks.batch_of(networks.ready(plain())), places=(torch.zeros(1, 4),) * 3)
    with pytest.raises(AuditError, match=rf"{name}: asks about whole pictures, but a detector is asked at its boxes"):
        resolved(name)(batch)
