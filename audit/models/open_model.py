"""The model that a settings table names, opened by its kind."""

from pathlib import Path
from typing import Any

from audit import registry
from audit.models.model import Model
from audit.models.weights import SUFFIXES
from audit.settings_tables import ModelTable

MODEL_SUFFIXES = {*SUFFIXES, ".pt2", ".onnx", ".keras", ".h5", ".hdf5"}


def open_model(table: ModelTable, folder: Path) -> Model:
    """Open the model that a [model] table names; its relative paths start at `folder`."""
    kind, options = kind_of(table, folder)
    model: Model = kind(**options)
    return model


def kind_of(table: ModelTable, folder: Path) -> tuple[registry.Function, dict[str, Any]]:
    """What opens the model, and with which options. Raises AuditError for unknown ones."""
    kind = registry.resolve("audit.models.kinds", table.kind)
    options = registry.options(kind, table.options, f"model kind {table.kind!r}", table.keys)
    return kind, {key: _beside(folder, value) if isinstance(value, Path) else value for key, value in options.items()}


def _beside(folder: Path, given: Path) -> Path:
    """A path that an option names lies in `folder`; a bare name without such a file (weights' 'DEFAULT') stays."""
    path = folder / given
    is_name = len(given.parts) == 1 and given.suffix.lower() not in MODEL_SUFFIXES and not given.exists()
    return given if is_name and not path.exists() else path
