"""The gradient and what is made of it, against textbook loops, closed forms and Captum."""

import math
import warnings
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from audit.choices import Score
from audit.saliency.batch import Batch, score_of
from audit.saliency.methods.gradient import gradient
from audit.saliency.methods.input_x_gradient import input_x_gradient
from audit.saliency.methods.integrated_gradients import Baseline, blurred, integrated_gradients
from audit.saliency.methods.smoothgrad import smoothgrad
from audit.saliency.methods.smoothgrad_squared import smoothgrad_squared
from fixtures import networks

SCORES: tuple[Score, ...] = ("log_probability", "probability", "logit")


def one_gradient(batch: Batch, x: Tensor, index: int) -> Tensor:
    """The gradient of one picture, the textbook way: (C, H, W)."""
    leaf = x.clone().unsqueeze(0).requires_grad_()
    logits = batch.module(leaf)[0]
    target = int(batch.target[index])
    score = {
        "logit": logits[target],
        "probability": torch.softmax(logits, 0)[target],
        "log_probability": torch.log_softmax(logits, 0)[target],
    }[batch.score]
    score.backward()
    assert leaf.grad is not None
    return leaf.grad[0]


def weights_of(batch: Batch) -> Tensor:
    """The linear network's weights for each picture's target, in the picture's shape."""
    head = batch.module.get_submodule("1")
    assert isinstance(head, nn.Linear)
    return head.weight[batch.target].view_as(batch.x)


@pytest.fixture
def linear() -> Batch:
    return replace(networks.batch_of(networks.ready(networks.linear())), score="logit")


@pytest.fixture
def relus() -> Batch:
    return networks.batch_of(networks.ready(networks.Functional()))


@pytest.mark.tor("TOR-014", "TOR-015")
def test_linear_network_in_closed_form(linear: Batch) -> None:
    weights = weights_of(linear)
    torch.testing.assert_close(gradient(linear), weights)
    torch.testing.assert_close(input_x_gradient(linear), weights * linear.x)
    torch.testing.assert_close(smoothgrad(linear), weights)
    torch.testing.assert_close(smoothgrad_squared(linear), weights.square())


@pytest.mark.tor("TOR-014")
@pytest.mark.parametrize("score", SCORES)
def test_gradient_against_finite_differences(score: Score) -> None:
    network = networks.ready(networks.Functional()).double()
    batch = networks.batch_of(network, pictures=1, side=5)
    batch = replace(batch, x=batch.x.double(), score=score)
    found = gradient(batch)[0]
    step = 1e-6
    with torch.no_grad():
        for place in product(range(3), range(5), range(5)):
            moved = [batch.x.clone(), batch.x.clone()]
            moved[0][(0, *place)] += step
            moved[1][(0, *place)] -= step
            up, down = (score_of(network(x), batch.target, score).item() for x in moved)
            assert found[place].item() == pytest.approx((up - down) / (2 * step), rel=1e-4, abs=1e-8)


@pytest.mark.tor("TOR-015")
@pytest.mark.parametrize("score", SCORES)
def test_smoothgrad_against_a_loop(relus: Batch, score: Score) -> None:
    batch = replace(relus, score=score)
    samples, level = 3, 0.2
    noise = list(batch.noise(samples))
    mean, squared = torch.zeros_like(batch.x), torch.zeros_like(batch.x)
    for index, picture in enumerate(batch.x):
        sigma = level * (picture.max() - picture.min())
        for draw in noise:
            found = one_gradient(batch, picture + sigma * draw[index], index)
            mean[index] += found / samples
            squared[index] += found**2 / samples
    torch.testing.assert_close(smoothgrad(batch, samples=samples, noise_level=level), mean, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(
        smoothgrad_squared(batch, samples=samples, noise_level=level), squared, rtol=1e-4, atol=1e-6
    )


def baselines(batch: Batch, kind: Baseline, draws: int) -> list[Tensor]:
    """From the definitions; the blur is checked on its own."""
    if kind == "black":
        return [torch.full_like(batch.x, (0 - 0.4) / 0.2)]
    if kind == "mean":
        return [torch.stack([torch.stack([torch.full_like(c, c.mean().item()) for c in p]) for p in batch.x])]
    return [blurred(batch.x)] if kind == "blur" else list(batch.noise(draws))


@pytest.mark.tor("TOR-015")
@pytest.mark.parametrize("baseline", ["black", "mean", "blur", "noise"])
def test_integrated_gradients_against_a_loop(relus: Batch, baseline: Baseline) -> None:
    steps, draws = 6, 2
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    starts = baselines(relus, baseline, draws)
    expected, start_score = torch.zeros_like(relus.x), torch.zeros(len(relus.x))
    for start, index in product(starts, range(len(relus.x))):
        difference = relus.x[index] - start[index]
        for node, weight in zip(nodes, weights, strict=True):
            point = start[index] + difference * float(node + 1) / 2
            expected[index] += difference * one_gradient(relus, point, index) * float(weight) / 2 / len(starts)
        with torch.no_grad():
            logits = relus.module(start[index].unsqueeze(0))[0]
        start_score[index] += torch.log_softmax(logits, 0)[relus.target[index]] / len(starts)
    found = integrated_gradients(relus, steps=steps, baseline=baseline, draws=draws)
    torch.testing.assert_close(found.signed, expected, rtol=1e-4, atol=1e-6)
    end_score = relus.plain.score
    gap = (expected.sum(dim=(1, 2, 3)) - (end_score - start_score)).abs() / torch.maximum(
        end_score.abs(), start_score.abs()
    )
    torch.testing.assert_close(found.per_picture["completeness_gap"], gap, rtol=1e-3, atol=1e-5)
    assert (gap > 0).any()


@pytest.mark.tor("TOR-015")
@pytest.mark.parametrize("baseline", ["black", "mean", "blur"])
@pytest.mark.parametrize("steps", [1, 8])
def test_integrated_gradients_of_a_linear_network_are_complete(linear: Batch, baseline: Baseline, steps: int) -> None:
    found = integrated_gradients(linear, steps=steps, baseline=baseline)
    (start,) = baselines(linear, baseline, 1)
    torch.testing.assert_close(found.signed, weights_of(linear) * (linear.x - start), rtol=1e-4, atol=1e-6)
    assert found.per_picture["completeness_gap"].max() < 1e-5


@pytest.mark.slow
def test_more_steps_close_the_completeness_gap(relus: Batch) -> None:
    gaps = [integrated_gradients(relus, steps=n).per_picture["completeness_gap"].max().item() for n in (2, 128)]
    assert gaps[1] < gaps[0] / 5
    assert gaps[1] < 0.01


def test_the_gap_is_finite_where_picture_and_baseline_score_alike(linear: Batch) -> None:
    flat = replace(linear, x=torch.full_like(linear.x, 0.5))
    found = integrated_gradients(flat, baseline="mean")
    assert found.per_picture["completeness_gap"].tolist() == pytest.approx([0.0] * 3, abs=1e-5)


def test_blur_is_a_gaussian_that_leaves_one_colour_alone() -> None:
    spot = torch.zeros(1, 2, 81, 101)
    spot[0, 1, 40, 50] = 1
    smooth = blurred(spot)
    sigma = 81 / 20
    assert smooth[0, 0].abs().sum() == 0
    assert smooth[0, 1].sum().item() == pytest.approx(1, abs=1e-5)
    ratio = (smooth[0, 1, 43, 46] / smooth[0, 1, 40, 50]).item()
    assert ratio == pytest.approx(math.exp(-(3**2 + 4**2) / (2 * sigma**2)), rel=1e-4)
    torch.testing.assert_close(blurred(torch.full((1, 1, 7, 9), 0.3)), torch.full((1, 1, 7, 9), 0.3))


class LogProbability(nn.Module):
    """Captum differentiates outputs, so the score becomes the output."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return torch.log_softmax(self.network(x), dim=1)


def captum(name: str, network: nn.Module, x: Tensor, **options: Any) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        attr = pytest.importorskip("captum.attr")
        result: Tensor = getattr(attr, name)(LogProbability(network)).attribute(x.clone(), **options)
    return result.detach()


@pytest.mark.tor("TOR-015")
def test_captum_agrees(relus: Batch) -> None:
    network, x, target = relus.module, relus.x, relus.target
    pairs = [
        (gradient(relus), captum("Saliency", network, x, target=target, abs=False)),
        (input_x_gradient(relus), captum("InputXGradient", network, x, target=target)),
        (
            integrated_gradients(relus, steps=9).signed,
            captum("IntegratedGradients", network, x, target=target, baselines=-2.0, n_steps=9, method="gausslegendre"),
        ),
    ]
    for ours, theirs in pairs:
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


@pytest.mark.tor("TOR-015")
@pytest.mark.parametrize(("kind", "method"), [("smoothgrad", smoothgrad), ("smoothgrad_sq", smoothgrad_squared)])
def test_captum_agrees_without_noise(relus: Batch, kind: str, method: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        attr = pytest.importorskip("captum.attr")
        tunnel = attr.NoiseTunnel(attr.Saliency(LogProbability(relus.module)))
        expected = tunnel.attribute(
            relus.x.clone(), target=relus.target, nt_type=kind, nt_samples=2, stdevs=0.0, abs=False
        )
    torch.testing.assert_close(method(relus, samples=2, noise_level=0.0), expected.detach(), rtol=1e-4, atol=1e-6)
