"""Captum by name: where it does what we do, it says what we say; where it would be silently wrong, it is refused."""

import warnings
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from audit import registry
from audit.errors import AuditError
from audit.saliency import captum_deep_lift
from audit.saliency.batch import Attribution, Batch
from audit.saliency.methods.gradcam import gradcam
from audit.saliency.methods.gradient import gradient
from audit.saliency.methods.guided_backprop import guided_backprop
from audit.saliency.methods.input_x_gradient import input_x_gradient
from audit.saliency.methods.integrated_gradients import integrated_gradients
from fixtures import networks

pytest.importorskip("captum.attr")


def ask(kind: str, batch: Batch, **options: Any) -> Attribution:
    method = registry.resolve("audit.saliency.methods", f"captum:{kind}")
    answer: Attribution = method(batch, **registry.options(method, options, kind))
    return answer


@pytest.fixture(params=["log_probability", "probability", "logit"])
def batch(request: pytest.FixtureRequest) -> Batch:
    return replace(networks.batch_of(networks.ready(networks.in_place())), score=request.param)


def rectified(pool: type[nn.Module] = nn.AvgPool2d) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1),
        nn.BatchNorm2d(6),
        nn.ReLU(inplace=True),
        pool(2),
        nn.Conv2d(6, 8, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, networks.CLASSES),
    )


@pytest.mark.tor("TOR-098")
def test_gradients_agree_with_ours(batch: Batch) -> None:
    torch.testing.assert_close(ask("Saliency", batch).signed, gradient(batch), rtol=1e-4, atol=1e-7)
    torch.testing.assert_close(ask("InputXGradient", batch).signed, input_x_gradient(batch), rtol=1e-4, atol=1e-7)


@pytest.mark.tor("TOR-098")
@pytest.mark.parametrize("baseline", ["black", "mean", "blur"])
def test_integrated_gradients_agree_with_ours(batch: Batch, baseline: Any) -> None:
    theirs = ask("IntegratedGradients", batch, n_steps=20, baseline=baseline)
    ours = integrated_gradients(batch, steps=20, baseline=baseline)
    torch.testing.assert_close(theirs.signed, ours.signed, rtol=1e-3, atol=1e-6)
    gaps = (answer.per_picture["completeness_gap"] for answer in (theirs, ours))
    torch.testing.assert_close(*gaps, rtol=1e-2, atol=1e-4)


@pytest.mark.tor("TOR-098")
@pytest.mark.parametrize("network", [networks.in_place, networks.Functional, networks.Shared])
def test_grad_cam_agrees_with_ours(network: Any) -> None:
    """In Shared the layer's output is overwritten by a ReLU in place."""
    batch = networks.batch_of(networks.ready(network()))
    ours, theirs = gradcam(batch), ask("LayerGradCam", batch)
    assert ours.per_run["layer"] == theirs.per_run["layer"]
    torch.testing.assert_close(theirs.signed, ours.signed, rtol=1e-4, atol=1e-6)


@pytest.mark.tor("TOR-098")
def test_guided_backprop_agrees_with_ours() -> None:
    batch = networks.batch_of(networks.ready(rectified()))
    torch.testing.assert_close(ask("GuidedBackprop", batch).signed, guided_backprop(batch), rtol=1e-4, atol=1e-7)


@pytest.mark.tor("TOR-098")
@pytest.mark.parametrize("kind", ["DeepLift", "DeepLiftShap"])
def test_deep_lift_adds_up_to_the_difference_of_the_logits(kind: str) -> None:
    batch = networks.batch_of(networks.ready(rectified()))
    answer = ask(kind, batch)
    assert (answer.per_picture["completeness_gap"] < 1e-4).all()
    assert torch.isfinite(answer.signed).all()
    assert "logit" in answer.per_run["score"]
    if kind == "DeepLift":
        with torch.no_grad():
            end, start = (batch.module(x).gather(1, batch.target[:, None])[:, 0] for x in (batch.x, black(batch)))
        torch.testing.assert_close(answer.signed.sum(dim=(1, 2, 3)), end - start, rtol=1e-3, atol=1e-4)


@pytest.mark.tor("TOR-098")
@pytest.mark.parametrize("kind", ["DeepLift", "DeepLiftShap"])
@pytest.mark.parametrize("branched", [False, True])
def test_deep_lift_is_refused_where_it_does_not_add_up(kind: str, branched: bool) -> None:
    """Captum takes an activation's gradient before the max pool after it, and all that its input gets for its own."""
    batch = networks.batch_of(networks.ready(Branched() if branched else rectified(nn.MaxPool2d)))
    for _ in range(2):
        with pytest.raises(AuditError, match=rf"captum:{kind}: its attribution misses [\d.]+% of the logits' spread"):
            ask(kind, batch)


def black(batch: Batch) -> Tensor:
    return batch.pixel(0.0).expand_as(batch.x)


@pytest.mark.tor("TOR-098")
def test_what_does_not_add_up_is_marked_and_not_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A leaky ReLU of a class of one's own passes the look at the calls, and DeepLift takes its plain gradient."""

    class Bent(nn.LeakyReLU):
        pass

    network = networks.ready(nn.Sequential(nn.Conv2d(3, 6, 3), Bent(0.2), nn.Flatten(), nn.Linear(600, 5)))
    batch = networks.batch_of(network)
    with pytest.raises(AuditError, match="calls leaky_relu in its part '1'"):
        ask("DeepLift", batch)
    monkeypatch.setattr(captum_deep_lift, "refuse_unseen", lambda *_: None)
    monkeypatch.setattr(captum_deep_lift, "on_noise", lambda *_: 0.0)
    answer = ask("DeepLift", batch)
    assert (answer.per_picture["completeness_gap"] > captum_deep_lift.MOST_GAP).all()
    assert answer.signed.isnan().all()


class Twice(nn.Module):
    """One ReLU module in two places."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 6, 3)
        self.relu, self.pool, self.head = nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Linear(6, networks.CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.second(self.relu(self.first(x))))
        logits: Tensor = self.head(torch.flatten(self.pool(x), 1))
        return logits


class Branched(Twice):
    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        logits: Tensor = self.head((x / 2 + self.relu(x)).mean(dim=(2, 3)))
        return logits


@pytest.mark.tor("TOR-098")
@pytest.mark.parametrize("kind", ["DeepLift", "DeepLiftShap"])
def test_a_module_that_is_called_twice_is_refused(kind: str) -> None:
    batch = networks.batch_of(networks.ready(Twice()))
    with pytest.raises(AuditError, match=rf"captum:{kind}: the network calls its layer 'relu' 2 times"):
        ask(kind, batch)
    torch.testing.assert_close(ask("GuidedBackprop", batch).signed, guided_backprop(batch), rtol=1e-4, atol=1e-7)


@pytest.mark.tor("TOR-098")
@pytest.mark.parametrize(
    "kind", ["DeepLift", "DeepLiftShap", "GuidedBackprop", "Deconvolution", "GuidedGradCam", "LRP"]
)
@pytest.mark.parametrize(
    "rectifier", [F.relu, torch.relu, lambda x: x.clamp(min=0), lambda x: x.relu(), lambda x: torch.where(x > 0, x, 0)]
)
def test_functional_activations_are_refused(kind: str, rectifier: Any) -> None:
    class Written(Twice):
        def forward(self, x: Tensor) -> Tensor:
            x = self.relu(self.second(rectifier(self.first(x))))
            logits: Tensor = self.head(torch.flatten(self.pool(x), 1))
            return logits

    with pytest.raises(AuditError, match=rf"captum:{kind}: the network calls \w+ itself, where the hooks"):
        ask(kind, networks.batch_of(networks.ready(Written())))


def test_sums_and_products_with_constants_are_no_activations() -> None:
    class Residual(Twice):
        def forward(self, x: Tensor) -> Tensor:
            x = 0.5 * self.first(x)
            x = x + self.relu(x + 0.1) / 2
            logits: Tensor = self.head(x.mean(dim=(2, 3)))
            return logits

    answer = ask("DeepLift", networks.batch_of(networks.ready(Residual())))
    assert (answer.per_picture["completeness_gap"] < 1e-4).all()


def test_a_product_of_two_parts_of_the_picture_is_refused() -> None:
    class Gated(Twice):
        def forward(self, x: Tensor) -> Tensor:
            x = self.first(x)
            logits: Tensor = self.head((x * self.relu(x)).mean(dim=(2, 3)))
            return logits

    with pytest.raises(AuditError, match="the network calls mul itself"):
        ask("DeepLift", networks.batch_of(networks.ready(Gated())))


@pytest.mark.slow
def test_scripted_networks_are_refused_by_what_looks_into_them() -> None:
    plain = networks.batch_of(networks.ready(rectified()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted = networks.batch_of(torch.jit.trace(plain.module, plain.x))  # type: ignore[no-untyped-call]
    torch.testing.assert_close(ask("Saliency", scripted).signed, gradient(plain), rtol=1e-4, atol=1e-7)
    with pytest.raises(AuditError, match="the network is TorchScript"):
        ask("DeepLift", scripted)


def test_grad_cam_of_tokens_is_refused() -> None:
    with pytest.raises(AuditError, match="has its tokens, and Captum would average over the wrong axes"):
        ask("LayerGradCam", networks.batch_of(networks.ready(networks.vit())))


@pytest.mark.tor("TOR-098")
def test_shapley_values_of_a_linear_network_are_exact() -> None:
    """By definition, of each cell: its weights times what it differs from the baseline, whatever the order."""
    batch = networks.batch_of(networks.ready(networks.linear()))
    batch = replace(batch, score="logit")
    answer = ask("ShapleyValueSampling", batch, cells=2, n_samples=1).signed
    weight = batch.module.get_submodule("1").weight
    assert isinstance(weight, Tensor)
    single = weight[batch.target].view_as(batch.x) * (batch.x - black(batch))
    for rows in (slice(0, 6), slice(6, 12)):
        for columns in (slice(0, 6), slice(6, 12)):
            expected = single[:, :, rows, columns].sum(dim=(1, 2, 3))
            torch.testing.assert_close(answer[:, 0, rows, columns].mean(dim=(1, 2)), expected, rtol=1e-3, atol=1e-4)
