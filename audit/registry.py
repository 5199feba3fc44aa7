"""The file is the registration: in a registry package, `x.py` defines the function `x`, and by that it exists.

A registry package says in its `NOUN` what it holds ("saliency method"). A user's own function is named
`package.module:function`. Its keyword-only parameters are its options; they are validated from their annotations. What
it needs beyond what every function of its package gets, its module declares in `NEEDS`. A package may take functions
from libraries too (`LIBRARIES`): there `library:name` is what the library's file returns for the name.
"""

import importlib
import inspect
import json
import pkgutil
import sys
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from audit import validation
from audit.errors import AuditError, Problems, did_you_mean
from audit.importing import import_function

Function = Callable[..., Any]
LIBRARIES: Mapping[str, str] = {"audit.saliency.methods": "audit.saliency.libraries"}
"""By registry package, the one whose files bring it functions from other libraries."""
Need = Literal["gradient", "layers", "region", "donors", "maps", "untrained", "grid", "files"]
"""What a function may declare in `NEEDS: frozenset[Need]` of its module.

gradient: a network that torch can differentiate and whose weights it holds, which a black box is not. layers: modules
that Python calls, which an exported or scripted program has not. region: what the annotations mark, the boxes and the
forbidden pixels. donors: pictures that lend their backgrounds. maps: the saliency methods and the maps they made.
untrained: a copy of the network with random weights. grid: the coarse grid of every picture's relevance, stored in the
record. files: the pictures' files, opened again.
"""


def packages(*roots: str) -> list[str]:
    """The registry packages at any depth below `roots`, in the order of their names."""
    return [package for root in roots for package in _packages(root)]


def _packages(package: str) -> Iterator[str]:
    module = importlib.import_module(package)
    if hasattr(module, "NOUN"):
        yield package
    for inner in sorted(entry.name for entry in pkgutil.iter_modules(module.__path__) if entry.ispkg):
        yield from _packages(f"{package}.{inner}")


def names(package: str) -> list[str]:
    """The names in a registry package, sorted, without importing what they name."""
    return list(_names(tuple(importlib.import_module(package).__path__)))


@cache
def _names(folders: tuple[str, ...]) -> tuple[str, ...]:
    """Cached: one judgement asks hundreds of times."""
    modules = pkgutil.iter_modules(folders)
    return tuple(sorted(module.name for module in modules if not module.name.startswith("_")))


def noun(package: str) -> str:
    """What the package holds, for messages: 'saliency method'."""
    return str(importlib.import_module(package).NOUN)


def resolve(package: str, name: str) -> Function:
    """The function that `name` stands for.

    Raises AuditError for an unknown name (and suggests one), and for a file without its function.
    """
    library, _, inside = name.partition(":")
    if package in LIBRARIES and is_of_library(name):
        function: Function = registered(LIBRARIES[package], library)(inside)
        return function
    return _own(package, name) if is_own(name) else registered(package, name)


def is_own(name: str) -> bool:
    """It names a user's own function, which is imported."""
    return ":" in name and not is_of_library(name)


def is_of_library(name: str) -> bool:
    """It names something of one of the libraries that have a file."""
    library, colon, _ = name.partition(":")
    return bool(colon) and any(library in names(package) for package in LIBRARIES.values())


def registered(package: str, name: str) -> Function:
    """The function of that name in the package itself: for names from files that nobody vouches for.

    Imports nothing from elsewhere. Raises AuditError as `resolve` does.
    """
    if name not in names(package):
        raise AuditError("settings", f"no {noun(package)} {name!r}", did_you_mean(name, names(package)))
    module = importlib.import_module(f"{package}.{name}")
    function = vars(module).get(name)
    if not inspect.isfunction(function):
        raise AuditError(
            f"{package}.{name}",
            f"the file defines no function {name!r}",
            "need one, since the file is the registration",
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


def of_libraries(package: str) -> dict[str, Function]:
    """By name, `library:name`, what other libraries bring the package; they need not be installed to be looked at."""
    inner = LIBRARIES.get(package)
    files = {name: importlib.import_module(f"{inner}.{name}").LIBRARY for name in names(inner)} if inner else {}
    return {f"{name}:{one}": library.described(one) for name, library in files.items() for one in library.attributors}


def needs(package: str, function: Function) -> frozenset[Need]:
    """The needs that the function or its module declares in `NEEDS`, as far as the package serves them (`OFFERS`).

    A function of a module without `NEEDS` needs all that is offered; nothing is where the package has no `OFFERS`.
    Raises AuditError for a word that is no need.
    """
    offered: frozenset[Need] | None = getattr(importlib.import_module(package), "OFFERS", None)
    if offered is None:
        return frozenset()
    declared = getattr(_declaring(function), "NEEDS", offered)
    for word in sorted(declared):
        if word not in get_args(Need):
            raise AuditError(function.__module__, f"NEEDS holds {word!r}", did_you_mean(word, get_args(Need)))
    return offered & declared


def declares(function: Function) -> bool:
    """The function or its module says what it needs."""
    return hasattr(_declaring(function), "NEEDS")


def _declaring(function: Function) -> Any:
    """What may hold `NEEDS`: the function itself, as one of a library does, else its module."""
    return function if hasattr(function, "NEEDS") else sys.modules.get(getattr(function, "__module__", ""))


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

    beside: the keys that the same table may have besides. Raises AuditError that names each option that is
    wrong, and suggests the right one where it is misspelt.
    """
    schema = (_schema if isinstance(function, Hashable) else _schema.__wrapped__)(function)
    problems, known, checked = Problems(where), schema.model_fields.keys(), dict[str, Any]()
    problems.add(*validation.unknown_options(where, [key for key in given if key not in known], {*known, *beside}))
    try:
        checked = dict(schema(**{key: value for key, value in given.items() if key in known}))
    except ValidationError as error:
        problems.add(*validation.problems(where, error, given))
    problems.settle()
    return checked


def option_schemas(function: Function) -> Mapping[str, Mapping[str, Any]]:
    """The JSON schema of each option, by its name."""
    properties: Mapping[str, Mapping[str, Any]] = _schema(function).model_json_schema().get("properties", {})
    return properties


@lru_cache(maxsize=256)
def _schema(function: Function) -> type[BaseModel]:
    """The model of the options. Cached: pydantic takes long to build it, and every judgement asks for many."""
    parameters = [p for p in inspect.signature(function, eval_str=True).parameters.values() if p.kind is p.KEYWORD_ONLY]
    fields: dict[str, Any] = {p.name: (p.annotation, ... if p.default is p.empty else p.default) for p in parameters}
    return create_model("Options", __config__=ConfigDict(extra="forbid", arbitrary_types_allowed=True), **fields)
