"""Pictures that lend their backgrounds: which there are, and which of them stands against which picture."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from audit.datasets.loader import Loaded
from audit.experiments.altered_batch import Donors, Trial
from audit.experiments.fills import blur
from audit.experiments.seeded import uniform

if TYPE_CHECKING:
    from audit.engine.plan import Plan

Kind = Literal["other", "same"]
PURPOSES = {"other": 2, "same": 3}
"""Of the random numbers."""


def gather(ready: "Plan") -> Donors:
    """The donors of a run: drawn over the classes in turns, each file once, the objects of all labels filled by `blur`.

    Pictures that cannot be audited lend nothing, nor do those that all their objects together cover or that lost them
    in the preprocessing. There may be fewer donors than asked for, even none.
    """
    pictures = _drawn(ready)
    frame = ready.loader.frame
    assert frame is not None, "donors are gathered once the frame is known"
    x = torch.empty(0, 3, *frame, device=ready.device)
    size = ready.settings.run.batch_size
    for i in range(0, len(pictures), size):
        some = pictures[i : i + size]
        x = torch.cat([x, blur(ready.batch(some).x, ready.inside(some))])
    # a picture that its objects cover, which data.max_box_share may allow, has no surroundings to lend
    lends = ~x.isnan().flatten(1).any(dim=1)
    x, pictures = x[lends], [picture for picture, there in zip(pictures, lends.tolist(), strict=True) if there]
    target = [ready.samples[picture.number][1] for picture in pictures]
    return Donors(
        x=x,
        target=torch.tensor(target, dtype=torch.int64, device=ready.device),
        held=_held(ready, pictures).to(ready.device),
        pictures=tuple(picture.sha256 for picture in pictures),
        samples=torch.tensor([picture.number for picture in pictures], dtype=torch.int64, device=ready.device),
    )


def _drawn(ready: "Plan") -> list[Loaded]:
    """The donors' pictures, with the boxes of all their objects."""
    whole = [replace(s, boxes=s.boxes + s.other_boxes, other_boxes=()) for s in ready.loader.samples]
    loader = replace(ready.loader, samples=whole)
    numbers, count, size = _in_turns(ready), ready.settings.experiments.donors, ready.settings.run.batch_size
    found: dict[str, Loaded] = {}
    with closing(loader.batches([numbers[i : i + size] for i in range(0, len(numbers), size)])) as batches:
        for batch in batches:
            for picture in batch.pictures:
                found.setdefault(picture.sha256, picture)
            if len(found) >= count:
                break
    return list(found.values())[:count]


def _in_turns(ready: "Plan") -> list[int]:
    """The numbers of one sample of each file, shuffled: one of every class, then a second of every class, and so on."""
    order = np.random.default_rng(ready.settings.run.seed).permutation(len(ready.samples)).tolist()
    of_file = {ready.samples[number][0].image: number for number in order}
    classes: dict[int, list[int]] = {}
    for number in of_file.values():
        classes.setdefault(ready.samples[number][1], []).append(number)
    turns = zip_longest(*classes.values())
    return [number for turn in turns for number in turn if number is not None]


def _held(ready: "Plan", pictures: list[Loaded]) -> Tensor:
    """(D, K) bool: the classes whose objects are in each picture's file."""
    row = {ready.samples[picture.number][0].image: i for i, picture in enumerate(pictures)}
    held = torch.zeros(len(pictures), len(ready.classes), dtype=torch.bool)
    for sample, class_index in ready.samples:
        if sample.image in row:
            held[row[sample.image], class_index] = True
    return held


def chosen(trial: Trial, kind: Kind, count: int) -> Tensor:
    """(N, count) int64: the places of each picture's donors, -1 where there are no more.

    Of the `same` class, or without an object of that class (`other`); drawn by the picture's seed, never the same file.
    A smaller count gives the first of them, so that all interventions play a picture against the same opponents.
    """
    donors, batch = trial.donors, trial.batch
    files = np.array(trial.pictures, dtype=str)[:, None] != np.array(donors.pictures, dtype=str)
    held = donors.held[:, batch.target].T
    fit = torch.from_numpy(files).to(held.device) & (held if kind == "same" else ~held)
    keys = uniform(batch.seeds, PURPOSES[kind], len(donors.pictures)).to(held.device).masked_fill(~fit, torch.inf)
    keys, order = keys.sort(dim=1)
    order = order.masked_fill(keys.isinf(), -1)[:, :count]
    return torch.nn.functional.pad(order, (0, count - order.shape[1]), value=-1)


class Lent(NamedTuple):
    """One background for each picture; NaN throughout where there is none."""

    x: Tensor
    """(N, C, H, W)."""
    class_index: Tensor
    """(N,) float64, of the object that was there."""
    sample: Tensor
    """(N,) float64, the number of the sample that lends it."""


def backgrounds(trial: Trial, kind: Kind, count: int) -> Iterator[Lent]:
    """`count` times each picture's next donor."""
    donors = trial.donors
    for place in chosen(trial, kind, count).unbind(dim=1):
        none = place < 0
        if bool(none.all()):
            nothing = torch.full_like(place, torch.nan, dtype=torch.float64)
            yield Lent(torch.full_like(trial.batch.x, torch.nan), nothing, nothing)
        else:
            x = donors.x[place].masked_fill(none.view(-1, 1, 1, 1), torch.nan)
            yield Lent(
                x, *(who[place].double().masked_fill(none, torch.nan) for who in (donors.target, donors.samples))
            )
