"""What the settings name, and whether it is there: methods, experiments, formats, kinds, their options, and files.

All of it is looked up before anything is read, so that a user learns of everything that is wrong at once.
"""

from pathlib import Path

from audit.engine.inputs import annotations_of, reader_of
from audit.errors import AuditError, Problems
from audit.experiments.runner import experiments
from audit.files import is_folder
from audit.importing import importable, missing_module
from audit.models.open_model import kind_of, names_a_file, with_copies
from audit.registry import is_own
from audit.saliency.sources import sources
from audit.settings import Settings
from audit.settings_tables import ModelTable

EXPERIMENTS = ("interventions", "controls", "searches")


def name_problems(settings: Settings) -> tuple[AuditError, ...]:
    """What is named and is not there."""
    wrong = Problems("settings")
    with importable(settings.folder):
        for kind in ("methods", "null_maps"):
            for entry in getattr(settings.saliency, kind):
                alone = {"methods": (), "null_maps": (), kind: (entry,)}
                with wrong.noting():
                    sources(settings.saliency.model_copy(update=alone))
        for kind in EXPERIMENTS:
            for entry in getattr(settings.experiments, kind):
                with wrong.noting():
                    experiments(f"audit.experiments.{kind}", (entry,))
        with wrong.noting():
            reader_of(settings)
        with wrong.noting():
            if settings.model:
                _look_at_model(settings, with_copies(settings.model, settings.path), wrong)
    with wrong.noting():
        images = settings.images
        if isinstance(images, Path) and not is_folder(images):
            seen = f"data.images = {str(settings.data.images)!r} is not a folder"
            wrong.add(AuditError("settings", seen, "need the pictures' folder"))
    with wrong.noting():
        annotations = annotations_of(settings)
        if isinstance(annotations, Path):
            _look_at_file(annotations, "need the annotations", wrong)
    return tuple(wrong.collected)


def _look_at_model(settings: Settings, table: ModelTable, wrong: Problems) -> None:
    folder = settings.folder
    if isinstance(table.classes, Path | str):
        _look_at_file(settings.path(table.classes), "need a file of class names", wrong)
    with wrong.noting():
        kind, options = kind_of(table, folder)
        _look_at_function(str(options.get("function", "")), wrong)
        for path in (value for value in options.values() if isinstance(value, Path)):
            if names_a_file(kind, folder, path):
                _look_at_file(path, "need the file of the model", wrong)


def _look_at_function(name: str, wrong: Problems) -> None:
    """Its module is looked up and not run: a script that trains would do so before anything else is known."""
    if is_own(name) and (why := missing_module(name)):
        seen, needed = f"cannot be imported ({why})", "need a function in a module that Python finds"
        wrong.add(AuditError(name, seen, needed, "Put the module beside the settings file, or install it."))


def _look_at_file(path: Path, needed: str, wrong: Problems) -> None:
    try:
        there = path.exists()
    except (OSError, ValueError):  # a name that no file system takes
        there = False
    if not there:
        wrong.add(AuditError(path.name, "no such file or folder", needed))
