"""What all heads of one kind of cue share: features of the photographs, and the pictures to audit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from audit.datasets.in_memory import write_dataset
from benchmarks.real_grid.backbones import Backbone
from benchmarks.real_grid.cues import Canvas, Kind, canvases
from benchmarks.real_grid.heads import Ints
from benchmarks.real_grid.network import remembered
from benchmarks.real_grid.photographs import CLASSES, Parts, Pixels, labels
from benchmarks.real_grid.recipes import Features

BATCH = 8


class Material(NamedTuple):
    """For one backbone and kind of cue."""

    trained: Features
    true: NDArray[np.float32]
    """(V, n, D): the photographs for the truth, with each value of the cue."""
    true_labels: Ints


def material(backbone: Backbone, kind: Kind, parts: Parts) -> Material:
    """The features of all photographs that are not audited."""
    on, true = canvases(parts.trained, parts.scenes, 1), canvases(parts.true, parts.scenes, 2)
    clean = features(backbone, [canvas.pixels for canvas in on])
    trained = Features(clean, cued(backbone, kind, on), labels(parts.trained))
    return Material(trained, cued(backbone, kind, true), labels(parts.true))


def cued(backbone: Backbone, kind: Kind, on: Sequence[Canvas]) -> NDArray[np.float32]:
    """(V, n, D): of the pictures with each value of the cue."""
    return np.stack([features(backbone, [kind.paint(c, value) for c in on]) for value in range(kind.values)])


def features(backbone: Backbone, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
    """(n, D)."""
    with torch.no_grad():
        batches = [
            remembered(backbone.module, seen(backbone, np.stack(some)))
            for some in (pictures[start : start + BATCH] for start in range(0, len(pictures), BATCH))
        ]
    return np.asarray(torch.cat(batches).numpy())


def seen(backbone: Backbone, pictures: Pixels) -> Tensor:
    """(n, SIDE, SIDE, 3) -> (n, 3, SIDE, SIDE), as the backbone takes them."""
    mean, std = (torch.tensor(backbone.colours[name]).view(1, -1, 1, 1) for name in ("mean", "std"))
    return (torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255 - mean) / std


def write_pictures(kind: Kind, parts: Parts, folder: Path) -> dict[str, Any]:
    """Write the audited photographs, each with the cue of its class, to `folder`, and return the table [data].

    What an earlier call wrote there is written again: the files are the same.
    """
    painted = folder / "painted"
    painted.mkdir(parents=True, exist_ok=True)
    samples = []
    for number, canvas in enumerate(canvases(parts.audited, parts.scenes, 3)):
        photograph = canvas.photograph
        suffix, content = kind.file(canvas, kind.of_class[photograph.class_index])
        file = painted / f"{number:05}{suffix}"
        file.write_bytes(content)
        samples.append((file, CLASSES[photograph.class_index], photograph.boxes.tolist()))
    return write_dataset(samples, folder)
