"""The audit of a network that a test has at hand."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from audit.datasets.labels import class_names
from audit.errors import AuditError
from audit.models.model import Model
from audit.pytest_plugin.gate import Asked, audited
from audit.pytest_plugin.result import Result
from audit.pytest_plugin.where import place, short_hash
from audit.settings import Settings, load_settings, parse_settings, profile_of
from saliency_audit.packages import own_packages


class SaliencyAudit:
    """Call it to audit a network; what it returns has `assert_passes()`."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._calls: Counter[str] = Counter()

    @own_packages()
    def __call__(
        self,
        model: nn.Module | Model,
        dataset: Mapping[str, Any] | Path | str,
        *,
        classes: Sequence[str] | None = None,
        profile: str | Path | None = None,
        baseline: Path | str | None = None,
    ) -> Result:
        """Measure and judge a copy of `model`, which stays as it is.

        dataset: settings without [model], as a dictionary or the path of a TOML file; relative paths start at pytest's
        rootdir, and those in the file where it lies. classes: the names in index order, for a network that comes
        without. profile: other limits than those that the settings name, by name or as the path of a TOML file.
        baseline: the file of an accepted run, which this one must not be worse than.
        Raises GateError where the audit cannot be made.
        """
        __tracebackhide__ = True
        test = os.environ.get("PYTEST_CURRENT_TEST", "session").rpartition(" ")[0]
        self._calls[test] += 1
        name = short_hash(f"{test} {self._calls[test]}")
        root = self._config.rootpath
        asked = Asked(
            lambda: self._settings(dataset),
            _opened(model, classes),
            None if profile is None else profile_of(str(profile), root),
            None if baseline is None else root / baseline,
        )
        return audited(asked, place(self._config, f"fixture/{name}", test.rpartition("::")[2]))

    def _settings(self, dataset: Mapping[str, Any] | Path | str) -> Settings:
        root = self._config.rootpath
        if isinstance(dataset, Mapping):
            return parse_settings(dict(dataset), root, "saliency_audit(dataset)")
        return load_settings(root / dataset)


def _opened(model: nn.Module | Model, classes: Sequence[str] | None) -> Model:
    if isinstance(model, Model):
        return model if classes is None else replace(model, classes=class_names(classes))
    if classes is None:
        where, needed = "saliency_audit(model)", "need the class names in index order"
        raise AuditError(where, "the network has no class names", needed, "Pass classes=[...].")
    return Model(model, classes, None)
