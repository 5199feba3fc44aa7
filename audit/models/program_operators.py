"""The operators that a program may call: arithmetic of tensors and of sizes, by name and by what they take."""

import re
from typing import Any

import torch
from torch._ops import OpOverload, OpOverloadPacket

from audit.models.program_values import NotAllowed

TENSOR_OPERATOR = re.compile(
    r"torch\.ops\.(aten|prims|torchvision|quantized_decomposed)\.((?!__)\w+|__\w+__)\.([A-Za-z]\w*)", re.ASCII
)
SIZE_OPERATORS = {
    *(f"_operator.{name}" for name in ("getitem", "eq", "ne", "le", "ge", "lt", "gt", "neg", "pos", "mul", "add")),
    *(f"_operator.{name}" for name in ("sub", "floordiv", "mod", "pow", "truediv", "and_", "or_")),
    *(f"math.{name}" for name in ("trunc", "ceil", "floor", "sqrt")),
    *(f"torch.sym_{name}" for name in ("not", "int", "float", "ite", "max", "min", "sqrt", "sum")),
}
WITH_GRAPHS = {
    f"torch.ops.higher_order.{name}" for name in ("cond", "wrap_with_autocast", "wrap_with_set_grad_enabled")
}

TYPES = re.compile(r"(Tensor|int|SymInt|float|bool|number|Scalar|ScalarType|Layout|Device|MemoryFormat|Generator)")
MODES = {
    *("approximate", "rounding_mode", "padding", "padding_mode", "mode", "reduce", "indexing", "equation", "norm"),
    *("ord", "p", "side", "UPLO", "driver", "msg", "assert_msg", "pad_mode", "padding_side", "interpolation"),
}
"""Arguments that are words. The name of a file is none of them: `aten.from_file` opens files, and makes them."""


def operator(value: Any) -> str:
    """The full name of an operator that computes tensors or sizes from tensors, sizes and modes, and does no more.

    Raises NotAllowed for every other name: torch would look it up below `torch` and `operator`, and call it.
    """
    if not isinstance(value, str):
        raise NotAllowed(value)
    known = value in SIZE_OPERATORS or value in WITH_GRAPHS
    if not known and not ((named := TENSOR_OPERATOR.fullmatch(value)) and _is_arithmetic(*named.groups())):
        raise NotAllowed(value)
    return value


def _is_arithmetic(namespace: str, name: str, overload: str) -> bool:
    packet = getattr(getattr(torch.ops, namespace), name, None)
    if not isinstance(packet, OpOverloadPacket) or overload not in packet.overloads():  # type: ignore[no-untyped-call]
        return False
    operator = getattr(packet, overload)
    if not isinstance(operator, OpOverload) or operator._schema.name != f"{namespace}::{name}":
        return False
    if not torch._C._dispatch_has_kernel(operator._name):  # what TorchScript alone has, as aten::save
        return False
    return all(_is_plain(argument) for argument in (*operator._schema.arguments, *operator._schema.returns))


def _is_plain(argument: Any) -> bool:
    kind = re.sub(r"Optional\[|List\[|\]|\[\d*|\?", "", str(argument.type))
    return TYPES.fullmatch(kind) is not None or (kind == "str" and argument.name in MODES)
