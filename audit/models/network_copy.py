"""A copy of the network, which alone is audited: the same layers and weights, frozen."""

from copy import deepcopy

import torch
from torch import nn

from audit.errors import AuditError
from audit.models.model import freeze, state_hash, touching


def frozen_copy(module: nn.Module) -> nn.Module:
    """A deep copy, frozen; the original stays as it is.

    Raises AuditError where the network cannot be copied, or where its copy has other layers or weights.
    """
    step = "Remove from it what cannot be copied, as generators, locks and open files."
    with touching("when the network is copied", "need one that copy.deepcopy copies", step):
        copied = deepcopy(module)
    if not isinstance(copied, nn.Module) or _layers(copied) != _layers(module):
        raise _another("layers")
    if state_hash(copied) != state_hash(module):
        raise _another("weights")
    return freeze(copied)


def _layers(module: nn.Module) -> list[tuple[str, str]]:
    """Names and classes. Copies of a scripted or traced module, and of a graph, have other classes of the same kind."""
    kinds = {
        name: torch.jit.ScriptModule if isinstance(part, torch.jit.ScriptModule) else type(part)
        for name, part in module.named_modules()
    }
    return [(name, f"{kind.__module__}.{kind.__qualname__}") for name, kind in kinds.items()]


def _another(what: str) -> AuditError:
    return AuditError(
        "model",
        f"becomes a network of other {what} when it is copied",
        "need one that copy.deepcopy copies as it is, because the copy is audited",
        "Remove __deepcopy__ from it.",
    )
