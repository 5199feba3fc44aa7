"""A network of one's own, made by a function that the settings name."""

from pathlib import Path
from typing import Any

from audit.models.model import Model, freeze
from audit.models.named_function import network_of, origin


def factory(*, function: str, weights: Path | None = None, arguments: dict[str, Any] | None = None) -> Model:
    """The network that `package.module:function` returns, with the weights of a state dict where one is given.

        [model]
        kind = "factory"
        function = "nets:small"             # def small(...) in nets.py beside the settings file
        weights = "small.safetensors"       # or .pth, .pt, .bin, .ckpt, .tar; may be left out
        arguments = { classes = 4 }         # small(classes=4); may be left out

    The function is called with `arguments` as keywords and runs with all rights: here the settings name code. Its
    module is installed or lies beside the settings file; where both is so it is refused. Without `weights` the
    function must load them itself.

    Raises AuditError where the function cannot be imported, fails or does not return an `nn.Module`, and where the
    weights cannot be read as data or do not fit.
    """
    return Model(
        module=freeze(network_of(function, arguments, weights)),
        classes=None,
        preprocessing=None,
        description={"kind": "factory", **origin(function, arguments, weights)},
    )
