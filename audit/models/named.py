"""A model by what a user types: KIND:NAME, or the settings file that names it."""

import inspect
from dataclasses import replace
from pathlib import Path

from audit import registry
from audit.datasets.labels import class_names, read_classes
from audit.errors import AuditError
from audit.models.model import Model
from audit.models.open_model import open_model, with_copies
from audit.settings import load_settings
from audit.settings_tables import ModelTable


def named_model(named: str, weights: str | None = None, classes: Path | None = None) -> Model:
    """The model KIND:NAME, as 'torchvision:densenet201', with a state dict or published weights.

    Raises AuditError where `named` has another form, or the kind cannot open it.
    """
    return _opened(table_of_name(named, weights, classes), Path())


def table_of_name(named: str, weights: str | None, classes: Path | None) -> ModelTable:
    """The table [model] that says the same. Raises AuditError where `named` has another form, or names no kind."""
    kind, _, name = named.partition(":")
    if not name:
        raise AuditError("--model", repr(named), "need KIND:NAME, such as torchvision:squeezenet1_0")
    first = next(iter(inspect.signature(registry.resolve("audit.models.kinds", kind)).parameters))
    options = {first: name, **({"weights": weights} if weights else {})}
    return ModelTable.model_validate({"kind": kind, "classes": classes, **options})


def model_of_settings(path: Path) -> Model:
    """The model of a settings file, with the class names and the preprocessing that the file states.

    Raises AuditError where the file cannot be read or has no [model].
    """
    settings = load_settings(path)
    if settings.model is None:
        raise AuditError(path, "has no [model]", "need a [model] table")
    table = with_copies(settings.model, settings.path)
    if isinstance(table.classes, str):
        table = table.model_copy(update={"classes": settings.path(table.classes)})
    model = _opened(table, settings.folder)
    return replace(model, preprocessing=settings.preprocessing.built()) if settings.preprocessing else model


def _opened(table: ModelTable, folder: Path) -> Model:
    model = open_model(table, folder)
    if table.classes is None:
        return model
    if isinstance(table.classes, tuple):
        return replace(model, classes=class_names(table.classes))
    return replace(model, classes=read_classes(folder / table.classes))
