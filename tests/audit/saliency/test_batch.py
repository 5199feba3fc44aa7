"""What every saliency method builds on: scores, their derivative, noise, reductions, dead maps."""

from typing import cast

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor, nn

from audit.choices import Reduction, Score
from audit.models.model import freeze
from audit.saliency.batch import Batch, dead, reduce_channels, score_of
from fixtures import networks

FINITE = st.floats(-30, 30)


def oracle(logits: list[float], target: int, score: Score) -> tuple[float, NDArray[np.float64]]:
    """The score and its derivative with respect to the logits, from the definition in 80 bits."""
    z = np.array(logits, dtype=np.longdouble)
    p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
    chosen = np.eye(len(z))[target]
    if score == "logit":
        return float(z[target]), chosen
    others = np.exp(z - z.max())[np.arange(len(z)) != target].sum() / np.exp(z - z.max()).sum()
    slope = np.where(chosen > 0, others, -p)  # 1 - P without cancellation
    if score == "log_probability":
        return float(np.log1p(-others) if others < 0.5 else np.log(p[target])), slope.astype(np.float64)
    return float(p[target]), (p[target] * slope).astype(np.float64)


@pytest.mark.slow
@pytest.mark.tor("TOR-014")
@given(st.lists(FINITE, min_size=2, max_size=6), st.integers(0, 5), st.sampled_from(["log_probability", "logit"]))
def test_score_and_derivative_follow_the_definition(values: list[float], target: int, score: Score) -> None:
    target %= len(values)
    logits = torch.tensor([values], dtype=torch.float64, requires_grad=True)
    result = score_of(logits, torch.tensor([target]), score)
    (slope,) = torch.autograd.grad(result.sum(), logits)
    expected, expected_slope = oracle(values, target, score)
    assert result.item() == pytest.approx(expected, rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(slope[0].numpy(), expected_slope, rtol=1e-6, atol=2e-12)


def through_logits(logits: Tensor, target: int, score: Score) -> Tensor:
    """The gradient of a network that returns its input: (K,)."""
    leaf = logits.unsqueeze(0).requires_grad_()
    (slope,) = torch.autograd.grad(score_of(leaf, torch.tensor([target]), score).sum(), leaf)
    return slope[0]


@pytest.mark.parametrize("target", [0, 1])
def test_probability_and_log_probability_give_the_same_map_after_normalisation(target: int) -> None:
    logits = torch.tensor([1.5, -0.5, 0.2])
    maps = [through_logits(logits, target, score).abs() for score in ("probability", "log_probability")]
    torch.testing.assert_close(maps[0] / maps[0].sum(), maps[1] / maps[1].sum())


@pytest.mark.tor("TOR-014")
@pytest.mark.parametrize(("target", "winner"), [(0, True), (1, False)])
@pytest.mark.parametrize("gap", [20.0, 50.0, 200.0])
def test_a_saturated_network_keeps_the_direction_of_its_log_probability(target: int, winner: bool, gap: float) -> None:
    slope = through_logits(torch.tensor([gap, 0.0, -1.0]), target, "log_probability")
    _, expected = oracle([gap, 0.0, -1.0], target, "log_probability")
    assert torch.isfinite(slope).all()
    torch.testing.assert_close(
        (slope / slope.abs().sum()).double(), torch.from_numpy(expected / np.abs(expected).sum()), rtol=1e-4, atol=1e-6
    )


@pytest.mark.tor("TOR-018")
def test_noise_depends_on_the_seed_alone() -> None:
    batch = networks.batch_of(networks.linear(), pictures=3)
    together = list(batch.noise(4))
    assert len(together) == 4
    for index in range(3):
        alone = Batch(
            batch.module, batch.x[index : index + 1], batch.target[:1], batch.mean, batch.std, (batch.seeds[index],)
        )
        for draw, single in zip(together, alone.noise(4), strict=True):
            assert torch.equal(draw[index], single[0])
    assert not torch.equal(together[0], together[1])
    assert not torch.equal(together[0][0], together[0][1])


def test_noise_is_standard_normal() -> None:
    drawn = torch.cat(list(networks.batch_of(networks.linear(), pictures=8).noise(20)))
    assert abs(drawn.mean().item()) < 0.02
    assert drawn.std().item() == pytest.approx(1, abs=0.02)


def test_pixel_speaks_the_networks_units() -> None:
    batch = networks.batch_of(networks.linear())
    assert batch.pixel(0.0).shape == (1, 3, 1, 1)
    torch.testing.assert_close(batch.pixel(0.0).flatten(), torch.full((3,), -0.4 / 0.2))


class Counting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = networks.linear()
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return cast(Tensor, self.inner(x))


def test_the_plain_derivative_is_computed_once_and_serves_the_logits() -> None:
    network = Counting()
    batch = networks.batch_of(freeze(network))
    first = batch.plain
    assert batch.differentiate() is first
    assert torch.equal(batch.logits, first.logits)
    assert network.calls == 1
    assert not first.logits.requires_grad and not first.score.requires_grad and not first.gradient.requires_grad


@pytest.mark.tor("TOR-019")
def test_parameters_get_no_gradients_even_where_they_ask_for_them() -> None:
    network = networks.linear()
    _ = networks.batch_of(network).plain
    assert all(parameter.grad is None for parameter in network.parameters())


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [("abs_max", 4.0), ("abs_sum", 8.0), ("sum", 2.0), ("l2", 26**0.5), ("positive", 3.0)],
)
def test_reductions(reduction: Reduction, expected: float) -> None:
    signed = torch.tensor([-1.0, 3.0, -4.0]).reshape(1, 3, 1, 1)
    assert reduce_channels(signed, reduction).item() == pytest.approx(expected)


@pytest.mark.tor("TOR-023")
def test_dead_maps_are_told_one_by_one() -> None:
    maps = torch.zeros(5, 2, 2)
    maps[0, 0, 0] = 1e-30
    maps[2, 0, 0] = torch.nan
    maps[3, 0, 0] = torch.inf
    maps[4] = 1
    assert dead(maps).tolist() == [False, True, True, True, False]
