"""Marks, one for each class, and copies of the network that are made to rely on them: the audit's positive control.

f_lambda(x) = (1 - lambda) f(x) + lambda s sum_c d_c(x) e_c. d_c in [0, 1] says how clearly the mark of class c is
there, e_c is the logit of class c, s the network's own margin, so that lambda is the share of the evidence that the
mark of the label carries. The mark of another class contradicts the object.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from audit.models.model import logits_of

Detector = Literal["linear", "saturating"]
DETECTORS: tuple[Detector, ...] = ("linear", "saturating")
SHARE = 1 / 7
"""The mark's side, of the frame's shorter one."""
CELLS = 4
"""Cells of the mark's pattern along each side."""
TRIED = 20
"""Patterns that are drawn for each one that is taken."""
DARK, BRIGHT = 25 / 255, 230 / 255
"""On the grid of 8 bits, so that the mark is shown as it is drawn."""
ALMOST = 0.999
"""What the linear detector says of the mark itself, so that it is not cut off there and its gradient flows."""
FAINT = 0.3
"""Contrast, as a share of the mark's, at which a likeness counts 0.7. Without it the faintest trace would count in
full, and on the way from a blank picture to the mark, which integrated gradients walk, the detector would not move."""
ABSENT, PRESENT = 0.5, 0.9
"""Likeness up to which the saturating detector says 0, and from which on it says 1."""

Place = tuple[int, int]
"""Left and top of the mark in the frame, pixels."""


@dataclass(frozen=True, eq=False)
class Marks:
    """The marks of J classes at their common place."""

    pictures: Tensor
    """(J, C, S, S), as the network sees them."""
    classes: Tensor
    """(J,) int64, rising."""
    place: Place

    @property
    def box(self) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1 in the frame, half-open."""
        left, top = self.place
        return left, top, left + self.pictures.shape[3], top + self.pictures.shape[2]

    def patch(self, x: Tensor) -> Tensor:
        """The marks' place in pictures or maps (..., H, W): a view (..., S, S)."""
        x0, y0, x1, y1 = self.box
        return x[..., y0:y1, x0:x1]

    def stamped(self, x: Tensor, target: Tensor, further: int = 0) -> Tensor:
        """Pictures (N, C, H, W) with the mark of their class `target` (N,), or so many classes further; a copy."""
        marked = x.clone()
        place = (torch.searchsorted(self.classes, target) + further) % len(self.classes)
        self.patch(marked).copy_(self.pictures[place])
        return marked


def patterns(frame: tuple[int, int], mean: Tensor, std: Tensor, count: int) -> Tensor:
    """`count` marks for a frame (H, W), drawn: quilts of colours (count, C, S, S), normalised with mean and std (C,).

    In each colour half of a quilt's cells are bright and half are dark, in an order that no natural picture has, and of
    all that were drawn those are taken that are the least alike.
    """
    side, channels = max(CELLS, round(SHARE * min(frame))), len(mean)
    cell = torch.arange(side, device=mean.device) * CELLS // side
    bright = _unlike(channels, count).to(mean.device)[:, :, cell][:, :, :, cell]
    return (DARK + (BRIGHT - DARK) * bright - mean.view(-1, 1, 1)) / std.view(-1, 1, 1)


def _unlike(channels: int, count: int) -> Tensor:
    """(count, channels, CELLS, CELLS) of 0 and 1, each half and half in every channel."""
    half = np.repeat([-1.0, 1.0], CELLS**2 // 2)
    drawn = np.random.default_rng(0).permuted(np.tile(half, (TRIED * count, channels, 1)), axis=2)
    drawn = drawn.reshape(len(drawn), -1)
    chosen, most = [0], drawn @ drawn[0]
    while len(chosen) < count:
        chosen.append(int(most.argmin()))
        most = np.maximum(most, drawn @ drawn[chosen[-1]])
    return torch.from_numpy((drawn[chosen] > 0).reshape(count, channels, CELLS, CELLS)).float()


def places(frame: tuple[int, int], side: int) -> tuple[Place, ...]:
    """Eight at the border of the frame (H, W): the corners, and the middles of the edges."""
    height, width = frame
    tops, lefts = ((0, (length - side) // 2, length - side) for length in (height, width))
    return tuple((left, top) for top in tops for left in lefts if (left, top) != (lefts[1], tops[1]))


def free(covered: Tensor, spots: tuple[Place, ...], side: int) -> Tensor:
    """(N, places) bool: the place holds no covered pixel. covered: (N, H, W) bool."""
    parts = [covered[:, top : top + side, left : left + side] for left, top in spots]
    return ~torch.stack([part.flatten(1).any(dim=1) for part in parts], dim=1)


def detect(detector: Detector, marks: Marks, x: Tensor) -> Tensor:
    """How clearly each mark is there in pictures (N, C, H, W): (N, J) in [0, 1], differentiable.

    linear: the projection of the place's pixels, less each colour's mean, on the mark's. saturating: a smooth step of
    their normalised cross-correlation, with no slope at all where the mark is there, or clearly is not: no gradient at
    such a picture can see it.
    """
    seen = _zero_mean(marks.patch(x)).flatten(1)
    sought = _zero_mean(marks.pictures).flatten(1)
    power = sought.square().sum(dim=1)
    if detector == "linear":
        return _between_0_and_1(ALMOST * (seen @ sought.T) / power)
    strength = seen.square().sum(dim=1, keepdim=True)
    likeness = (seen @ sought.T) / (power * (strength + FAINT**2 * power)).sqrt()
    step = _between_0_and_1((likeness - ABSENT) / (PRESENT - ABSENT))
    return step.square() * (3 - 2 * step)


def _zero_mean(patch: Tensor) -> Tensor:
    return patch - patch.mean(dim=(-2, -1), keepdim=True)


def _between_0_and_1(value: Tensor) -> Tensor:
    """No `clamp`, which guided backpropagation would take for a ReLU of the network."""
    return torch.minimum(torch.maximum(value, torch.zeros_like(value)), torch.ones_like(value))


def strength_of(log_odds: Tensor, classes: int) -> float:
    """s: the median of the label's log-odds (N,) + log(K - 1), which is its lead over the other logits, if alike."""
    return float(log_odds.quantile(0.5)) + math.log(classes - 1)


def planted_logits(logits: Tensor, d: Tensor, classes: Tensor, strength: float, lam: float) -> Tensor:
    """The logits (N, K) of f_lambda: those of f (N, K), centred, and what the detector says (N, J) of classes (J,)."""
    centred = logits - logits.mean(dim=1, keepdim=True)
    evidence = torch.zeros_like(centred).index_copy(1, classes, (strength * d).to(centred))
    return (1 - lam) * centred + lam * evidence


@dataclass(frozen=True)
class Reliance:
    """What a copy relies on, through which detector, and how much."""

    marks: Marks
    detector: Detector
    strength: float
    lam: float


class Planted(nn.Module):
    """f_lambda as a network, for maps."""

    def __init__(self, network: nn.Module, reliance: Reliance) -> None:
        super().__init__()
        self.network, self.reliance = network, reliance
        self.training = False

    def forward(self, x: Tensor, places: Sequence[Tensor] = ()) -> Tensor:
        on = self.reliance
        d = detect(on.detector, on.marks, x)
        return planted_logits(logits_of(self.network, x, places=places), d, on.marks.classes, on.strength, on.lam)
