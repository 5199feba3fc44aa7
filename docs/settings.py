"""The reference of all settings: `python -m docs.settings` writes settings.md, and a test holds it to the code."""

import ast
import inspect
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from audit import bounds, registry
from audit.remote.url import PATTERN
from audit.settings import Settings
from audit.settings_judge import RequirementTable
from audit.settings_sample import SampleTable
from audit.settings_tables import MethodTable, NamedTable
from audit.starter.keys import described, table_of, texts_below, toml

FILE = Path(__file__).with_suffix(".md")
LEAD = """\
# All settings

Written by `python -m docs.settings`; a test holds it to the code. A settings file is TOML. Relative paths start where
it lies. An unknown key is an error, and everything that is wrong is said at once. A profile's `[measure]` may state
`experiments` and `saliency` where the file is silent. What may be named is also what `saliency-audit list` shows.

"""
PLUGINS: Mapping[str, tuple[str, ...]] = {
    "model": ("audit.models.kinds",),
    "data": ("audit.datasets.formats",),
    "saliency": ("audit.saliency.methods", "audit.saliency.null_maps"),
    "experiments": tuple(f"audit.experiments.{kind}" for kind in ("interventions", "controls", "searches")),
}
"""What the keys of a table name, with options of its own."""
ENTRIES: Mapping[str, type[BaseModel]] = {"saliency": MethodTable, "experiments": NamedTable}
WITHIN: Mapping[str, Mapping[str, type[BaseModel]]] = {"judge": {"requirements": RequirementTable}}
"""By table and key, the tables that stand there under names of the owner's choice."""
INSIDE: Mapping[str, Mapping[str, type[BaseModel]]] = {"data": {"sample": SampleTable}}
"""By table and key, the table that stands there."""
WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
COMPUTED = {"workers": "see there"}


def reference() -> str:
    """The whole page."""
    return LEAD + "\n".join(_page()).rstrip() + "\n"


def _page() -> Iterator[str]:
    tables = {name: table for name, field in Settings.model_fields.items() if (table := table_of(field))}
    yield from _keys("Top level", Settings, without={*tables, "folder"})
    for name, table in tables.items():
        yield from _keys(f"`[{name}]`", table, note=described(Settings).get(name, ""))
        for key, entry in INSIDE.get(name, {}).items():
            yield from _keys(f"`[{name}.{key}]`", entry, level=3)
        for key, entry in WITHIN.get(name, {}).items():
            yield from _keys(f"Each `[{name}.{key}.NAME]`", entry, level=3)
        if name in ENTRIES:
            yield from _keys(f"Each entry of a list in `[{name}]`", ENTRIES[name], level=3)
        for package in PLUGINS.get(name, ()):
            yield from _plugins(package)
    yield from _bound_sentences()


def _keys(
    title: str, table: type[BaseModel], *, note: str = "", level: int = 2, without: Collection[str] = ()
) -> Iterator[str]:
    schema, texts = table.model_json_schema(), described(table)
    lead = inspect.getdoc(table) or ""
    yield f"{'#' * level} {title}\n"
    yield " ".join(f"{lead} {note}".split()) + "\n"
    yield "| key | value | default | |\n|---|---|---|---|"
    for name, field in table.model_fields.items():
        if name not in without:
            kind = kind_of(schema["properties"][name], schema.get("$defs", {}))
            yield f"| `{name}` | {kind} | {_default(name, field)} | {' '.join(texts[name].split())} |"
    yield ""


def _plugins(package: str) -> Iterator[str]:
    functions = {name: registry.resolve(package, name) for name in registry.names(package)}
    yield from _functions(registry.noun(package), functions)
    if package in registry.LIBRARIES:
        yield from _functions(f"{registry.noun(package)} of a library", registry.of_libraries(package))


def _functions(noun: str, functions: Mapping[str, registry.Function]) -> Iterator[str]:
    yield f"### Each {noun}\n"
    yield f"| {noun} | options | |\n|---|---|---|"
    for name, function in functions.items():
        options = registry.options_text(function).strip().removeprefix("Options: ").removesuffix(".")
        shown = f"`{options}`{_limits(function)}" if options else "none"
        yield f"| `{name}` | {shown} | {registry.summary(function)} |"
    yield ""


def _limits(function: registry.Function) -> str:
    """'; steps above 0, up to 1,000', of each number among the options."""
    numbers = {name: _bounds(schema) for name, schema in registry.option_schemas(function).items()}
    return "".join(f"; {name}{limits}" for name, limits in numbers.items() if limits)


def _bound_sentences() -> Iterator[str]:
    yield "## Bounds\n"
    yield " ".join((inspect.getdoc(bounds) or "").partition("\n\n")[0].split()) + "\n"
    yield "| at most | |\n|---|---|"
    for name, text in texts_below(ast.parse(inspect.getsource(bounds))).items():
        yield f"| {getattr(bounds, name):,} | {' '.join(text.split())} |"
    yield ""


def kind_of(schema: Mapping[str, Any], named: Mapping[str, Any]) -> str:
    """What a value must be: 'whole number from 0 to 255', '`nearest`, `bilinear` or `bicubic`', 'list of texts'."""
    if "$ref" in schema:
        return kind_of(named[schema["$ref"].rpartition("/")[2]], named)
    if parts := schema.get("anyOf"):
        return " or ".join(dict.fromkeys(kind_of(part, named) for part in parts if part.get("type") != "null"))
    if choices := schema.get("enum"):
        return " or ".join(f"`{choice}`" for choice in choices)
    match schema:
        case {"format": "path"}:
            kind = "path"
        case {"pattern": pattern} if pattern == PATTERN:
            kind = "URL"
        case {"type": "array", "prefixItems": [first, *_]}:
            kind = f"list of {schema['maxItems']} {_plural(kind_of(first, named))}"
        case {"type": "array", "items": of}:
            kind = f"list of {_plural(kind_of(of, named))}"
        case {"type": "object", "additionalProperties": {} as inside} if inside is not True:
            within = kind_of(inside, named)
            kind = f"table of {'tables' if within == 'table' else within}"
        case {"type": "object", "additionalProperties": False}:
            kind = "table"
        case {"type": "object"}:
            kind = "name or table"
        case _:
            kind = WORDS[schema["type"]] + _bounds(schema)
    return kind


def _plural(kind: str) -> str:
    word, _, rest = kind.partition(" number")
    if kind in ("text", "path"):
        return {"text": "texts", "path": "paths"}[kind]
    if kind == "name or table":
        return "names or tables"
    return f"{word} numbers{rest}" if " number" in kind else kind.replace("number", "numbers", 1)


def _bounds(schema: Mapping[str, Any]) -> str:
    """' from 0 to 1', ' above 0, up to 10,000'."""
    words = {"exclusiveMinimum": "above", "minimum": "from", "maximum": "up to", "exclusiveMaximum": "below"}
    stated = [f"{word} {schema[key]:,}" for key, word in words.items() if key in schema]
    return f" {', '.join(stated)}" if stated else ""


def _default(name: str, field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default is PydanticUndefined:
        return COMPUTED.get(name, "empty")
    return "none" if field.default in (None, "", ()) else f"`{toml(field.default)}`"


if __name__ == "__main__":
    FILE.write_text(reference(), encoding="utf-8")
