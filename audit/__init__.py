"""LOOK: models and pictures in, one record out. The only package of the three that needs torch.

The names below are imported when they are first used, so that judging and reporting do not wait for torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audit.batch import Attribution, Batch
    from audit.engine import measure
    from audit.errors import AuditError
    from audit.model import ClassName, Model, freeze
    from audit.preprocessing import Preprocessing
    from audit.record import Record
    from audit.samples import Sample
    from audit.scores import Region, region, score_maps
    from audit.settings import Settings, load_settings, parse_settings

_HOMES = {
    "audit.batch": ("Attribution", "Batch"),
    "audit.errors": ("AuditError",),
    "audit.engine": ("measure",),
    "audit.model": ("ClassName", "Model", "freeze"),
    "audit.preprocessing": ("Preprocessing",),
    "audit.record": ("Record",),
    "audit.samples": ("Sample",),
    "audit.scores": ("Region", "region", "score_maps"),
    "audit.settings": ("Settings", "load_settings", "parse_settings"),
}

__all__ = [
    "Attribution",
    "AuditError",
    "Batch",
    "ClassName",
    "Model",
    "Preprocessing",
    "Record",
    "Region",
    "Sample",
    "Settings",
    "freeze",
    "load_settings",
    "measure",
    "parse_settings",
    "region",
    "score_maps",
]


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module 'audit' has no attribute {name!r}")
