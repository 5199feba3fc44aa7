"""A mark, and copies of the network that are made to rely on it: the audit's positive control.

f_lambda(x) = (1 - lambda) f(x) + lambda s d(x) e_c. d in [0, 1] says how clearly the mark is there, e_c is the logit of
the picture's label, s the network's own margin, so that lambda is the share of the evidence that the mark carries.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from audit.models.model import logits_of

Detector = Literal["linear", "saturating"]
DETECTORS: tuple[Detector, ...] = ("linear", "saturating")
SHARE = 1 / 7
"""The mark's side, of the frame's shorter one."""
CELLS = 4
"""Cells of the mark's pattern along each side."""
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
class Mark:
    """The mark at its place."""

    picture: Tensor
    """(C, S, S), as the network sees it."""
    place: Place

    @property
    def box(self) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1 in the frame, half-open."""
        left, top = self.place
        return left, top, left + self.picture.shape[2], top + self.picture.shape[1]

    def patch(self, x: Tensor) -> Tensor:
        """The mark's place in pictures or maps (..., H, W): a view (..., S, S)."""
        x0, y0, x1, y1 = self.box
        return x[..., y0:y1, x0:x1]

    def stamped(self, x: Tensor) -> Tensor:
        """Pictures (N, C, H, W) with the mark; a copy."""
        marked = x.clone()
        self.patch(marked).copy_(self.picture)
        return marked


def pattern(frame: tuple[int, int], mean: Tensor, std: Tensor) -> Tensor:
    """The mark for a frame (H, W), drawn: a quilt of colours (C, S, S), normalised with mean and std (C,).

    In each colour half of it is bright and half is dark, in an order of its own that no natural picture has. For a
    network that takes grey pictures it is a chessboard.
    """
    side = max(CELLS, round(SHARE * min(frame)))
    cell = torch.arange(side, device=mean.device) * CELLS // side
    x, y = cell.unsqueeze(0), cell.unsqueeze(1)
    bright = torch.stack([x + y, x // 2 + y, x + y // 2][: len(mean)]) % 2
    return (DARK + (BRIGHT - DARK) * bright - mean.view(-1, 1, 1)) / std.view(-1, 1, 1)


def places(frame: tuple[int, int], side: int) -> tuple[Place, ...]:
    """Eight at the border of the frame (H, W): the corners, and the middles of the edges."""
    height, width = frame
    tops, lefts = ((0, (length - side) // 2, length - side) for length in (height, width))
    return tuple((left, top) for top in tops for left in lefts if (left, top) != (lefts[1], tops[1]))


def free(covered: Tensor, spots: tuple[Place, ...], side: int) -> Tensor:
    """(N, places) bool: the place holds no covered pixel. covered: (N, H, W) bool."""
    parts = [covered[:, top : top + side, left : left + side] for left, top in spots]
    return ~torch.stack([part.flatten(1).any(dim=1) for part in parts], dim=1)


def detect(detector: Detector, mark: Mark, x: Tensor) -> Tensor:
    """How clearly the mark is there in pictures (N, C, H, W): (N,) in [0, 1], differentiable.

    linear: the projection of the place's pixels, less each colour's mean, on the mark's. saturating: a smooth step of
    their normalised cross-correlation, with no slope at all where the mark is there, or clearly is not: no gradient at
    such a picture can see it.
    """
    seen = _zero_mean(mark.patch(x)).flatten(1)
    sought = _zero_mean(mark.picture).flatten()
    power = sought @ sought
    if detector == "linear":
        return _between_0_and_1(ALMOST * (seen @ sought) / power)
    likeness = (seen @ sought) / (power * (seen.square().sum(dim=1) + FAINT**2 * power)).sqrt()
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


def planted_logits(logits: Tensor, d: Tensor, target: Tensor, strength: float, lam: float) -> Tensor:
    """The logits (N, K) of f_lambda: those of f (N, K), centred, and what the detector says (N,) for labels (N,)."""
    centred = logits - logits.mean(dim=1, keepdim=True)
    evidence = torch.zeros_like(centred).scatter(1, target.unsqueeze(1), (strength * d).to(centred).unsqueeze(1))
    return (1 - lam) * centred + lam * evidence


@dataclass(frozen=True)
class Reliance:
    """What a copy relies on, through which detector, and how much."""

    mark: Mark
    detector: Detector
    strength: float
    lam: float


class Planted(nn.Module):
    """f_lambda as a network, for maps. It answers for pictures of the labels `target` (N,), in their order."""

    def __init__(self, network: nn.Module, target: Tensor, reliance: Reliance) -> None:
        super().__init__()
        self.network, self.target, self.reliance = network, target, reliance
        self.training = False

    def forward(self, x: Tensor) -> Tensor:
        # Grad-CAM looks for its layer with pictures of its own, of which there may be more or fewer
        target = self.target[torch.arange(len(x), device=x.device) % len(self.target)]
        on = self.reliance
        return planted_logits(logits_of(self.network, x), detect(on.detector, on.mark, x), target, on.strength, on.lam)
