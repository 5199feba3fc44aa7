"""Packages that only some kinds of model need, installed as extras."""

import importlib
from types import ModuleType

from audit.errors import AuditError


def modules_of(kind: str, extra: str, *names: str) -> tuple[ModuleType, ...]:
    """The modules of these names. Raises AuditError that says what to install where one is not there."""
    try:
        return tuple(importlib.import_module(name) for name in names)
    except ImportError as error:
        raise AuditError(
            "model",
            f"the kind {kind!r} takes packages that cannot be imported ({error})",
            f"need the extra {extra!r}",
            f"Install it: pip install 'saliency-audit[{extra}]'.",
        ) from error
