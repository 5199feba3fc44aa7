"""The whole run of the gradient against the loops, network by network."""

import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from torchvision import models

from audit import Model, Preprocessing, Region, measure
from audit.cli.malloc import kept_memory
from audit.models.model import freeze
from benchmarks.cost import loops
from benchmarks.cost.clock import Ratio, Timed, in_turn, milliseconds, ratio
from benchmarks.cost.photographs import cheapest, write_photographs
from benchmarks.cost.rivals import are_installed, captum_and_quantus

NETWORKS = ("resnet18", "resnet50", "mobilenet_v2", "densenet201", "vit_b_16", "squeezenet1_1")
FEW = 64
"""Pictures of what neither starts up nor asks anything twice."""
RUN, BEST, FORWARD, CLASSIC, RIVALS = "run", "best loop", "forward", "one by one", "Captum and Quantus"


class Row(NamedTuple):
    """One network. The ratios are those of wall times."""

    network: str
    how: str
    """Of the best loop."""
    loop_ms: float
    to_loop: Ratio
    to_forward: Ratio
    classic: Ratio
    """The classic loop, in multiples of the best one."""
    rivals: Ratio | None
    """Captum and Quantus, in multiples of the run; None where they are not installed."""


def rows(names: Sequence[str], pictures: int, rounds: int, device: str) -> Iterator[Row]:
    """A row for each network of torchvision, with random weights."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_photographs(folder, pictures)
        for name in names:
            yield _row(name, folder, pictures, rounds, device)


def audited(name: str) -> Model:
    """A network of torchvision with random weights, as the settings would open it."""
    torch.manual_seed(0)
    module = freeze(models.get_model(name, weights=None))
    return Model(module, tuple(map(str, range(1000))), Preprocessing(resize=256, crop=(224, 224)))


def run(folder: Path, model: Model, device: str) -> None:
    """JPEG files in, a finished record out."""
    with tempfile.TemporaryDirectory() as out, kept_memory():
        measure(cheapest(folder), Path(out) / "run", model=model, device=device)


def _row(name: str, folder: Path, pictures: int, rounds: int, device: str) -> Row:
    model = audited(name)
    module, x = model.module.to(device), torch.randn(pictures, 3, 224, 224, device=device)
    best = loops.best(module, x)
    few = x[:FEW]
    tasks = {
        BEST: Timed(best.gradient, pictures),
        FORWARD: Timed(best.forward, pictures),
        CLASSIC: Timed(loops.plain(module, few).one_by_one, len(few)),
        RUN: Timed(partial(run, folder, model, device), pictures),
    }
    if are_installed():
        tasks[RIVALS] = Timed(partial(captum_and_quantus, module, few, _objects(len(few))), len(few))
    turns = in_turn(tasks, rounds)
    return Row(
        network=name,
        how=best.how,
        loop_ms=milliseconds(turns, BEST),
        to_loop=ratio(turns, RUN, BEST),
        to_forward=ratio(turns, RUN, FORWARD),
        classic=ratio(turns, CLASSIC, BEST),
        rivals=ratio(turns, RIVALS, RUN) if RIVALS in tasks else None,
    )


def _objects(pictures: int) -> Region:
    inside = torch.zeros(pictures, 224, 224, dtype=torch.bool)
    inside[:, 60:140, 70:150] = True
    return Region(inside, inside)
