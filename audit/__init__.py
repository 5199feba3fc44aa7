"""LOOK: models and pictures in, one record out. The only package of the three that needs torch.

`run` does the whole job. The names below are imported when they are first used, so that judging and reporting do not
wait for torch.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audit.datasets.labels import ClassName
    from audit.datasets.preprocessing import Preprocessing
    from audit.datasets.sample import Sample
    from audit.engine.measure import measure
    from audit.errors import AuditError
    from audit.explanation import explain
    from audit.explanation_set import Explanation, Explanations
    from audit.models.model import Model, freeze
    from audit.pipeline import run
    from audit.record.record import Record
    from audit.result import Result
    from audit.saliency.batch import Attribution, Batch
    from audit.saliency.localisation import Region, region, score_maps
    from audit.settings import Settings, load_settings, parse_settings

_HOMES = {
    "audit.saliency.batch": ("Attribution", "Batch"),
    "audit.errors": ("AuditError",),
    "audit.explanation": ("explain",),
    "audit.explanation_set": ("Explanation", "Explanations"),
    "audit.engine.measure": ("measure",),
    "audit.datasets.labels": ("ClassName",),
    "audit.models.model": ("Model", "freeze"),
    "audit.pipeline": ("run",),
    "audit.datasets.preprocessing": ("Preprocessing",),
    "audit.record.record": ("Record",),
    "audit.result": ("Result",),
    "audit.datasets.sample": ("Sample",),
    "audit.saliency.localisation": ("Region", "region", "score_maps"),
    "audit.settings": ("Settings", "load_settings", "parse_settings"),
}

__all__ = [
    "Attribution",
    "AuditError",
    "Batch",
    "ClassName",
    "Explanation",
    "Explanations",
    "Model",
    "Preprocessing",
    "Record",
    "Region",
    "Result",
    "Sample",
    "Settings",
    "explain",
    "freeze",
    "load_settings",
    "measure",
    "parse_settings",
    "region",
    "run",
    "score_maps",
]


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(_imported(home), name)
    raise AttributeError(f"module 'audit' has no attribute {name!r}")


def _imported(home: str) -> ModuleType:
    """Raises AuditError where a user's package is found in place of one of the product's."""
    try:
        return import_module(home)
    except ImportError as error:
        from audit.errors import AuditError  # noqa: PLC0415
        from saliency_audit.packages import hidden  # noqa: PLC0415

        others = hidden()
        if not others:
            raise
        name, place = next(iter(others.items()))
        raise AuditError(
            "audit",
            f"{place} hides the package {name!r} of saliency-audit",
            "need the latter",
            f"Rename {place.name}, or import and call inside `with saliency_audit.own_packages():`. The command"
            " saliency-audit and pytest need neither.",
        ) from error


def __dir__() -> list[str]:
    """The public names, so that a notebook completes them."""
    return __all__
