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
from benchmarks.cost.page import page

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
    of_networks = []
    for row in networks.rows(names, pictures, rounds, device):
        of_networks.append(row)
        how = f"{row.loop_ms:.1f} ms a picture; {row.how}"
        click.echo(f"{row.network}: a further picture {row.further} x the best loop, all {row.to_loop} ({how})")
    of_methods = list(methods.rows(METHODS_OF, device))
    click.echo("\n".join(f"{row.method}: {row.over_passes:.2f} x its passes" for row in of_methods))
    of_profile = [profile.row(name, in_profile, device) for name in profiled]
    of_curve = list(curve.rows(largest, device))
    write_text(out, page(machine(device), of_networks, (METHODS_OF, of_methods), of_profile, of_curve))


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
