"""What is wrong with the data, the model file and how they fit: all of it, where a run would stop at the first.

A run that goes well never asks: this is for settings of which something is known to be wrong.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from audit.datasets.labels import ClassName, class_names, map_labels, merge_synonyms, read_classes
from audit.datasets.sample import Dataset
from audit.engine.inputs import annotations_of, check_clusters, opened_model, read_dataset
from audit.errors import AuditError, Problems
from audit.files import is_there
from audit.importing import importable
from audit.models.model import Model
from audit.models.open_model import kind_of
from audit.registry import is_own
from audit.settings import Settings

PREPROCESSING = "Add a [preprocessing] table that does what was done in training."
CLASSES = "Set model.classes to a list, or to a file of one name a line."


def silent_kind_problems(settings: Settings) -> Iterator[AuditError]:
    """What a kind of model never says by itself, and the settings do not say either. No file is opened."""
    if settings.model is None or is_own(settings.model.kind):
        return
    try:
        kind, _ = kind_of(settings.model, settings.folder)
    except AuditError:
        return  # it is said with the names
    if getattr(sys.modules[kind.__module__], "DESCRIBES_ITSELF", False):
        return
    named = f"the kind {settings.model.kind!r} does not say"
    if settings.preprocessing is None:
        seen = f"no [preprocessing], and {named} how pictures are prepared"
        yield AuditError("settings", seen, "need it", PREPROCESSING)
    if settings.model.classes is None:
        seen = f"no model.classes, and {named} what its classes are called"
        yield AuditError("settings", seen, "need the class names in index order", CLASSES)


def input_problems(settings: Settings, model: Model | None, *, first: AuditError | None = None) -> Problems:
    """`first`, and all else that is wrong with data, class names, labels, clusters and the model file.

    Files that are not there are passed over: the problems of names say so.
    model: from Python, instead of the settings'. A function of the user's is not called where something is wrong
    already, unless the data are what is wrong.
    """
    wrong = Problems("settings")
    if first is not None:
        wrong.add(first)
    dataset: Dataset | None = None
    names: tuple[ClassName, ...] | None = model.classes if model else None
    with wrong.noting():
        if all(not isinstance(place, Path) or is_there(place) for place in (settings.images, annotations_of(settings))):
            dataset = read_dataset(settings)
    with wrong.noting():
        names = _stated(settings) or names
    if model is None and settings.model is not None and _may_be_opened(settings, read=dataset is not None):
        with wrong.noting(), importable(settings.folder):
            opened = opened_model(settings)
            names = names or opened.classes
    if dataset is not None:
        _look_at_samples(settings, dataset, names, wrong)
    return wrong


def _stated(settings: Settings) -> tuple[ClassName, ...] | None:
    given = settings.model.classes if settings.model else None
    if given is None or isinstance(given, tuple):
        return class_names(given) if given else None
    path = settings.path(given)
    return read_classes(path) if is_there(path) else None


def _may_be_opened(settings: Settings, *, read: bool) -> bool:
    """It neither runs the user's code again nor downloads anything. read: the data could be read."""
    assert settings.model is not None
    try:
        kind, options = kind_of(settings.model, settings.folder)
    except AuditError:
        return False  # as above
    published = getattr(sys.modules.get(kind.__module__), "published", None)
    if "function" in options or is_own(settings.model.kind):
        return not read
    try:
        return published is None or published(**options) is None
    except AuditError:
        return True


def _look_at_samples(
    settings: Settings, dataset: Dataset, names: tuple[ClassName, ...] | None, wrong: Problems
) -> None:
    labels = {sample.label for sample in dataset.samples}
    kept = [sample for sample in dataset.samples if sample.label not in settings.data.ignore]
    if names is not None:
        excluded = {exclusion.label for exclusion in dataset.exclusions}
        with wrong.noting():
            indices = map_labels(labels, names, settings.data.labels, settings.data.ignore, excluded)
            kept = list(merge_synonyms([sample for sample in kept if sample.label in indices], indices))
    with wrong.noting():
        check_clusters(settings.data.cluster, kept)
