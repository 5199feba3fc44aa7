"""An ONNX graph as a network that torch differentiates."""

import warnings
from typing import Any

from torch import Tensor, nn

from audit.errors import AuditError, first_line
from audit.models.extras import modules_of

ELSE = "Open it as the kind 'onnxruntime', which only asks it."
INNER = ("If", "Loop", "Scan", "SequenceMap")
"""Operators with graphs of their own."""


class Converted(nn.Module):
    """Pictures (N, C, H, W) through the graph, in whichever order it wants their channels."""

    def __init__(self, network: nn.Module, *, pixels_last: bool) -> None:
        super().__init__()
        self.network, self.pixels_last = network, pixels_last

    def forward(self, x: Tensor) -> Tensor:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of how the converter indexes tensors
            answers: Tensor = self.network(x.permute(0, 2, 3, 1) if self.pixels_last else x)
        return answers


def cleaned(proto: Any) -> tuple[Any, bool]:
    """The model without constants and identities that hide weights, and without a softmax at its end.

    Returns whether there was one.
    """
    ir, passes, common = modules_of("onnx", "onnx", "onnx_ir", "onnx_ir.passes", "onnx_ir.passes.common")
    model = ir.serde.deserialize_model(proto)
    lift = common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)
    tidy = passes.Sequential(lift, common.IdentityEliminationPass(), common.RemoveUnusedNodesPass())
    model = tidy(model).model
    graph = model.graph
    last = graph.outputs[0].producer()
    cut = last is not None and last.op_type == "Softmax" and last.domain in ("", "ai.onnx") and _over_classes(last)
    if cut:
        graph.outputs[0] = last.inputs[0]
        graph.remove(last, safe=True)
    return ir.serde.serialize_model(model), cut


def _over_classes(softmax: Any) -> bool:
    axis = softmax.attributes.get("axis")
    return axis is None or axis.as_int() in (1, -1)


def converted(proto: Any, where: str, *, pixels_last: bool) -> Converted:
    """The network of a cleaned model. Raises AuditError where it has an operator that cannot be expressed in torch."""
    (onnx2pytorch,) = modules_of("onnx", "onnx", "onnx2pytorch")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            network = onnx2pytorch.ConvertModel(proto)
    except Exception as error:  # an operator, an attribute, or a combination of them
        said = first_line(error)
        seen = f"cannot be expressed in torch ({type(error).__name__}: {said})"
        raise AuditError(where, seen, "need operators that onnx2pytorch knows", ELSE) from error
    if not any(node.op_type in INNER for node in network.onnx_model.graph.node):
        _own_weights(network)
    return Converted(network, pixels_last=pixels_last)


def _own_weights(network: Any) -> None:
    """Weights that operators take as inputs become parameters; copies of those that layers hold already are dropped.

    A parameter can be replaced by random numbers, as the controls do; the graph's own copy of all weights is not kept.
    """
    constants, operations = modules_of("onnx", "onnx", "onnx2pytorch.constants", "onnx2pytorch.convert.operations")
    standard = constants.STANDARD_LAYERS

    def holds_its_weights(layer: Any) -> bool:
        parts = layer.modules() if isinstance(layer, nn.Sequential) else (layer,)
        return any(isinstance(part, standard) for part in parts)

    taken = {
        name
        for node in network.onnx_model.graph.node
        if not holds_its_weights(getattr(network, network.mapping[node.output[0]]))
        for name in node.input
    }
    for tensor in network.onnx_model.graph.initializer:
        name = operations.get_buffer_name(tensor.name)
        value = network._buffers.get(name)
        if value is None:
            continue
        if tensor.name not in taken:
            del network._buffers[name]
        elif value.is_floating_point() and value.numel() > 1:
            del network._buffers[name]
            network.register_parameter(name, nn.Parameter(value, requires_grad=False))
    network.onnx_model.graph.ClearField("initializer")
