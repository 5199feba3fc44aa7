"""Measures what an audit costs, and writes docs/performance.md: `python -m benchmarks.cost`."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path

import click
import torch

from audit.files import write_text
from audit.phrases import count
from benchmarks.cost import curve, methods, networks, profile
from benchmarks.cost.page import Found, page

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
METHODS_OF = "resnet18"


@click.command()
@click.option("--pictures", default=1_000, show_default=True, help="Of each network's run.")
@click.option("--in-profile", default=96, show_default=True, help="Pictures of the runs of a profile.")
@click.option("--rounds", default=3, show_default=True, help="Of fast networks; of slow ones there is one.")
@click.option("--model", "names", multiple=True, default=networks.NETWORKS, show_default=True)
@click.option("--profiled", multiple=True, default=["mobilenet_v2"], show_default=True)
@click.option("--largest", default=100_000, show_default=True, help="Small pictures in the last run of the curve.")
@click.option("--device", default="cpu", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=PAGE, help="Default: docs/performance.md.")
def main(
    *,
    pictures: int,
    in_profile: int,
    rounds: int,
    names: Sequence[str],
    profiled: Sequence[str],
    largest: int,
    device: str,
    out: Path,
) -> None:
    """Measure what an audit costs beside its passes through the network."""
    parts = {
        "of_networks": networks.rows(names, pictures, rounds, device),
        "of_methods": methods.rows(METHODS_OF, device),
        "of_profile": (profile.row(name, in_profile, device) for name in profiled),
        "of_curve": curve.rows(largest, device),
    }
    found = Found()
    for part, rows in parts.items():
        for row in rows:
            click.echo(row)
            found = found._replace(**{part: (*getattr(found, part), row)})
            write_text(out, page(machine(device), METHODS_OF, found))  # so that what fails takes nothing with it


def machine(device: str) -> str:
    """What the page says of where it was measured."""
    own = f"{_processor()}, {count(os.cpu_count() or 1, 'core')}, {count(torch.get_num_threads(), 'thread')}"
    there = f"; {torch.cuda.get_device_name()}" if device != "cpu" else ""
    load = f"; load average {os.getloadavg()[1]:.1f} at the end" if hasattr(os, "getloadavg") else ""
    return f"{own}{there}; Python {platform.python_version()}, torch {torch.__version__}{load}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


if __name__ == "__main__":
    main()
