"""Which layers a network calls and what it computes beside them: where a library's hooks would see only a part."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from audit.errors import AuditError
from audit.models.model import logits_of


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


SHAPES = names("""
    __get__ __getitem__ __iter__ __len__ cat chunk clone concat concatenate contiguous detach dim dropout expand flatten
    float is_complex is_floating_point moveaxis movedim narrow numel pad permute repeat reshape size split squeeze stack
    stride swapaxes to transpose unbind unflatten unsqueeze view view_as
""")
"""Functions that move numbers and change none."""
SUMS = names("""
    add add_ __add__ __radd__ __iadd__ sub sub_ __sub__ __rsub__ __isub__ rsub neg __neg__ sum mean avg_pool2d
    adaptive_avg_pool2d interpolate
""")
PRODUCTS = names("""
    mul mul_ __mul__ __rmul__ __imul__ div div_ __truediv__ true_divide matmul __matmul__ mm bmm einsum linear conv2d
    conv_transpose2d batch_norm
""")
"""Linear where at most one factor depends on the picture."""
LINEAR: frozenset[type[nn.Module]] = frozenset(
    {nn.Conv2d, nn.ConvTranspose2d, nn.Linear, nn.BatchNorm2d, nn.BatchNorm1d, nn.AvgPool2d, nn.AdaptiveAvgPool2d}
    | {nn.Flatten, nn.Unflatten, nn.Identity, nn.Dropout, nn.Dropout2d, nn.ZeroPad2d, nn.Upsample}
)
"""Layers that are linear in evaluation mode."""


@dataclass(frozen=True)
class Hooks:
    """What a library's hooks see, and what they need not see."""

    layers: frozenset[type]
    """Layers that they serve, and those that need none; exactly these classes, since others compute something else."""
    once: frozenset[type]
    """Those of them that must not be called twice."""
    functions: frozenset[str]
    """Functions that may be called outside of such layers."""
    products: frozenset[str] = frozenset()
    """Functions that may be called there where at most one factor depends on the picture."""


_REFUSED: WeakKeyDictionary[nn.Module, dict[tuple[str, Hooks, tuple[int, ...]], AuditError | None]] = (
    WeakKeyDictionary()
)


def refuse_unseen(label: str, network: nn.Module, x: Tensor, hooks: Hooks, step: str) -> None:
    """Raises AuditError where the network computes something that the library's hooks do not see.

    x: `(N, C, H, W)`, of which one picture is asked about, once for a network and a frame.
    """
    frame = tuple(x.shape[1:])
    known = _REFUSED.setdefault(network, {})
    key = (label, hooks, frame)
    if key not in known:
        known[key] = next(_unseen(label, network, x[:1], hooks, step), None)
    if (error := known[key]) is not None:
        raise AuditError(error.where, error.seen, error.needed, error.next_step)


def _unseen(label: str, network: nn.Module, x: Tensor, hooks: Hooks, step: str) -> Iterator[AuditError]:
    for name, part in network.named_modules():
        if isinstance(part, torch.jit.ScriptModule):
            where = f"its part {name!r}" if name else "the network"
            yield AuditError(label, f"{where} is TorchScript", "need layers that Python calls", step)
            return
    recorder = record_calls(network, x, hooks)
    for function, part_name in recorder.functions.items():
        where = f"in its part {part_name!r}" if part_name else "itself"
        seen = f"the network calls {function} {where}, where the hooks of the library do not see it"
        yield AuditError(label, seen, "need activations as modules of their own that the library knows", step)
    for name, count in recorder.calls.items():
        if count > 1 and type(network.get_submodule(name)) in hooks.once:
            seen = f"the network calls its layer {name!r} {count} times"
            yield AuditError(label, seen, "need a module of its own for each call, since the hooks keep one", step)


def record_calls(network: nn.Module, x: Tensor, hooks: Hooks) -> "Recorder":
    """One forward pass of pictures x (N, C, H, W), looked into down to the layers that the hooks see."""
    recorder = Recorder(hooks)
    with ExitStack() as stack, torch.enable_grad():
        for name, part in network.named_modules():
            stack.callback(part.register_forward_pre_hook(recorder.entering(name)).remove)
            stack.callback(part.register_forward_hook(recorder.leaving, always_call=True).remove)
        with recorder:
            logits_of(network, x.detach().clone().requires_grad_())
    return recorder


class Recorder(TorchFunctionMode):
    """While it is open: how often each layer is called, and which functions of the picture are called beside layers."""

    def __init__(self, hooks: Hooks) -> None:
        super().__init__()
        self.hooks = hooks
        self.calls = Counter[str]()
        self.functions: dict[str, str] = {}
        """By name, the part in which it was called first."""
        self._stack: list[tuple[str, bool]] = []

    def entering(self, name: str) -> Callable[..., None]:
        def enter(part: nn.Module, _: Any) -> None:
            self.calls[name] += 1
            self._stack.append((name, type(part) in self.hooks.layers))

        return enter

    def leaving(self, part: nn.Module, given: Any, output: Any) -> None:
        del part, given, output
        self._stack.pop()

    def __torch_function__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        served = not self._stack or any(inside for _, inside in self._stack)
        if not served and not self._harmless(func, (*args, *(kwargs or {}).values())):
            self.functions.setdefault(getattr(func, "__name__", str(func)), self._stack[-1][0])
        return func(*args, **(kwargs or {}))

    def _harmless(self, func: Any, given: Collection[Any]) -> bool:
        name = getattr(func, "__name__", "")
        depending = sum(tensor.requires_grad for tensor in _tensors(given))
        if depending == 0 or name in self.hooks.functions:
            return True
        first = next(_tensors(given))
        return name in self.hooks.products and depending == 1 and (first.requires_grad or not name.count("div"))


def _tensors(given: Any) -> Iterator[Tensor]:
    if isinstance(given, Tensor):
        yield given
    elif isinstance(given, list | tuple):
        for entry in given:
            yield from _tensors(entry)
