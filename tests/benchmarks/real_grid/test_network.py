"""Features are remembered by content, and no answer changes by that."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from audit.models.model import freeze, rehearse, state_hash
from audit.models.network_copy import frozen_copy
from audit.models.randomised import randomised
from benchmarks.real_grid import network
from benchmarks.real_grid.backbones import Pooled
from benchmarks.real_grid.network import MEMO, Headed, keep, recall


class Counting(nn.Module):
    """A tiny backbone that counts the pictures that it sees."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.pooled = Pooled(nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU()))
        self.seen = 0

    def forward(self, x: Tensor) -> Tensor:
        self.seen += len(x)
        features: Tensor = self.pooled(x)
        return features


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    MEMO.clear()
    yield
    MEMO.clear()


@pytest.fixture
def headed() -> Headed:
    backbone = Counting()
    module = freeze(Headed(backbone, nn.Linear(5, 4)))
    assert isinstance(module, Headed)
    return module


def plain(module: Headed, x: Tensor) -> Tensor:
    """What the network answers without a memory."""
    logits: Tensor = module.head(module.backbone(x))
    return logits


def pictures(count: int, seed: int = 1) -> Tensor:
    return torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(seed))


def test_answers_are_those_without_a_memory_in_whatever_batches_pictures_come(headed: Headed) -> None:
    x = pictures(6)
    for chosen in ([0, 1, 2], [2, 0, 5], [1, 1, 4, 1], [3], [5, 4, 3, 2, 1, 0]):
        assert torch.allclose(headed(x[chosen]), plain(headed, x[chosen]), atol=1e-6)
    backbone = headed.backbone
    assert isinstance(backbone, Counting)
    backbone.seen = 0
    assert torch.equal(headed(x), headed(x.contiguous(memory_format=torch.channels_last)))
    assert backbone.seen == 0


def test_another_head_on_the_backbone_and_a_copy_ask_it_for_nothing_new(headed: Headed) -> None:
    x = pictures(3)
    headed(x)
    other, copied = Headed(deepcopy(headed.backbone), nn.Linear(5, 2)), frozen_copy(headed)
    for module in (other, copied):
        assert isinstance(module, Headed)
        assert isinstance(module.backbone, Counting)
        module.backbone.seen = 0
        assert torch.allclose(module(x), plain(module, x), atol=1e-6)
        assert module.backbone.seen == len(x)  # by `plain` alone


def test_other_weights_and_pictures_that_differ_in_one_bit_have_features_of_their_own(headed: Headed) -> None:
    x = pictures(2)
    headed(x)
    untrained = randomised(headed, 0, None)
    assert isinstance(untrained, Headed)
    assert torch.allclose(untrained(x), plain(untrained, x), atol=1e-6)
    assert not torch.allclose(untrained.backbone(x), headed.backbone(x), atol=1e-3)
    near = x.clone()
    near[0, 0, 0, 0] = torch.nextafter(x[0, 0, 0, 0], torch.tensor(2.0))
    before = len(MEMO)
    headed(near)
    assert len(MEMO) == before + 1


def test_weights_changed_in_place_are_noticed(headed: Headed) -> None:
    x = pictures(2)
    headed(x)
    next(headed.backbone.parameters()).data.mul_(2)
    assert torch.allclose(headed(x), plain(headed, x), atol=1e-6)


def test_a_derivative_goes_through_the_backbone_though_its_features_are_remembered(headed: Headed) -> None:
    x = pictures(2)
    headed(x)
    one, other = x.clone().requires_grad_(), x.clone().requires_grad_()
    (headed(one).sum() + plain(headed, other).sum()).backward()
    assert one.grad is not None
    assert other.grad is not None
    assert torch.equal(one.grad, other.grad)
    assert one.grad.abs().sum() > 0


def test_the_network_has_no_state_and_passes_the_rehearsal(headed: Headed) -> None:
    before = state_hash(headed)
    rehearse(headed, pictures(2), 4)
    assert state_hash(headed) == before
    assert MEMO


def test_what_is_kept_in_a_file_is_recalled_and_nothing_else(
    headed: Headed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = pictures(3)
    logits = headed(x)
    keep(tmp_path / "new" / "features.npz")
    headed(pictures(1, seed=2))
    recall(tmp_path / "new" / "features.npz")
    assert len(MEMO) == len(x)
    monkeypatch.setattr(headed.backbone, "forward", None)
    assert torch.equal(headed(x), logits)
    recall(tmp_path / "none.npz")
    assert not network.MEMO
