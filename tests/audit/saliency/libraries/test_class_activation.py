"""Class activation maps of the package grad-cam: ours where they are ours, and neither stretched nor flipped."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from audit import registry
from audit.saliency.batch import Attribution, Batch
from audit.saliency.methods.gradcam import gradcam
from fixtures import networks

package = pytest.importorskip("pytorch_grad_cam")


def ask(kind: str, batch: Batch, **options: Any) -> Attribution:
    method = registry.resolve("audit.saliency.methods", f"pytorch_grad_cam:{kind}")
    answer: Attribution = method(batch, **registry.options(method, options, kind))
    return answer


@pytest.mark.tor("TOR-098")
@pytest.mark.parametrize("network", [networks.in_place, networks.Functional, networks.Shared, networks.vit])
def test_grad_cam_agrees_with_ours(network: Any) -> None:
    """In Shared a ReLU in place overwrites the layer's output; a transformer's layer gives tokens."""
    batch = networks.batch_of(networks.ready(network()))
    ours, theirs = gradcam(batch), ask("GradCAM", batch)
    assert ours.per_run["layer"] == theirs.per_run["layer"]
    torch.testing.assert_close(theirs.signed, ours.signed, rtol=1e-4, atol=1e-6)


@pytest.mark.tor("TOR-098")
def test_a_named_layer_is_taken() -> None:
    batch = networks.batch_of(networks.ready(networks.in_place()))
    assert ask("LayerCAM", batch, layer="0").per_run["layer"] == "0"
    torch.testing.assert_close(ask("GradCAM", batch, layer="0").signed, gradcam(batch, layer="0").signed)


@pytest.mark.tor("TOR-098")
def test_layer_cam_is_that_of_the_paper() -> None:
    """Jiang et al. 2021: the activations weighted by the positive part of their gradient, place by place."""
    batch = networks.batch_of(networks.ready(networks.Shared()))
    kept: list[Tensor] = []
    part = batch.module.get_submodule("third")

    def keep(_part: nn.Module, _given: Any, output: Tensor) -> Tensor:
        kept.append(output.detach().requires_grad_())
        return kept[0].clone()

    handle = part.register_forward_hook(keep)
    score = torch.log_softmax(batch.module(batch.x), dim=1).gather(1, batch.target[:, None]).sum()
    (gradient,) = torch.autograd.grad(score, kept[0])
    handle.remove()
    expected = (gradient.clamp(min=0) * kept[0].detach()).sum(dim=1, keepdim=True).clamp(min=0)
    expected = nn.functional.interpolate(expected, (12, 12), mode="bilinear", align_corners=False)
    torch.testing.assert_close(ask("LayerCAM", batch).signed, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.tor("TOR-098")
@pytest.mark.parametrize("kind", ["EigenCAM", "EigenGradCAM"])
def test_the_sign_of_a_component_does_not_depend_on_the_decomposition(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = networks.batch_of(networks.ready(networks.in_place()))
    usual = ask(kind, batch).signed
    decompose = np.linalg.svd

    def turned(*given: Any, **options: Any) -> tuple[Any, Any, Any]:
        left, values, right = decompose(*given, **options)
        return -left, values, -right

    monkeypatch.setattr(np.linalg, "svd", turned)
    torch.testing.assert_close(ask(kind, batch).signed, usual, rtol=1e-4, atol=1e-6)
    assert bool((usual.amax(dim=(1, 2, 3)) > 0).all())
