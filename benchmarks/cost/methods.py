"""What each method costs, in forward passes, against the passes that it makes."""

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import torch

from audit import registry
from audit.models.pass_counter import Passes
from audit.saliency.batch import Batch
from audit.saliency.sources import Source, sources
from audit.settings_tables import SaliencyTable
from benchmarks.cost.clock import spent
from benchmarks.cost.loops import Loop
from benchmarks.cost.networks import audited

PACKAGE = "audit.saliency.methods"
PICTURES, ROUNDS = 4, 3
FEWER: Mapping[str, Mapping[str, Any]] = {"rise": {"masks": 25}, "occlusion": {"stride": 0.2}}
"""Options of methods that take hundreds of passes; what is left of them shows as much."""


class Row(NamedTuple):
    """One method at its default options, or fewer passes."""

    method: str
    forward: float
    """Passes a picture."""
    backward: float
    equivalents: float
    """Forward passes that take as long."""
    over_passes: float
    """Its time, as a multiple of what its passes take alone."""


def rows(name: str, device: str) -> Iterator[Row]:
    """For each method that works on a network without layers of a certain kind."""
    model = audited(name)
    module = model.module.to(device)
    x = torch.randn(PICTURES, 3, 224, 224, device=device)
    plain = Loop(module, x, PICTURES, "plain")
    batch = Batch(
        module=module,
        x=x,
        target=torch.zeros(PICTURES, dtype=torch.int64, device=device),
        mean=torch.zeros(3, device=device),
        std=torch.ones(3, device=device),
        seeds=tuple(range(PICTURES)),
    )
    named = [{"name": name, **FEWER.get(name, {})} for name in registry.names(PACKAGE)]
    for source in sources(SaliencyTable.model_validate({"methods": named, "null_maps": []})):
        yield _row(source, batch, plain)


def _row(source: Source, batch: Batch, plain: Loop) -> Row:
    def ask() -> None:
        source.ask(replace(batch))  # a copy, which has no derivative in store

    with Passes(batch.module) as passes:
        ask()
        counted = passes.take(source.label, PICTURES)
    timed = [(spent(ask), spent(plain.forward), spent(plain.gradient)) for _ in range(ROUNDS)]
    took, forward, both = (statistics.median(turn[i].processor for turn in timed) for i in range(3))
    backward = max(both - forward, 0)
    alone = (counted.forward * forward + counted.backward * backward) / PICTURES
    return Row(
        source.label, counted.forward / PICTURES, counted.backward / PICTURES, took / forward, took / max(alone, 1e-9)
    )
