"""The whole run of the gradient against the loops, network by network."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn
from torchvision import models

from audit import Model, Preprocessing, Region, measure
from audit.cli.malloc import kept_memory
from audit.models.model import freeze
from benchmarks.cost import loops
from benchmarks.cost.clock import Ratio, Spent, Timed, in_turn, milliseconds, ratio, spent
from benchmarks.cost.photographs import cheapest, first, write_photographs
from benchmarks.cost.rivals import are_installed, captum_and_quantus

NETWORKS = ("resnet18", "resnet50", "mobilenet_v2", "densenet201", "vit_b_16", "squeezenet1_1")
LOOPED, FEW = 64, 32
"""Pictures of what neither starts up nor asks anything twice: of the loops, and of what takes longest."""
SHORT = 112
"""Pictures of a short run, whose network is asked as often again as that of a long one."""
LONGEST = 60
"""Seconds that the passes of a run may take: of slow networks it has fewer pictures."""
RUN, SHORT_RUN, BEST, FORWARD = "run", "short run", "best loop", "forward"
CLASSIC, RIVALS = "one by one", "Captum and Quantus"


class Row(NamedTuple):
    """One network. The ratios are those of wall times."""

    network: str
    pictures: int
    """Of the run."""
    how: str
    """Of the best loop."""
    loop_ms: float
    to_loop: Ratio
    further: Ratio
    """What the run takes for a further picture, in multiples of the loop."""
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
    for layer in module.modules():  # the last one of a transformer is all zeros, and so would be every derivative
        if isinstance(layer, nn.Linear) and not layer.weight.any():
            nn.init.normal_(layer.weight, std=0.02)
    return Model(module, tuple(map(str, range(1000))), Preprocessing(resize=256, crop=(224, 224)))


def run(folder: Path, pictures: int, model: Model, device: str) -> None:
    """JPEG files in, a finished record out."""
    with tempfile.TemporaryDirectory() as out, kept_memory():
        measure(cheapest(folder, first(folder, pictures)), Path(out) / "run", model=model, device=device)


def _row(name: str, folder: Path, most: int, rounds: int, device: str) -> Row:
    model = audited(name)
    module, x = model.module.to(device), torch.randn(max(LOOPED, *loops.SIZES[device]), 3, 224, 224, device=device)
    best = loops.best(module, x)
    few, pictures = x[:FEW], min(most, max(2 * SHORT, int(LONGEST / spent(best.gradient).wall * len(x))))
    tasks = {
        BEST: Timed(best.gradient, len(x)),
        FORWARD: Timed(best.forward, len(x)),
        CLASSIC: Timed(loops.plain(module, few).one_by_one, len(few)),
        RUN: Timed(partial(run, folder, pictures, model, device), pictures),
        SHORT_RUN: Timed(partial(run, folder, SHORT, model, device), SHORT),
    }
    if are_installed():
        tasks[RIVALS] = Timed(partial(captum_and_quantus, module, few, _objects(len(few))), len(few))
    turns = in_turn(tasks, rounds if pictures == most else 1)
    return Row(
        network=name,
        pictures=pictures,
        how=best.how,
        loop_ms=milliseconds(turns, BEST),
        to_loop=ratio(turns, RUN, BEST),
        further=ratio([{**turn, RUN: _further(turn, pictures)} for turn in turns], RUN, BEST),
        to_forward=ratio(turns, RUN, FORWARD),
        classic=ratio(turns, CLASSIC, BEST),
        rivals=ratio(turns, RIVALS, RUN) if RIVALS in tasks else None,
    )


def _further(turn: Mapping[str, Spent], pictures: int) -> Spent:
    """What each picture takes beyond those of the short run, as in it the network is asked again no more."""
    both = zip(turn[RUN], turn[SHORT_RUN], strict=True)
    return Spent(*((long * pictures - short * SHORT) / (pictures - SHORT) for long, short in both))


def _objects(pictures: int) -> Region:
    inside = torch.zeros(pictures, 224, 224, dtype=torch.bool)
    inside[:, 60:140, 70:150] = True
    return Region(inside, inside)
