"""Audits networks trained end to end on cued photographs: `python -m benchmarks.real_grid.finetuned`."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
import torch
from torch import nn

from audit.cli.malloc import kept_memory
from benchmarks.real_grid.__main__ import PROFILE, real_folder, report_line
from benchmarks.real_grid.backbones import Backbone, squeezenet
from benchmarks.real_grid.cues import KINDS, Canvas, Kind, canvases
from benchmarks.real_grid.examine import examine, settings_of, truth
from benchmarks.real_grid.heads import Head, Ints, fit
from benchmarks.real_grid.lines import Line, add_line, done, read_lines
from benchmarks.real_grid.material import cued, features, seen, write_pictures
from benchmarks.real_grid.network import recall
from benchmarks.real_grid.photographs import CLASSES, Parts, Pixels, labels, read_photographs, split
from benchmarks.real_grid.recipes import PENALTY

BACKBONE = "fine-tuned squeezenet"
EPOCHS, BATCH = 4, 16
RATE, HEAD_RATE = 1e-4, 1e-3
TRAINED_ON = ("tag", "border", "word", "jpeg", "tint", "line")
"""Kinds of cue."""
AGREEMENTS = (0.9, 0.5, 1 / len(CLASSES))
"""How often a picture that is trained on has the cue of its class; the last is chance, and tells nothing."""


class Tuned(NamedTuple):
    """A network that was trained end to end, in its two parts."""

    backbone: Backbone
    head: Head


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of what is found.")
@click.option("--pictures", default=120, show_default=True, help="Audited for each network.")
def main(*, out: Path, pictures: int) -> None:
    """Train SqueezeNet on photographs whose cue goes with the label in 90 %, 50 % and by chance, and audit it.

    Six kinds of cue, three networks each, one line for each in OUT/heads.jsonl. Called again, it goes on where it
    stopped. The photographs are those of the folder SALIENCY_AUDIT_REAL.
    """
    torch.set_num_threads(1)
    parts = split(read_photographs(real_folder()), pictures)
    asked = {"pictures": pictures, "profile": PROFILE, "methods": None, "interventions": None, "searches": None}
    out.mkdir(parents=True, exist_ok=True)
    with kept_memory():
        for line in _audited(parts, asked, out):
            add_line(out, line)
            click.echo(report_line(line))


def _audited(parts: Parts, asked: Mapping[str, Any], out: Path) -> Iterator[Line]:
    there = done(read_lines(out), asked)
    for seed, (agreement, name) in enumerate((a, n) for a in AGREEMENTS for n in TRAINED_ON):
        kind, title = KINDS[name], f"{agreement:.2f}"
        if (BACKBONE, name, title) in there:
            continue
        recall(out / "nothing")  # features of other weights are of no use
        tuned = tune(squeezenet(real_folder()), kind, parts, agreement, seed)
        of_true = cued(tuned.backbone, kind, canvases(parts.true, parts.scenes, 2))
        settings = settings_of(write_pictures(kind, parts, out / "pictures" / name), tuned.backbone, asked)
        known = {"backbone": BACKBONE, "kind": name, "asked": dict(asked), "head": title, "share": agreement}
        true = truth(tuned.head, of_true, labels(parts.true), kind.of_class)
        yield {**known, **true, **examine(tuned.head, tuned.backbone, settings, PROFILE)}


def tune(backbone: Backbone, kind: Kind, parts: Parts, agreement: float, seed: int) -> Tuned:
    """The backbone and a head on it, trained end to end on photographs that carry the cue of their class so often.

    The head starts as the one that is fitted on clean photographs; each epoch draws the cues anew.
    """
    backbone.module.eval()  # without dropout, and with the statistics that it came with
    on, label = canvases(parts.trained, parts.scenes, 1), labels(parts.trained)
    clean = features(backbone, [canvas.pixels for canvas in on])
    layer = fit(clean, label, len(CLASSES), PENALTY).layer()
    network = nn.Sequential(backbone.module, layer)
    network.requires_grad_(True)
    optimiser = torch.optim.AdamW(
        [{"params": backbone.module.parameters(), "lr": RATE}, {"params": layer.parameters(), "lr": HEAD_RATE}]
    )
    rng = np.random.default_rng(seed)
    for _ in range(EPOCHS):
        order = rng.permutation(len(on))
        for chosen in (order[start : start + BATCH] for start in range(0, len(order), BATCH)):
            x = seen(backbone, _painted(kind, [on[i] for i in chosen], label[chosen], agreement, rng))
            loss = nn.functional.cross_entropy(network(x), torch.from_numpy(label[chosen]))
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    network.requires_grad_(False)
    weight, bias = (value.double().numpy() for value in (layer.weight, layer.bias))
    return Tuned(backbone, Head(weight, bias))


def _painted(kind: Kind, on: Sequence[Canvas], label: Ints, agreement: float, rng: np.random.Generator) -> Pixels:
    """(n, SIDE, SIDE, 3): each with the cue of its class, or else of a class drawn among the others."""
    others = (label + rng.integers(1, len(CLASSES), len(label))) % len(CLASSES)
    shown = np.where(rng.random(len(label)) < agreement, label, others)
    return np.stack([kind.paint(canvas, kind.of_class[c]) for canvas, c in zip(on, shown.tolist(), strict=True)])


if __name__ == "__main__":
    main()
