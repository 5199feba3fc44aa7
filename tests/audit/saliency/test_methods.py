"""The contract of every saliency method, whatever file it lives in."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from audit import registry
from audit.errors import AuditError
from audit.models.model import freeze, state_hash
from audit.saliency.batch import Attribution, Batch
from fixtures import networks

METHODS = registry.names("audit.saliency.methods")
NETWORKS: dict[str, Callable[[int], nn.Module]] = {
    "in place": networks.in_place,
    "functional": networks.Functional,
    "shared": networks.Shared,
}


def attribute(method: str, batch: Batch) -> Attribution:
    result = registry.resolve("audit.saliency.methods", method)(batch)
    return result if isinstance(result, Attribution) else Attribution(result)


def alone(batch: Batch, index: int) -> Batch:
    here = slice(index, index + 1)
    return replace(batch, x=batch.x[here], target=batch.target[here], seeds=batch.seeds[here])


def hooks_on(network: nn.Module) -> int:
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(getattr(part, kind)) for part in network.modules() for kind in kinds)


@pytest.fixture(params=[(name, channels) for name in NETWORKS for channels in (1, 3)], ids=lambda p: f"{p[0]}-{p[1]}")
def batch(request: pytest.FixtureRequest) -> Batch:
    name, channels = request.param
    return networks.batch_of(networks.ready(NETWORKS[name](channels)), channels=channels)


def test_all_methods_are_registered() -> None:
    assert set(METHODS) >= {
        "gradcam",
        "gradient",
        "guided_backprop",
        "input_x_gradient",
        "integrated_gradients",
        "occlusion",
        "rise",
        "smoothgrad",
        "smoothgrad_squared",
    }


@pytest.mark.parametrize("method", METHODS)
def test_documentation_names_source_and_cost(method: str) -> None:
    function = registry.resolve("audit.saliency.methods", method)
    assert len(registry.summary(function)) > 10
    assert "Cost:" in (function.__doc__ or "")
    assert registry.options(function, {}, method) is not None


@pytest.mark.parametrize("method", METHODS)
def test_shape_and_life(method: str, batch: Batch) -> None:
    result = attribute(method, batch)
    pictures, channels, height, width = batch.x.shape
    assert result.signed.shape in {(pictures, channels, height, width), (pictures, 1, height, width)}
    assert result.signed.dtype == torch.float32
    assert not result.signed.requires_grad
    assert torch.isfinite(result.signed).all()
    assert result.signed.abs().sum() > 0
    for values in result.per_picture.values():
        assert values.shape == (pictures,) and torch.isfinite(values).all()


@pytest.mark.tor("TOR-018")
@pytest.mark.parametrize("method", METHODS)
def test_a_picture_alone_is_explained_as_in_the_batch(method: str, batch: Batch) -> None:
    together = attribute(method, batch)
    for index in range(len(batch.x)):
        single = attribute(method, alone(batch, index))
        scale = together.signed[index].abs().max().clamp(min=1e-9)  # a Grad-CAM may be dead
        torch.testing.assert_close(single.signed[0] / scale, together.signed[index] / scale, rtol=0, atol=1e-5)
        assert single.per_run == together.per_run
        for name, values in single.per_picture.items():
            torch.testing.assert_close(values[0], together.per_picture[name][index], rtol=1e-3, atol=1e-5)


@pytest.mark.tor("TOR-018")
@pytest.mark.parametrize("method", METHODS)
def test_the_same_question_has_the_same_answer(method: str, batch: Batch) -> None:
    torch.manual_seed(1)
    first = attribute(method, replace(batch)).signed
    torch.manual_seed(2)
    assert torch.equal(first, attribute(method, replace(batch)).signed)


@pytest.mark.tor("TOR-019")
@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_left_behind(method: str, batch: Batch) -> None:
    picture = batch.x.clone()
    identity = state_hash(batch.module)
    for parameter in batch.module.parameters():
        parameter.requires_grad_()
    attribute(method, batch)
    assert state_hash(batch.module) == identity
    assert hooks_on(batch.module) == 0
    assert not any(part.training for part in batch.module.modules())
    assert all(parameter.grad is None for parameter in batch.module.parameters())
    assert torch.equal(batch.x, picture) and not batch.x.requires_grad and batch.x.grad is None


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_a_method_that_needs_no_layers_explains_a_program(method: str) -> None:
    network = networks.ready(networks.in_place())
    whole = networks.batch_of(network)
    compiled = replace(whole, module=networks.program(network, whole.x).module())
    if "layers" in registry.needs("audit.saliency.methods", registry.resolve("audit.saliency.methods", method)):
        with pytest.raises(AuditError):
            attribute(method, compiled)
    else:
        torch.testing.assert_close(attribute(method, compiled).signed, attribute(method, whole).signed)


class Failing(nn.Module):
    def __init__(self, calls: int) -> None:
        super().__init__()
        self.inner = networks.Shared()
        self.calls_left = calls

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = self.inner(x)
        self.calls_left -= 1
        if self.calls_left < 0:
            raise IndexError("the network's own mistake")
        return features


@pytest.mark.tor("TOR-019")
@pytest.mark.parametrize("calls", [0, 1])
@pytest.mark.parametrize("method", METHODS)
def test_a_failing_network_is_heard_and_keeps_no_hooks(method: str, calls: int) -> None:
    network = freeze(Failing(calls))
    batch = networks.batch_of(network)
    with pytest.raises(IndexError, match="the network's own mistake"):
        for _ in range(2):
            attribute(method, replace(batch))
    assert hooks_on(network) == 0
    assert torch.equal(torch.relu(torch.tensor([-1.0, 1.0])), torch.tensor([0.0, 1.0]))
