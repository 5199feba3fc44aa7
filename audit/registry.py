"""The file is the registration: in a registry package, `x.py` defines the function `x`, and by that it exists.

A registry package says in its `NOUN` what it holds ("saliency method"). A user's own function is named
`package.module:function`. Its keyword-only parameters are its options; they are validated from their annotations.
"""

import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Collection, Hashable, Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from audit.errors import AuditError, did_you_mean
from audit.importing import import_function

Function = Callable[..., Any]


def names(package: str) -> list[str]:
    """The names in a registry package, sorted, without importing what they name."""
    found = pkgutil.iter_modules(importlib.import_module(package).__path__)
    return sorted(module.name for module in found if not module.name.startswith("_"))


def noun(package: str) -> str:
    """What the package holds, for messages: 'saliency method'."""
    return str(importlib.import_module(package).NOUN)


def resolve(package: str, name: str) -> Function:
    """The function that `name` stands for.

    Raises AuditError for an unknown name (and suggests one), and for a file without its function.
    """
    if ":" in name:
        return _own(package, name)
    if name not in names(package):
        raise AuditError("settings", f"no {noun(package)} {name!r}", did_you_mean(name, names(package)))
    module = importlib.import_module(f"{package}.{name}")
    function = vars(module).get(name)
    if not inspect.isfunction(function):
        raise AuditError(
            f"{package}.{name}", f"the file defines no function {name!r}", "need the file is the registration"
        )
    return function


def _own(package: str, name: str) -> Function:
    try:
        function = import_function(name)
    except (ImportError, AttributeError) as error:
        raise AuditError(
            name,
            f"cannot be imported ({error})",
            f"need a {noun(package)} as 'package.module:function'",
            "Put the module beside the settings file, or install it.",
        ) from error
    if not callable(function):
        raise AuditError(name, f"is a {type(function).__name__}", "need a function")
    return function  # type: ignore[no-any-return]


def summary(function: Function) -> str:
    """The first line of the docstring."""
    return (inspect.getdoc(function) or "").partition("\n")[0]


def options_text(function: Function) -> str:
    """The options as the settings write them: ' Options: steps = 32, baseline = "black".', or nothing."""
    given = [p for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
    shown = [p.name if p.default is p.empty else f"{p.name} = {_toml(p.default)}" for p in given]
    return f" Options: {', '.join(shown)}." if shown else ""


def _toml(value: Any) -> str:
    return "none" if value is None else json.dumps(value, default=str)


def options(function: Function, given: Mapping[str, Any], where: str, beside: Collection[str] = ()) -> dict[str, Any]:
    """`given` validated against the keyword-only parameters of `function`, defaults filled in.

    beside: the keys that the same table may have besides. Raises AuditError that names the option, and suggests the
    right one where it is misspelt.
    """
    schema = (_schema if isinstance(function, Hashable) else _schema.__wrapped__)(function)
    for key in given:
        if key not in schema.model_fields:
            raise AuditError(where, f"no option {key!r}", did_you_mean(key, {*schema.model_fields, *beside}))
    try:
        return dict(schema(**given))
    except ValidationError as error:
        raise AuditError(where, first_problem(error)) from error


@lru_cache(maxsize=256)
def _schema(function: Function) -> type[BaseModel]:
    """Of the options. Remembered, since pydantic takes long to build it and the rules ask for it at every judgement."""
    parameters = [p for p in inspect.signature(function, eval_str=True).parameters.values() if p.kind is p.KEYWORD_ONLY]
    fields: dict[str, Any] = {p.name: (p.annotation, ... if p.default is p.empty else p.default) for p in parameters}
    return create_model("Options", __config__=ConfigDict(extra="forbid", arbitrary_types_allowed=True), **fields)


def first_problem(error: ValidationError) -> str:
    """The first of pydantic's findings as one phrase: 'steps = 0: Input should be greater than 0'."""
    problem = error.errors()[0]
    place = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "missing":
        return f"{place} is missing"
    return f"{place} = {problem['input']!r}: {problem['msg']}"
