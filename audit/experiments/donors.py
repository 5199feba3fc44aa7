"""Which donors lend their backgrounds to which picture."""

from typing import Literal

import torch
from torch import Tensor

from audit.datasets.content import copies
from audit.experiments.altered_batch import Trial
from audit.experiments.seeded import uniform

Kind = Literal["other", "same"]
PURPOSES = {"other": 2, "same": 3}
"""Streams of random numbers that no other draw uses."""


def chosen(trial: Trial, kind: Kind, count: int) -> Tensor:
    """(N, count) int64: the places of each picture's donors, -1 where there are no more.

    Of the `same` class, or without an object of that class (`other`); drawn by the picture's seed, never a copy of it.
    A smaller count gives the first of them, so that all interventions play a picture against the same opponents.
    """
    donors, batch = trial.donors, trial.batch
    held = donors.held[:, batch.target].T
    fits = torch.from_numpy(~copies(trial.pictures, donors.pictures)).to(held.device) & (
        held if kind == "same" else ~held
    )
    keys = uniform(batch.seeds, PURPOSES[kind], len(donors.pictures)).to(held.device).masked_fill(~fits, torch.inf)
    keys, order = keys.sort(dim=1)
    order = order.masked_fill(keys.isinf(), -1)[:, :count]
    return torch.nn.functional.pad(order, (0, count - order.shape[1]), value=-1)
