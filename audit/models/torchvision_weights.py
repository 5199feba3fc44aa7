"""Weights that torchvision publishes, by name; it downloads each once."""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from http.client import HTTPException
from typing import Any

from torch import nn
from torchvision import models

from audit.errors import AuditError, did_you_mean
from audit.models.weights import SUFFIXES, data_only


def published_weights(name: str) -> list[Any]:
    """All entries of a network's weights enum."""
    return list(models.get_model_weights(name))


def weights_named(name: str, weights: str, usable: Sequence[Any]) -> Any:
    """The entry with that name among the usable ones, 'DEFAULT' or with its class. Raises AuditError for another."""
    entry = models.get_model_weights(name).__members__.get(weights.rpartition(".")[2])
    if entry not in usable:
        choices = ["DEFAULT", *(member.name for member in usable)]
        raise AuditError(
            "model",
            f"no weights {weights!r} for {name}",
            did_you_mean(weights, choices),
            f"A file of your own ends in {', '.join(SUFFIXES)}.",
        )
    return entry


def downloaded(name: str, entry: Any) -> nn.Module:
    """The network with those weights. Raises AuditError where they cannot be downloaded."""
    try:
        with data_only(), redirect_stdout(sys.stderr):  # torch announces downloads where results are expected
            module: nn.Module = models.get_model(name, weights=entry, progress=False)
    except (OSError, HTTPException, RuntimeError) as error:  # URLError is an OSError; a wrong hash a RuntimeError
        raise AuditError(
            "model",
            f"cannot download {entry} ({error})",
            "need a connection, or the file",
            f"Fetch {entry.url} elsewhere and set weights to the file.",
        ) from error
    return module
