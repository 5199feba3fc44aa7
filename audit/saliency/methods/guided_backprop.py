"""Guided backpropagation."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.graph import Node
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from audit.errors import AuditError
from audit.registry import Need
from audit.saliency.batch import Batch, score_of

NEEDS: frozenset[Need] = frozenset({"gradient", "layers"})

INSTEAD = "Use gradient, smoothgrad or integrated_gradients, which work on any network."


def guided_backprop(batch: Batch) -> Tensor:
    """The gradient that passes a ReLU only where both it and the activation are positive.

    Springenberg et al.: Striving for Simplicity: The All Convolutional Net, 2015. Covers ReLU and ReLU6 as modules, in
    place, shared, and as functions or tensor methods. Returns (N, C, H, W).
    Raises AuditError where a ReLU cannot be reached (an exported, scripted or compiled program, a ReLU written as a
    clamp) and where there is none: the plain gradient is never returned under this name.
    Cost: 1 forward, 1 backward pass.
    """
    refuse_scripted(batch.module)
    with torch.enable_grad(), GuidedReLU() as guided:
        leaf = batch.x.detach().requires_grad_()
        score = score_of(batch.ask(leaf), batch.target, batch.score)
        refuse_unguided(score)
        if guided.reached == 0:
            raise AuditError("guided_backprop", "the network has no ReLU", "need at least one", INSTEAD)
        (gradient,) = torch.autograd.grad(score.sum(), leaf)
    return gradient


class GuidedReLU(TorchFunctionMode):
    """While it is open, every ReLU that Python calls has the guided backward pass; `reached` counts the calls."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = 0

    def __torch_function__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        order, defaults = RECTIFIERS.get(func, ((), {}))
        call = defaults | dict(zip(order, args, strict=False)) | dict(kwargs or {})
        if func not in RECTIFIERS or call["min_val"] != 0:
            return func(*args, **(kwargs or {}))
        self.reached += 1
        rectified = _Guided.apply(call["input"], float(call["max_val"]))
        return call["input"].copy_(rectified) if call["inplace"] else rectified


ONE = ("input", "inplace")
BOTH = ("input", "min_val", "max_val", "inplace")
RELU = {"min_val": 0.0, "max_val": math.inf, "inplace": False}
RELU6 = RELU | {"max_val": 6.0}
HARDTANH = {"min_val": -1.0, "max_val": 1.0, "inplace": False}
IN_PLACE = {"inplace": True}

RECTIFIERS: dict[Any, tuple[tuple[str, ...], dict[str, Any]]] = {
    F.relu: (ONE, RELU),
    torch.relu: (ONE, RELU),
    torch.Tensor.relu: (ONE, RELU),
    torch.relu_: (ONE, RELU | IN_PLACE),
    torch.Tensor.relu_: (ONE, RELU | IN_PLACE),
    F.relu6: (ONE, RELU6),
    torch._C._nn.relu6: (ONE, RELU6),
    torch._C._nn.relu6_: (ONE, RELU6 | IN_PLACE),
    F.hardtanh: (BOTH, HARDTANH),
    torch._C._nn.hardtanh: (BOTH, HARDTANH),
    torch._C._nn.hardtanh_: (BOTH, HARDTANH | IN_PLACE),
}
"""Every way to call a ReLU: the order of its arguments, and what they are where they are not given."""


class _Guided(Function):
    """ReLU with a ceiling. It keeps its own output, which nothing can overwrite in place."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, ceiling: float) -> Tensor:
        rectified = x.clamp(min=0, max=ceiling)
        ctx.save_for_backward(rectified)
        ctx.ceiling = ceiling
        return rectified

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        (rectified,) = ctx.saved_tensors
        (gradient,) = gradients
        # Passes where 0 < rectified < ceiling; one fused step, as the plain ReLU's is.
        return torch.ops.aten.hardtanh_backward(gradient.clamp(min=0), rectified, 0.0, ctx.ceiling), None


def refuse_scripted(module: nn.Module) -> None:
    """Raises AuditError where a part of the network is TorchScript, which Python cannot see into."""
    for name, part in module.named_modules():
        if isinstance(part, torch.jit.ScriptModule):
            where = f"its part {name!r}" if name else "the network"
            raise AuditError("guided_backprop", f"{where} is TorchScript", "need ReLUs that Python calls", INSTEAD)


def refuse_unguided(score: Tensor) -> None:
    """Raises AuditError where the score's graph still holds a plain ReLU, or a part that cannot be looked into."""
    for node in nodes_of(score):
        if is_plain_relu(node):
            raise AuditError(
                "guided_backprop",
                f"a ReLU of the network cannot be reached ({node.name()})",
                "need ReLUs that Python calls, not those of an exported, scripted or compiled program",
                INSTEAD,
            )


def nodes_of(score: Tensor) -> Iterator[Node]:
    """Every node of the score's autograd graph, once."""
    waiting = [score.grad_fn]
    seen = set()
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            yield node
            waiting.extend(following for following, _ in node.next_functions)


def is_plain_relu(node: Node) -> bool:
    """The node is a ReLU's own backward pass, or hides what it does."""
    kind = node.name().rpartition("::")[2]
    if kind.startswith(
        ("ReluBackward", "ThresholdBackward", "DifferentiableGraphBackward", "CompiledFunctionBackward")
    ):
        return True
    if kind.startswith("Hardtanh"):
        return bool(getattr(node, "_saved_min_val", 0) == 0)
    return kind.startswith("Clamp") and getattr(node, "_saved_min", None) == 0
