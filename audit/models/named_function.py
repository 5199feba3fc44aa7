"""The function that the settings name for a model: imported, and what it raises in words."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from audit.errors import AuditError
from audit.importing import import_function
from audit.models.weights import load_weights, read_state


def named_function(name: str, does: str) -> Callable[..., Any]:
    """The function 'package.module:function'. does: what it must do, as 'returns a network'.

    Raises AuditError where there is none.
    """
    module_name, colon, attribute = name.partition(":")
    if not (module_name and colon and attribute):
        raise AuditError("model", f"function = {name!r}", "need 'package.module:function'")
    try:
        function = import_function(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        script = isinstance(error, SystemExit)
        raise AuditError(
            name,
            f"cannot be imported ({said(error)})",
            "need a function in a module that Python finds",
            "Move its script code below: if __name__ == '__main__':"
            if script
            else "Put the module beside the settings file, or install it.",
        ) from error
    if not callable(function):
        raise AuditError(name, f"is a {type(function).__name__}", f"need a function that {does}")
    return function  # type: ignore[no-any-return]


def network_of(function: str, arguments: Mapping[str, Any] | None, weights: Path | None) -> nn.Module:
    """The network that the function 'package.module:function' returns, with weights from a file if one is given.

    Raises AuditError where there is no such function, where it fails or returns anything else, and where the weights
    cannot be read as data or do not fit.
    """
    module = returned_by(function, arguments)
    if not isinstance(module, nn.Module):
        raise AuditError(function, f"returns a {type(module).__name__}", "need a torch.nn.Module")
    if weights is not None:
        load_weights(module, read_state(weights), weights.name)
    return module


def returned_by(function: str, arguments: Mapping[str, Any] | None) -> Any:
    """What the function returns. Raises AuditError where there is none, or where it fails."""
    build = named_function(function, "returns a network")
    try:
        return build(**(arguments or {}))
    except (AuditError, KeyboardInterrupt):
        raise
    except BaseException as error:  # SystemExit among them: training scripts end with it
        raise AuditError(function, f"raises {said(error)}", "need a function that returns a network") from error


def origin(function: str, arguments: Mapping[str, Any] | None, weights: Path | None) -> dict[str, str]:
    """For the record: what `network_of` made the network of."""
    return {
        "name": function,
        "weights": weights.name if weights else "from the function",
        **{f"arguments.{key}": repr(value) for key, value in (arguments or {}).items()},
    }


def said(error: BaseException) -> str:
    """An exception's type and message."""
    return f"{type(error).__name__}: {error}".removesuffix(": ")
