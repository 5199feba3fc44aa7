"""Keras on torch, whatever the environment and the user's home say."""

import sys
from tempfile import TemporaryDirectory
from typing import Any

from audit.errors import AuditError
from audit.models.environment import environment
from audit.models.extras import modules_of

OLDEST = (3, 15)
"""Before it, files could reach code around Keras' own safe mode (CVE-2026-1462 and others)."""


def keras_on_torch() -> Any:
    """The module. Raises AuditError where it is not installed, too old, or imported already on another backend."""
    if "keras" in sys.modules:
        (keras,) = modules_of("keras", "keras", "keras")
    else:
        with TemporaryDirectory() as home, environment(KERAS_BACKEND="torch", KERAS_HOME=home):
            (keras,) = modules_of("keras", "keras", "keras")
    if (backend := keras.backend.backend()) != "torch":
        raise AuditError(
            "model",
            f"keras is imported already, on the backend {backend!r}",
            "need it on torch",
            "Set the environment variable KERAS_BACKEND=torch before anything imports keras.",
        )
    if tuple(map(int, keras.__version__.split(".")[:2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        step = "Install it: pip install 'saliency-audit[keras]'."
        raise AuditError("model", f"keras is {keras.__version__}", f"need {oldest} or newer", step)
    return keras
