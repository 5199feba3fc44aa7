"""The function that the settings name for a model: imported, and what it raises in words."""

from collections.abc import Callable
from typing import Any

from audit.errors import AuditError
from audit.importing import import_function


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


def said(error: BaseException) -> str:
    """An exception's type and message."""
    return f"{type(error).__name__}: {error}".removesuffix(": ")
