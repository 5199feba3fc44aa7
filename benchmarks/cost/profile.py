"""The profile `default` against the bare cost of its own passes."""

import tempfile
from pathlib import Path
from typing import NamedTuple

import torch

from audit import Record, measure
from audit.cli.malloc import kept_memory
from audit.record.experiment_readers import read_passes
from benchmarks.cost import loops
from benchmarks.cost.clock import spent
from benchmarks.cost.networks import audited
from benchmarks.cost.photographs import default, write_photographs
from checks.measure_table import measured_by


class Row(NamedTuple):
    """One network."""

    network: str
    pictures: int
    equivalents: float
    """Passes a picture, forward and backward."""
    ms: float
    """A picture."""
    over_passes: float
    """The run, as a multiple of its passes alone; wall time."""
    over_passes_processor: float


def row(name: str, pictures: int, device: str) -> Row:
    """One run: its passes are counted, and take what they take in the best loop of the network."""
    model = audited(name)
    with tempfile.TemporaryDirectory() as place, kept_memory():
        folder = Path(place)
        write_photographs(folder, pictures)
        settings = measured_by(default(folder), "default")
        took = spent(lambda: measure(settings, folder / "run", model=model, device=device))
        with Record.open(folder / "run" / "audit.sqlite") as record:
            passes = read_passes(record)
    forward, backward = (sum(getattr(part, kind) for part in passes) for kind in ("forward", "backward"))
    x = torch.randn(loops.TRIED, 3, 224, 224, device=device)
    best = loops.best(model.module.to(device), x)
    ahead, both = spent(best.forward), spent(best.gradient)
    alone = [(forward * a + backward * max(b - a, 0)) / len(x) for a, b in zip(ahead, both, strict=True)]
    return Row(
        network=name,
        pictures=pictures,
        equivalents=(forward + backward) / pictures,
        ms=1e3 * took.wall / pictures,
        over_passes=took.wall / alone[0],
        over_passes_processor=took.processor / alone[1],
    )
