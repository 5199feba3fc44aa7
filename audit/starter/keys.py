"""The keys of a settings table as its model states them: what each is for, its default, and a value to begin with."""

import ast
import inspect
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

BARE = re.compile(r"[A-Za-z0-9_-]+")
"""Keys of TOML that need no quotes."""


@dataclass(frozen=True)
class Key:
    """One key of a table."""

    name: str
    explanation: str
    """One sentence."""
    default: Any
    """What the table takes where the file is silent; None where that is nothing."""
    example: Any
    """A value that could stand there: the default, or where that is nothing the model's own example."""


def keys_of(table: type[BaseModel]) -> Iterator[Key]:
    """The keys of a table, in their order, without those that are not read from a file."""
    texts = described(table)
    for name, field in table.model_fields.items():
        if not field.exclude:
            nothing = field.is_required() or field.default_factory is not None
            default = None if nothing else field.get_default()
            example = field.examples[0] if field.examples else default
            yield Key(name, _sentence(texts.get(name, ""), field), default, example)


def table_of(field: FieldInfo) -> type[BaseModel] | None:
    """The table that a key of the settings holds."""
    kinds = (field.annotation, *get_args(field.annotation))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def described(table: type[BaseModel]) -> dict[str, str]:
    """What the text below each key of the table says, those of the tables that it extends included."""
    inherited = [described(base) for base in table.__bases__ if issubclass(base, BaseModel) and base is not BaseModel]
    texts = {name: text for base in inherited for name, text in base.items()}
    (found,) = ast.parse(textwrap.dedent(inspect.getsource(table))).body
    assert isinstance(found, ast.ClassDef)
    return {**texts, **texts_below(found)}


def texts_below(tree: ast.Module | ast.ClassDef) -> dict[str, str]:
    """What the text below each name says that is assigned there."""
    texts: dict[str, str] = {}
    for statement, below in zip(tree.body, tree.body[1:], strict=False):
        match statement, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                texts[name] = inspect.cleandoc(text)
    return texts


def toml(value: Any) -> str:
    """A value as TOML writes it, on one line."""
    match value:
        case BaseModel():
            stated = value.model_dump(exclude_unset=True)
            return toml(stated["name"] if stated.keys() == {"name"} else stated)
        case Mapping():
            inside = ", ".join(f"{_key(str(key))} = {toml(entry)}" for key, entry in value.items())
            return f"{{{inside}}}"
        case list() | tuple():
            return f"[{', '.join(map(toml, value))}]"
        case Path():
            return toml(value.as_posix())
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else toml(name)


def _sentence(text: str, field: FieldInfo) -> str:
    """The first sentence of a description, and the words to choose from where there are some."""
    paragraph = " ".join(text.partition("\n\n")[0].split())
    first = re.split(r"(?<=[a-z\])])\. (?=[A-Z])", paragraph, maxsplit=1)[0].removesuffix(".")
    choices = " or ".join(json.dumps(word) for word in _words(field.annotation))
    return f"{first}: {choices}." if choices else f"{first}."


def _words(annotation: Any) -> tuple[str, ...]:
    kinds = (annotation, *get_args(annotation))
    found = next((kind for kind in kinds if get_origin(kind) is Literal), None)
    return tuple(word for word in get_args(found) if isinstance(word, str)) if found else ()
