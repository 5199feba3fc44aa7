"""Forward and input gradient over tensors that lie in memory: the least that any audit must do, and what is usual."""

from collections.abc import Iterator
from copy import deepcopy
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor, nn

from audit.cli.malloc import kept_memory
from audit.models.folded import folded
from benchmarks.cost.clock import spent

SIZES = {"cpu": (8, 16, 32), "cuda": (64, 128, 256)}
LAYOUTS = {torch.contiguous_format: "contiguous", torch.channels_last: "channels last"}
TRIED = 32
"""Pictures of a trial on the CPU: as many as its largest batch."""


class Loop(NamedTuple):
    """Forward and backward pass, batch by batch, in one way."""

    module: nn.Module
    x: Tensor
    size: int
    how: str

    def forward(self) -> None:
        """Without a derivative."""
        with torch.no_grad(), kept_memory():
            for part in torch.split(self.x, self.size):
                self.module(part)

    def gradient(self, pictures: int | None = None) -> None:
        """The derivative with respect to the picture, memory kept between batches as the audit keeps it."""
        with kept_memory():
            for part in torch.split(self.x[:pictures], self.size):
                _differentiated(self.module, part)

    def one_by_one(self) -> None:
        """As tutorials have it: a picture at a time, `.backward()`, the weights' derivatives with it, contiguous."""
        self.module.requires_grad_(True)
        for part in torch.split(self.x, 1):
            leaf = part.detach().requires_grad_()
            self.module(leaf)[0].max().backward()
        self.module.requires_grad_(False)
        self.module.zero_grad(set_to_none=True)


def plain(module: nn.Module, x: Tensor) -> Loop:
    """The network as it comes."""
    return Loop(module, x, 1, "as it comes")


def best(module: nn.Module, x: Tensor) -> Loop:
    """The way that takes least time on the first pictures: folded or not, either layout, three sizes of batches."""
    few = min(TRIED, len(x)) if x.device.type == "cpu" else len(x)
    ways = list(_ways(module, x))
    return min(ways, key=lambda way: min(spent(lambda: way.gradient(few)).wall for _ in range(2)))


def _ways(module: nn.Module, x: Tensor) -> Iterator[Loop]:
    networks = {"": module, "folded, ": folded(module, x[:2])}
    for (fold, network), (layout, name) in product(networks.items(), LAYOUTS.items()):
        if network is not None:
            there, laid_out = deepcopy(network).to(memory_format=layout), x.contiguous(memory_format=layout)
            for size in SIZES[x.device.type]:
                yield Loop(there, laid_out, size, f"{fold}{name}, batches of {size}")


def _differentiated(module: nn.Module, x: Tensor) -> Tensor:
    leaf = x.detach().requires_grad_()
    score = module(leaf).log_softmax(dim=1)[:, 0]
    return torch.autograd.grad(score.sum(), leaf)[0]
