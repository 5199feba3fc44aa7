"""What is audited: a network, the names of its classes and its own preprocessing."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from audit.errors import AuditError
from audit.preprocessing import Preprocessing


@dataclass(frozen=True)
class ClassName:
    """One class: the name that is shown, and other words that a dataset may use for it."""

    name: str
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    """A network that maps `(N, C, H, W)` pictures to `(N, K)` logits, opened for an audit.

    `preprocessing` and `classes` are None where the model file does not say; the settings must then.
    """

    module: nn.Module
    classes: tuple[ClassName, ...] | None
    preprocessing: Preprocessing | None
    description: Mapping[str, str] = field(default_factory=dict)
    """What it is, for the record: kind, name, weights. No host paths."""


def freeze(module: nn.Module) -> nn.Module:
    """The network in evaluation mode with no parameter that asks for a gradient."""
    module.eval()
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    return module


def logits_of(module: nn.Module, x: Tensor, classes: int | None = None) -> Tensor:
    """The network's output `(N, K)` for `x` `(N, C, H, W)`.

    Raises AuditError where the output is a tuple, has another shape or another number of classes.
    """
    output = module(x)
    if not isinstance(output, Tensor):
        kind = type(output).__name__
        size = f" of {len(output)}" if isinstance(output, Sequence | Mapping) else ""
        raise AuditError(
            "model",
            f"returns a {kind}{size}",
            "one tensor of logits (N, classes)",
            "Wrap it in a factory that returns the logits alone.",
        )
    if output.ndim != 2 or output.shape[0] != x.shape[0]:
        raise AuditError("model", f"returns shape {tuple(output.shape)}", f"({x.shape[0]}, classes)")
    if classes is not None and output.shape[1] != classes:
        raise AuditError(
            "model",
            f"returns {output.shape[1]} classes, but {classes} class names are given",
            "as many names as classes",
            "Set model.classes to this model's own list.",
        )
    return output


def state_hash(module: nn.Module) -> str:
    """SHA-256 over names, types, shapes and values of all parameters and buffers: the identity of the weights."""
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict(keep_vars=False).items()):
        if isinstance(value, Tensor):
            digest.update(f"{name}|{value.dtype}|{tuple(value.shape)}|".encode())
            digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()
