"""What another library does to a network and to the generators of random numbers, undone, whatever it raises."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

KEPT = ("_parameters", "_buffers", "_modules")


@contextmanager
def undisturbed(module: nn.Module) -> Iterator[None]:
    """Afterwards the network has the hooks, attributes, parameters and values that it had, and its mode.

    Inside, no parameter asks for a gradient, so that none is formed.
    """
    parts = [
        (part, _tables(part), set(vars(part)), part.training, part._is_full_backward_hook) for part in module.modules()
    ]
    held: tuple[Tensor, ...] = (*module.parameters(), *module.buffers())
    values = [(value, value.data, value.detach().clone()) for value in held]
    asking = [(each, each.requires_grad, each.grad) for each in module.parameters()]
    try:
        for parameter, _, _ in asking:
            parameter.requires_grad_(False)
        yield
    finally:
        for part, tables, attributes, training, full in parts:
            for name in set(vars(part)) - attributes:
                del part.__dict__[name]
            for name, entries in tables.items():
                table = vars(part)[name]
                table.clear()
                table.update(entries)
            part.training = training
            part._is_full_backward_hook = full
        for value, data, kept in values:
            value.data = data
            if not torch.equal(data, kept):
                data.copy_(kept)
        for parameter, asked, gradient in asking:
            parameter.requires_grad_(asked)
            parameter.grad = gradient


def _tables(part: nn.Module) -> dict[str, dict[Any, Any]]:
    """Copies of the part's own tables: parameters, buffers, parts and all hooks."""
    return {
        name: dict(table)
        for name, table in vars(part).items()
        if isinstance(table, dict) and (name in KEPT or "hook" in name)
    }


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Inside, torch and NumPy draw from this seed; afterwards they go on where they were."""
    state = np.random.get_state()  # noqa: NPY002 the libraries draw from the global one
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(state)  # noqa: NPY002
