"""What an audit costs over the bare derivative: `python -m benchmarks.cost`.

The whole run (JPEG files to finished record: gradient, all scores, null maps, no experiments) against the best bare
loop of forward and input gradient over tensors that lie in memory, in turn in one process. The loop takes the layout
and the batches that suit it best, and keeps its memory as the run does, which nobody's loop does by itself: the loop as
it is usually written stands beside it. The run takes the batches that it has without being told. Ratios mean something;
seconds do not. The half second before the first picture weighs less the more pictures there are.
"""

import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision import models

from audit import Model, Preprocessing, Settings, measure, parse_settings
from audit.cli.malloc import kept_memory

CHEAP = ["uniform", "centre", "edges"]
ROUNDS = 3
SIZES = (8, 16, 32)
LAYOUTS = {torch.contiguous_format: "contiguous", torch.channels_last: "channels last"}


def write_photographs(folder: Path, count: int) -> None:
    """JPEGs of 500x375 with the spectrum of photographs, and one box in each."""
    rng = np.random.default_rng(0)
    fy, fx = np.meshgrid(np.fft.fftfreq(375), np.fft.rfftfreq(500), indexing="ij")
    falloff = 1 / np.maximum(np.hypot(fx, fy), 1 / 500)
    lines = ["image,label,x0,y0,x1,y1"]
    for number in range(count):
        waves = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(3, 375, 500))) * falloff, s=(375, 500))
        pixels = np.clip(128 + 50 * waves / waves.std(), 0, 255).astype(np.uint8).transpose(1, 2, 0)
        Image.fromarray(pixels).save(folder / f"{number:05}.jpg", quality=90)
        x, y = rng.integers(60, 200, 2)
        lines.append(f"{number:05}.jpg,0,{x},{y},{x + 160},{y + 120}")
    (folder / "boxes.csv").write_text("\n".join(lines))


def settings_for(folder: Path, null_maps: list[str]) -> Settings:
    return parse_settings(
        {
            "data": {"format": "csv", "annotations": "boxes.csv", "images": "."},
            "saliency": {"methods": ["gradient"], "null_maps": null_maps},
            "experiments": {"interventions": [], "controls": [], "searches": []},
        },
        folder,
    )


def bare_loop(module: nn.Module, x: Tensor, batch_size: int) -> None:
    """The least that any gradient method must do."""
    for part in torch.split(x, batch_size):
        leaf = part.detach().requires_grad_()
        score = module(leaf).log_softmax(dim=1)[:, 0]
        torch.autograd.grad(score.sum(), leaf)


class Spent(NamedTuple):
    """Seconds of one task. The processor's time hardly depends on what else the machine does."""

    wall: float
    processor: float


def spent(task: Callable[..., object], *args: object, **named: object) -> Spent:
    wall, processor = time.perf_counter(), time.process_time()
    task(*args, **named)
    return Spent(time.perf_counter() - wall, time.process_time() - processor)


def compare(name: str, folder: Path, count: int) -> None:
    module = models.get_model(name, weights=None).eval().requires_grad_(False)
    model = Model(module, map(str, range(1000)), Preprocessing(resize=256, crop=(224, 224)))
    x = torch.randn(count, 3, 224, 224)
    loops = {
        layout: (deepcopy(module).to(memory_format=layout), x.contiguous(memory_format=layout)) for layout in LAYOUTS
    }

    def loop(layout: torch.memory_format, size: int, *, keep: bool = True, pictures: int = count) -> Spent:
        network, tensors = loops[layout]
        with kept_memory() if keep else nullcontext():
            return spent(bare_loop, network, tensors[:pictures], size)

    choices = [(layout, size) for layout in LAYOUTS for size in SIZES]
    first = {choice: min(loop(*choice, pictures=64).wall for _ in range(2)) for choice in choices}
    layout, size = best = min(choices, key=lambda choice: first[choice])

    def run(null_maps: list[str]) -> Spent:
        with tempfile.TemporaryDirectory() as out, kept_memory():
            return spent(measure, settings_for(folder, null_maps), Path(out) / "run", model=model)

    timed: dict[str, Callable[[], Spent]] = {
        "best": lambda: loop(*best),
        "the same loop with malloc as it comes": lambda: loop(*best, keep=False),
        "and over the network as it comes": lambda: loop(torch.contiguous_format, size, keep=False),
        "run, cheap null maps": lambda: run(CHEAP),
        "run, and the random model on 100": lambda: run([*CHEAP, "random_model"]),
    }
    rounds = [{title: task() for title, task in timed.items()} for _ in range(ROUNDS)]
    each = statistics.median(turn["best"].wall for turn in rounds) / count * 1e3
    threads = torch.get_num_threads()
    how = f"{LAYOUTS[layout]}, batches of {size}, memory kept, {threads} threads"
    click.echo(f"{name}: the best bare loop takes {each:.1f} ms a picture ({how})")
    for title in list(timed)[1:]:
        ratios = [turn[title].wall / turn["best"].wall for turn in rounds]
        processor = statistics.median(turn[title].processor / turn["best"].processor for turn in rounds)
        shown = ", ".join(f"{ratio:.3f}" for ratio in ratios)
        click.echo(f"  {title}: {statistics.median(ratios):.3f} x ({shown}); processor time {processor:.3f} x")


@click.command()
@click.option("--pictures", default=1024, show_default=True)
@click.option("--model", "names", multiple=True, default=["resnet18", "mobilenet_v2"], show_default=True)
def main(pictures: int, names: tuple[str, ...]) -> None:
    """Print the ratio of a whole run to a bare loop of forward and input gradient."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_photographs(folder, pictures)
        for name in names:
            compare(name, folder, pictures)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    click.echo(
        f"{pictures} pictures; peak memory {peak:.0f} MiB, of which the bare loop's tensors {pictures * 0.574:.0f}"
    )


if __name__ == "__main__":
    main()
