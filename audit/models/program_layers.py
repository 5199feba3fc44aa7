"""The operators of an exported program as layers that Python calls, so that methods can look into them."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.fx import GraphModule, Node

aten = torch.ops.aten

RECTIFIERS: dict[Any, Callable[[], nn.Module]] = {
    aten.relu.default: nn.ReLU,
    aten.relu_.default: lambda: nn.ReLU(inplace=True),
    aten.relu6.default: nn.ReLU6,
    aten.relu6_.default: lambda: nn.ReLU6(inplace=True),
}
CLIPPED: dict[Any, bool] = {aten.hardtanh.default: False, aten.hardtanh_.default: True}
"""With whether it works in place; -1 and 1 are its bounds where none are given."""
OF_MAPS = (
    *(aten.conv2d.default, aten.batch_norm.default, aten.cat.default, aten.add.Tensor, aten.add_.Tensor),
    *(aten.max_pool2d.default, aten.avg_pool2d.default, aten.adaptive_avg_pool2d.default),
    *(aten.silu.default, aten.silu_.default, aten.hardswish.default, aten.hardswish_.default, aten.gelu.default),
    *(aten.leaky_relu.default, aten.leaky_relu_.default, aten.elu.default, aten.elu_.default, aten.mul.Tensor),
)
OF_TOKENS = (aten.layer_norm.default, aten.linear.default, aten.add.Tensor, aten.gelu.default)
"""Whose outputs (N, T, C) are tokens in that order, as those of other operators need not be."""


def with_layers(module: nn.Module) -> bool:
    """Make layers of the program's operators, in place, and say whether it was done.

    A ReLU becomes a module that does the same; after any other operator whose output is a map (N, C, H, W), or tokens
    (N, T, C), stands a module that returns what it is given. Each has its operator's name in the program: 'relu_3'.
    The program computes what it did, and its state is what it was.
    """
    if not isinstance(module, GraphModule):
        return False
    for node in list(module.graph.nodes):
        layer = _layer(node)
        if layer is not None and not hasattr(module, node.name):
            _put(module, node, layer)
    module.graph.lint()
    module.recompile()
    return True


def _layer(node: Node) -> nn.Module | None:
    """The layer for an operator; None where it needs none."""
    if node.op != "call_function" or node.kwargs:
        return None
    if node.target in RECTIFIERS and len(node.args) == 1:
        return RECTIFIERS[node.target]()
    if node.target in CLIPPED:
        low, high = cast(Sequence[float], [*node.args[1:], *[-1.0, 1.0][len(node.args) - 1 :]])
        return nn.Hardtanh(low, high, inplace=CLIPPED[node.target])
    value = node.meta.get("val")
    dimensions = value.ndim if isinstance(value, Tensor) and value.is_floating_point() else 0
    shown = (dimensions == 4 and node.target in OF_MAPS) or (dimensions == 3 and node.target in OF_TOKENS)
    return nn.Identity() if shown else None


def _put(module: GraphModule, node: Node, layer: nn.Module) -> None:
    """The layer in place of its operator, or after it where it does nothing itself."""
    module.add_submodule(node.name, layer)
    layer.training = False
    with module.graph.inserting_after(node):
        after = isinstance(layer, nn.Identity)
        call = module.graph.call_module(node.name, (node if after else node.args[0],))
    call.meta = dict(node.meta)
    node.replace_all_uses_with(call, delete_user_cb=lambda user: user is not call)
    if not after:
        module.graph.erase_node(node)
