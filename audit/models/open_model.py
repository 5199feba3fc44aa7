"""The model that a settings table names, opened by its kind."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from audit import registry
from audit.models.model import Model
from audit.remote.url import is_url
from audit.settings_tables import ModelTable


def open_model(table: ModelTable, folder: Path) -> Model:
    """Open the model that a [model] table names; its relative paths start at `folder`."""
    kind, options = kind_of(table, folder)
    model: Model = kind(**options)
    return model


def with_copies(table: ModelTable, copied: Callable[[str], Path]) -> ModelTable:
    """The table with copies of the files that its options name by URL. copied: a copy's path by its URL.

    An option of another type than Path keeps its URL. Raises AuditError where a file cannot be fetched.
    """
    urls = {key: str(value) for key, value in table.options.items() if is_url(value)}
    if not urls:
        return table
    schemas = registry.option_schemas(registry.resolve("audit.models.kinds", table.kind))
    files = {key: str(copied(url)) for key, url in urls.items() if _takes_path(schemas.get(key, {}))}
    return table.model_copy(update=files)


def _takes_path(schema: Mapping[str, Any]) -> bool:
    return any(part.get("format") == "path" for part in (schema, *schema.get("anyOf", ())))


def kind_of(table: ModelTable, folder: Path) -> tuple[registry.Function, dict[str, Any]]:
    """What opens the model, and with which options. Raises AuditError for unknown ones."""
    kind = registry.resolve("audit.models.kinds", table.kind)
    options = registry.options(kind, table.options, f"model kind {table.kind!r}", table.keys)
    beside = {
        key: folder / value if names_a_file(kind, folder, value) else value
        for key, value in options.items()
        if isinstance(value, Path)
    }
    return kind, {**options, **beside}


def names_a_file(kind: registry.Function, folder: Path, given: Path) -> bool:
    """What an option says is a file or folder, which lies in `folder`; not a name, as that of published weights.

    Every path is, unless the kind declares `FILE_SUFFIXES`: then one that has such a suffix, leads into a folder, or
    is there.
    """
    suffixes = getattr(sys.modules.get(getattr(kind, "__module__", "")), "FILE_SUFFIXES", None)
    if suffixes is None or len(given.parts) != 1 or given.suffix.lower() in suffixes:
        return True
    return given.exists() or (folder / given).exists()
