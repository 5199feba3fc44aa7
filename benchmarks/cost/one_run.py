"""One run over so many small pictures: `python -m benchmarks.cost.one_run gradient 1000 cpu`, for `curve`."""

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
from benchmarks.cost.photographs import CLASSES, cheapest, default, write_small
from checks.measure_table import measured_by


def cheap_network() -> nn.Module:
    """Means of patches, and one layer."""
    torch.manual_seed(0)
    return nn.Sequential(nn.AvgPool2d(8), nn.Flatten(), nn.Linear(3 * 8 * 8, CLASSES)).eval()


def peak_mib() -> float:
    """Resident memory at most. Linux counts in `ru_maxrss` what the process was that started this one."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main(kind: str, pictures: int, device: str) -> None:
    """Print time, memory and size as JSON. kind: `gradient`, or `default` for all that this profile judges."""
    model = Model(cheap_network(), tuple(map(str, range(CLASSES))), Preprocessing(resize=(64, 64)))
    with tempfile.TemporaryDirectory() as place, kept_memory():
        folder = Path(place)
        write_small(folder, pictures)
        settings = measured_by(default(folder), "default") if kind == "default" else cheapest(folder)
        took = spent(lambda: measure(settings, folder / "run", model=model, device=device))
        size = (folder / "run" / "audit.sqlite").stat().st_size
    found = {"kind": kind, "pictures": pictures, "seconds": took.wall, "ms": 1e3 * took.processor / pictures}
    click.echo(json.dumps({**found, "peak_mib": peak_mib(), "record_kib": size / 1024 / pictures}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
