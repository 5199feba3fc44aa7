"""The model that a settings file begins with: its keys, its classes, and how it wants its pictures."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from audit.datasets.preprocessing import Preprocessing
from audit.errors import AuditError
from audit.importing import importable
from audit.models.model import Model
from audit.models.named import table_of_name
from audit.models.open_model import kind_of, names_a_file
from audit.registry import Function

EXAMPLE: Mapping[str, Any] = {"kind": "factory", "function": "model:network", "weights": "model.pth"}
"""A network of torch that a function of the user's returns: what most people have."""
EXAMPLE_NOTE = """\
Most networks of PyTorch: a function or class of yours that makes the network. Where model.py, beside this file, says
    def network():
        return MyNetwork()
name it "model:network"; weights is what torch.save(network.state_dict(), "model.pth") wrote.
Others: kind = "torchvision", name = "resnet18", weights = "model.pth"; or kind = "onnx", path = "model.onnx"."""


@dataclass(frozen=True)
class ModelStart:
    """What the table [model] begins with."""

    keys: Mapping[str, Any]
    note: str = ""
    """What stands above the keys."""
    names_classes: bool = False
    """The model itself says what its classes are called."""
    preprocessing: Mapping[str, Any] | None = None
    """What the table [preprocessing] begins with; None where nobody says."""
    problem: AuditError | None = None
    """Why the model could not be asked."""


def example_start() -> ModelStart:
    """That of somebody who named no model."""
    return ModelStart(EXAMPLE, EXAMPLE_NOTE)


def named_start(named: str, weights: str | None, folder: Path) -> ModelStart:
    """That of a model KIND:NAME; what it says of its classes and pictures is asked. Nothing is downloaded.

    A model that cannot be opened is named all the same. folder: that of the settings file. Raises AuditError where
    `named` has another form or there is no such kind. Paths of `named` start at the current folder.
    """
    table = table_of_name(named, weights, None)
    keys = table.model_dump(exclude={"classes"}, exclude_unset=True)
    try:
        kind, options = kind_of(table, Path())
        for key, value in options.items():
            if key in keys and isinstance(value, Path) and names_a_file(kind, Path(), value):
                keys[key] = Path(os.path.relpath(value, folder)).as_posix()
        with importable(folder):
            names_classes, preprocessing = _asked(kind, options)
    except AuditError as error:
        return ModelStart(keys, problem=error)
    stated = None if preprocessing is None else keys_of_preprocessing(preprocessing)
    return ModelStart(keys, names_classes=names_classes, preprocessing=stated)


def _asked(kind: Function, options: Mapping[str, Any]) -> tuple[bool, Preprocessing | None]:
    """Whether the model names its classes, and how it wants its pictures."""
    published = getattr(sys.modules.get(kind.__module__), "published", None)
    if published is not None and (known := published(**options)) is not None:
        return True, known
    model: Model = kind(**options)
    return model.classes is not None, model.preprocessing


def keys_of_preprocessing(preprocessing: Preprocessing) -> dict[str, Any]:
    """What a table [preprocessing] must say to prepare pictures in this way: what differs from the defaults, and the
    mean and deviation in any case.
    """
    stated = {field.name: getattr(preprocessing, field.name) for field in fields(preprocessing)}
    default = {field.name: field.default for field in fields(preprocessing)}
    shown = {key: value for key, value in stated.items() if key in ("mean", "std") or value != default[key]}
    return shown if preprocessing.channels != 1 else {"channels": 1, **shown}
