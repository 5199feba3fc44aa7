"""One run of the gradient over so many small pictures: `python -m benchmarks.cost.one_run 1000 cpu`, for `curve`."""

import json
import resource
import sys
import tempfile
from pathlib import Path

import click
import torch
from torch import nn

from audit import Model, Preprocessing, measure
from audit.cli.malloc import kept_memory
from benchmarks.cost.clock import spent
from benchmarks.cost.photographs import CLASSES, cheapest, write_small


def cheap_network() -> nn.Module:
    """Means of patches, and one layer."""
    torch.manual_seed(0)
    return nn.Sequential(nn.AvgPool2d(8), nn.Flatten(), nn.Linear(3 * 8 * 8, CLASSES)).eval()


def main(pictures: int, device: str) -> None:
    """Print time, memory and size as JSON."""
    model = Model(cheap_network(), tuple(map(str, range(CLASSES))), Preprocessing(resize=(64, 64)))
    with tempfile.TemporaryDirectory() as place, kept_memory():
        folder = Path(place)
        write_small(folder, pictures)
        took = spent(lambda: measure(cheapest(folder), folder / "run", model=model, device=device))
        size = (folder / "run" / "audit.sqlite").stat().st_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"pictures": pictures, "seconds": took.wall, "ms": 1e3 * took.processor / pictures, "peak_mib": peak}
    click.echo(json.dumps({**found, "record_kib": size / 1024 / pictures}))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
