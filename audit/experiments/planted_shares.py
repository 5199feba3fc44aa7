"""The shares of the evidence that planted marks are given, finer where the reliance on them rises steeply."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from audit.experiments.planted_mark import DETECTORS, Detector, planted_logits

STEEP = 0.1
"""Share of the pictures."""
STEPS = ((0.05, 100), (0.01, 1000))
"""How far shares are apart at most, and into which parts of 1 the room between them is cut then."""
Variant = tuple[str, str]
"""Intervention and variant."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What the network says of one altered batch, of which every copy's answers are made."""

    logits: Tensor
    """(N, K) float64; none, (0, K), where no picture could be altered so."""
    detected: Mapping[Detector, Tensor]
    """(N, J) what each detector says of the marks."""
    classes: Tensor
    """(J,) int64, of the marks."""
    strength: float
    made: Tensor
    """(N,) bool."""

    def copy(self, detector: Detector, lam: float) -> Tensor:
        """(N, K) the logits of f_lambda."""
        return planted_logits(self.logits, self.detected[detector], self.classes, self.strength, lam)


def reliance(targets: Sequence[Tensor], asked: Sequence[Mapping[Variant, Asked]], lam: float) -> float:
    """The share of the right answers that the mark of another class turns, by the detector that has more.

    targets: (N,) of each batch.
    """
    target = torch.cat(list(targets))
    lost = []
    for detector in DETECTORS:
        own, other = (
            torch.cat([one["mark", variant].copy(detector, lam).argmax(dim=1) for one in asked]) == target
            for variant in ("shown", "other")
        )
        lost.append(float((own & ~other).sum() / own.sum().clamp(min=1)))
    return max(lost)


def finer(shares: Sequence[float], reliance_of: Callable[[float], float]) -> tuple[float, ...]:
    """The shares, rising, with hundredths and then thousandths between near ones over which the reliance rises steeply.

    Shares that are farther apart than by default were meant to be. A network whose margins are alike turns all its
    answers at once, so that a coarse dial leaps over every reliance that lies between none and all.
    """
    known = {share: reliance_of(share) for share in shares}
    for near, parts in STEPS:
        between = [
            round(step / parts, 3)
            for low, high in pairwise(sorted(known))
            if round(high - low, 3) <= near and known[high] - known[low] > STEEP
            for step in range(round(low * parts) + 1, round(high * parts))
        ]
        known |= {share: reliance_of(share) for share in between}
    return tuple(sorted(known))
