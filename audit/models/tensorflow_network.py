"""A function of TensorFlow as the methods and controls expect a network: torch in, torch out, torch's gradient."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from audit.errors import AuditError
from audit.models.keras_network import ROLES, STATISTICS

ALIGNED = 64
"""Bytes: where TensorFlow wants memory that it shares to begin."""
FIXED = ("mean", "variance", "count")
"""Numbers of a layer that prepares pictures, which no training put there."""
_serial = itertools.count()


class Traced:
    """A function of tensors (N, ...), traced once for each shape of theirs, for batches of any size."""

    def __init__(self, tf: Any, function: Callable[..., Any]) -> None:
        self._tf, self._function, self._concrete = tf, function, dict[Any, Any]()

    def __call__(self, *given: Any) -> Any:
        shapes = tuple(tuple(value.shape[1:]) for value in given)
        if shapes not in self._concrete:
            specs = [self._tf.TensorSpec((None, *shape), self._tf.float32) for shape in shapes]
            self._concrete[shapes] = self._tf.function(self._function).get_concrete_function(*specs)
        return self._concrete[shapes](*given)


class Program:
    """A function of TensorFlow with its variables, which a network and its copies share.

    Each network holds weights of its own. Before it is asked, they are put into the variables.
    """

    def __init__(self, tf: Any, answers: Callable[[Any], Any], variables: Sequence[Any]) -> None:
        """answers: logits (N, K) of pictures."""
        self.tf, self.answers = tf, answers
        self.variables = tuple(variable for variable in variables if variable.dtype.is_floating)
        self._holds: object = None
        self._derivative = Traced(tf, self._differentiated)

    def use(self, weights: Sequence[Tensor], key: object) -> None:
        """Compute with these weights from now on. key: by which they are known not to have changed."""
        if key != self._holds:
            for variable, value in zip(self.variables, weights, strict=True):
                variable.assign(self.tf.cast(value.detach().cpu().numpy(), variable.dtype))
            self._holds = key

    def logits(self, x: Tensor) -> Tensor:
        return _to_torch(self.answers(self._given(x)), x)

    def gradient(self, x: Tensor, upstream: Tensor) -> Tensor:
        """The derivative of the sum of the logits times `upstream` (N, K), with respect to the pictures."""
        return _to_torch(self._derivative(self._given(x), self._given(upstream)), x)

    def _differentiated(self, x: Any, upstream: Any) -> Any:
        with self.tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            answers = self.answers(x)
        gradient = tape.gradient(answers, x, output_gradients=upstream)
        if gradient is None:
            raise AuditError("model", "has no derivative in TensorFlow", "need a network that can be differentiated")
        return gradient

    def _given(self, x: Tensor) -> Any:
        """As a tensor of TensorFlow; the same memory where that can be."""
        x = x.detach().cpu().contiguous()
        if x.data_ptr() % ALIGNED == 0 and x.numel():
            return self.tf.experimental.dlpack.from_dlpack(x.__dlpack__())
        return self.tf.constant(x.numpy())


def _to_torch(given: Any, like: Tensor) -> Tensor:
    """A copy: TensorFlow may hand out memory that a constant of its own lies in."""
    return torch.from_numpy(np.array(given.numpy())).to(like.device)


class _Answers(torch.autograd.Function):
    """Logits of pictures as TensorFlow lays them out, with the derivative that TensorFlow's tape gives."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, network: "TensorFlowNetwork") -> Tensor:
        ctx.network = network
        ctx.save_for_backward(x)
        return network.program().logits(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        return ctx.network.program().gradient(x, upstream), None


class Variables(nn.Module):
    """Those of one layer."""


@dataclass(frozen=True)
class Place:
    """Where a variable lies in the network, and how."""

    layer: str
    role: str
    order: tuple[int, ...]
    """Of the variable's dimensions, as torch has them."""
    drawn: bool
    """A weight that can be replaced by random numbers."""

    @property
    def back(self) -> tuple[int, ...]:
        return tuple(sorted(range(len(self.order)), key=self.order.__getitem__))


class TensorFlowNetwork(nn.Module):
    """Logits of pictures (N, C, H, W). Weights and statistics go by torch's names and layouts.

    They are held here, in float32 or float64, and TensorFlow's variables take them before they are asked.
    """

    def __init__(self, program: Program, *, pixels_last: bool) -> None:
        super().__init__()
        self._program, self._pixels_last, self._number = program, pixels_last, next(_serial)
        self._places = tuple(_places(program.variables))
        for place, variable in zip(self._places, program.variables, strict=True):
            whole = np.float64 if variable.dtype == program.tf.float64 else np.float32
            value = torch.from_numpy(np.array(variable.numpy(), whole)).permute(place.order).contiguous()
            layer = self._modules.setdefault(place.layer, Variables())
            assert layer is not None
            if place.drawn:
                layer.register_parameter(place.role, nn.Parameter(value, requires_grad=False))
            else:
                layer.register_buffer(place.role, value)
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        laid_out = x.permute(0, 2, 3, 1) if self._pixels_last else x
        answers: Tensor = _Answers.apply(laid_out, self)
        return answers

    def program(self) -> Program:
        """What TensorFlow runs, with this network's weights in it."""
        held: list[Tensor] = [getattr(self._modules[place.layer], place.role) for place in self._places]
        key = (self._number, *((value.data_ptr(), value._version) for value in held))
        weights = [value.permute(place.back) for value, place in zip(held, self._places, strict=True)]
        self._program.use(weights, key)
        return self._program

    def __deepcopy__(self, memo: dict[int, Any]) -> "TensorFlowNetwork":
        """The same function, with weights of its own."""
        copied = TensorFlowNetwork(self._program, pixels_last=self._pixels_last)
        copied.load_state_dict(self.state_dict())
        device = next((value.device for value in self.state_dict().values()), torch.device("cpu"))
        return copied.to(device)


def _places(variables: Sequence[Any]) -> Iterator[Place]:
    """By their names in TensorFlow, 'block/conv/kernel:0', each once."""
    taken = set[tuple[str, str]]()
    for number, variable in enumerate(variables):
        name = str(variable.name).removesuffix(":0").replace(".", "_").replace(":", "_")
        layer, _, leaf = name.rpartition("/")
        role = ROLES.get(leaf, leaf)
        fixed = role in STATISTICS or (leaf in FIXED and not variable.trainable)
        if not fixed and len(variable.shape) in (2, 4) and not role.endswith("weight"):
            role = f"{role}_weight"
        layer = layer or "variables"
        while (layer, role) in taken:
            layer = f"{layer} {number}"
        taken.add((layer, role))
        yield Place(layer, role, _order(name, len(variable.shape)), not fixed)


def _order(name: str, dimensions: int) -> tuple[int, ...]:
    """Outputs before inputs before the window; a depthwise convolution's inputs are its channels."""
    if dimensions == 4 and "depthwise" in name.lower():
        return (2, 3, 0, 1)
    if dimensions < 2:
        return tuple(range(dimensions))
    return (dimensions - 1, dimensions - 2, *range(dimensions - 2))
