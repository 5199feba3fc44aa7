"""A Keras model on torch as the methods and controls expect a network: NCHW, logits, layers, named weights."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import Parameter

from audit.errors import AuditError
from audit.models.extras import modules_of

ROLES = {
    "kernel": "weight",
    "depthwise_kernel": "weight",
    "pointwise_kernel": "pointwise_weight",
    "embeddings": "weight",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
"""Keras' names of variables, and torch's."""
STATISTICS = ("running_mean", "running_var")
EXPORT = "Export it to ONNX, model.export('model.onnx', format='onnx'), and open it as the kind 'onnx'."


class KerasNetwork(nn.Module):
    """Logits of pictures (N, C, H, W). Every layer of the model, at any depth, is a submodule.

    Weights and statistics go by torch's names and layouts: they are views of what Keras computes with.
    """

    def __init__(self, model: Any, *, pixels_last: bool) -> None:
        super().__init__()
        self._asked = (model,)  # in a tuple, where torch does not see that the model is a module too
        self._pixels_last = pixels_last
        for parameter in nn.Module.parameters(model):
            parameter.requires_grad_(False)
        for number, (name, layer) in enumerate(_layers(model)):
            self.add_module(name if name not in self._modules else f"{name} {number}", layer)
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        with on_device(x.device):
            answers: Tensor = self._asked[0](x.permute(0, 2, 3, 1) if self._pixels_last else x, training=False)
        return answers

    def __deepcopy__(self, memo: dict[int, Any]) -> "KerasNetwork":
        """Keras copies a model by saving it, each layer by itself; so it is built again here, with the same weights."""
        (keras,) = modules_of("keras", "keras", "keras")
        (model,), own = self._asked, dict(self._named())
        with on_device(next(iter(own.values())).device if own else torch.device("cpu")):
            copied = KerasNetwork(keras.models.clone_model(model), pixels_last=self._pixels_last)
        with torch.no_grad():
            for name, value in copied._named():
                value.copy_(own[name])
        return copied

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """By the names of parameters and statistics alone: Keras' own change when a model is built again."""
        return dict(self._named())

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        for name, value in self._named():
            if not name.endswith(STATISTICS):
                yield f"{prefix}.{name}" if prefix else name, value

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        for name, value in self._named():
            if name.endswith(STATISTICS):
                yield f"{prefix}.{name}" if prefix else name, value

    def _named(self) -> Iterator[tuple[str, Any]]:
        layers: Mapping[str, Any] = self._modules
        for name, layer in layers.items():
            for variable in (*layer._trainable_variables, *layer._non_trainable_variables):
                role = ROLES.get(variable.name, variable.name)
                if variable.value.is_floating_point():
                    yield f"{name}.{role}", _as_torch(variable.value.detach(), type(layer).__name__, role)


def _as_torch(value: Tensor, kind: str, role: str) -> Tensor:
    """A view of the value in torch's layout, outputs before inputs before the window."""
    if (value.ndim == 4 and kind == "DepthwiseConv2D") or (kind == "SeparableConv2D" and role == "weight"):
        return value.permute(2, 3, 0, 1)
    return value.permute(value.ndim - 1, value.ndim - 2, *range(value.ndim - 2)) if value.ndim >= 2 else value


def on_device(device: torch.device) -> AbstractContextManager[Any]:
    """Within, Keras computes there, and not where it would by itself."""
    (keras,) = modules_of("keras", "keras", "keras")
    name = f"cuda:{device.index or 0}" if device.type == "cuda" else device.type
    return cast(AbstractContextManager[Any], keras.device(name))


def _layers(model: Any, within: str = "") -> Iterator[tuple[str, Any]]:
    """Those that do something, in their order, with those inside them, each by its name."""
    for layer in getattr(model, "layers", None) or model._layers:
        name = f"{within}{layer.name}".replace(".", "_")
        if not is_model(layer) and type(layer).__name__ != "InputLayer":
            yield name, layer
        yield from _layers(layer, f"{name}/")


def is_model(layer: Any) -> bool:
    return hasattr(layer, "layers") and hasattr(layer, "outputs")


def input_layout(model: Any, where: str) -> tuple[tuple[int | None, ...], bool]:
    """The shape of the only input, and whether its channels come last. Raises AuditError where there are more."""
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        names = ", ".join(str(entry.name) for entry in model.inputs)
        seen = f"has {len(model.inputs)} inputs ({names}) and {len(model.outputs)} outputs"
        raise AuditError(where, seen, "need one of each: pictures in, answers out", EXPORT)
    shape = tuple(model.inputs[0].shape)
    last = len(shape) == 4 and shape[3] in (1, 3)
    if len(shape) != 4 or not (last or shape[1] in (1, 3)) or shape[0] is not None:
        raise AuditError(where, f"takes inputs of shape {shape}", "need pictures (None, H, W, C) or (None, C, H, W)")
    return shape, last


Whole = Callable[[Tensor], Tensor]
"""Probabilities of pictures as Keras sees them, by the model as it was saved."""


def without_softmax(keras: Any, model: Any, where: str) -> tuple[Any, Whole | None]:
    """The model without a softmax at its end, and with it; None where there was none.

    Raises AuditError where its last layer ends neither in a softmax nor in bare numbers.
    """
    layer, inside = _last(model), False
    while is_model(layer):
        layer, inside = _last(layer), True
    if type(layer).__name__ == "Softmax" and not inside:
        return keras.Model(model.inputs, layer.input), lambda x: cast(Tensor, model(x, training=False))
    activation = getattr(layer, "activation", None)
    name = getattr(activation, "__name__", None)
    if name == "linear":
        return model, None
    if name != "softmax":
        ends = f"the activation {name!r}" if name else f"the layer {layer.name!r} ({type(layer).__name__})"
        raise AuditError(where, f"ends in {ends}", "need a last layer that ends in a softmax, or in logits", EXPORT)
    layer.activation = keras.activations.linear

    def whole(x: Tensor) -> Tensor:
        layer.activation = activation
        try:
            return cast(Tensor, model(x, training=False))
        finally:
            layer.activation = keras.activations.linear

    return model, whole


def _last(model: Any) -> Any:
    return model.outputs[0]._keras_history.operation
