"""Whatever somebody else's network does when it is first touched, its user reads what to do about it."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from audit.cli import main
from audit.errors import AuditError
from audit.models.model import freeze, rehearse, state_hash, to_channels_last
from audit.models.network_copy import frozen_copy

X = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))


class Answering(nn.Module):
    """A linear network whose logits go through a function."""

    def __init__(self, change: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.head, self.change = nn.Linear(192, 4), change

    def forward(self, x: Tensor) -> Tensor:
        return self.change(self.head(x.flatten(1)))


class Unlisted(nn.Module):
    def parameters(self, recurse: bool = True) -> Iterator[nn.Parameter]:
        raise ValueError("no parameters for you")


class Wordless(nn.Module):
    def __deepcopy__(self, memo: dict[int, Any]) -> "Wordless":
        raise RuntimeError


class Becomes(nn.Module):
    """Another network where it is copied, and the copy is audited."""

    def __init__(self, other: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.head, self.other = nn.Linear(192, 4), other

    def forward(self, x: Tensor) -> Tensor:
        return self.head(x.flatten(1))  # type: ignore[no-any-return]

    def __deepcopy__(self, memo: dict[int, Any]) -> nn.Module:
        return self.other()


def touched(module: nn.Module) -> None:
    module = frozen_copy(freeze(module))
    state_hash(module)
    rehearse(module, X)
    to_channels_last(module, X[:1])


def quantised() -> nn.Module:
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 4))
    made: nn.Module = torch.ao.quantization.quantize_dynamic(network, {nn.Linear})  # type: ignore[no-untyped-call]
    return made


def in_inference_mode() -> nn.Module:
    network = Answering(lambda logits: logits)
    network.forward = torch.inference_mode()(network.forward)  # type: ignore[method-assign]
    return network


def sparse_state() -> nn.Module:
    network = Answering(lambda logits: logits)
    network.register_buffer("few", torch.eye(3).to_sparse())
    return network


FAULTS: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "inference": (in_inference_mode, "have no derivative with respect to the picture; need"),
    "detached": (lambda: Answering(Tensor.detach), "have no derivative with respect to the picture; need"),
    "integers": (lambda: Answering(Tensor.long), "returns a tensor of kind int64; need"),
    "truths": (lambda: Answering(lambda logits: logits > 0), "returns a tensor of kind bool; need"),
    "complex": (lambda: Answering(lambda logits: logits + 0j), "returns a tensor of kind complex64; need"),
    "sparse": (lambda: Answering(Tensor.to_sparse), "returns a tensor of kind sparse_coo; need"),
    "meta": (lambda: Answering(lambda logits: logits.to("meta")), "returns a tensor of kind meta; need"),
    "quantised": (
        lambda: Answering(lambda logits: torch.quantize_per_tensor(logits, 0.1, 0, torch.qint8)),
        "returns a tensor of kind qint8; need",
    ),
    "lazy": (lambda: nn.Sequential(nn.Flatten(), nn.LazyLinear(4)), "when .*; need .* lazy layers"),
    "meta state": (
        lambda: Answering(lambda logits: logits).to("meta"),
        "when its weights are read.*need weights that are loaded",
    ),
    "sparse state": (sparse_state, "when its weights are read.*need weights that are loaded"),
    "quantised layers": (quantised, "need a network that can be differentiated"),
    "parameters": (Unlisted, "raises ValueError when its parameters are frozen: no parameters for you; need"),
    "another kind": (lambda: Becomes(quantised), "becomes a network of other layers when it is copied"),
    "other weights": (
        lambda: Becomes(lambda: Becomes(quantised)),
        "becomes a network of other weights when it is copied",
    ),
    "no network": (lambda: Becomes(lambda: cast(nn.Module, None)), "becomes a network of other layers when it is"),
    "no words": (Wordless, "raises RuntimeError when the network is copied; need one that copy.deepcopy copies"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("fault", FAULTS)
def test_its_fault_is_said(fault: str) -> None:
    make, message = FAULTS[fault]
    with pytest.raises(AuditError, match=rf"^model: .*{message}.*\.$"):
        touched(make())


@pytest.mark.parametrize(("given", "wanted", "kind"), [(1, 3, "colour"), (3, 1, "grey")])
def test_the_hint_fits_the_channels_that_are_set(given: int, wanted: int, kind: str) -> None:
    network = nn.Sequential(nn.Conv2d(wanted, 4, 8), nn.Flatten())
    with pytest.raises(AuditError, match=rf"a network for {kind} pictures needs channels = {wanted}\.$"):
        rehearse(network, torch.rand(2, given, 8, 8))


@pytest.mark.parametrize("error", [asyncio.CancelledError, GeneratorExit])
def test_what_is_no_exception_leaves_as_invalid(error: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise error

    monkeypatch.setattr(main.cli, "main", broken)
    with pytest.raises(SystemExit) as left:
        main.main()
    assert left.value.code == 2
