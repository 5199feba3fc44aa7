"""What a network says to two pictures, by which another one in its place is known, and one that changed itself.

Weights and code cannot tell everything: a function may call another that was rewritten, and a network may keep a state
that is no buffer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from audit.models.model import logits_of, spread

ROUNDING = 1e-5
"""Relative to a logit: what another number of threads may change."""
TOLERANCE = 1e-3
"""Relative to the spread of all logits."""


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """Two pictures that the network was asked about before the audit."""

    x: Tensor
    """(2, C, H, W), as the network sees them."""
    pictures: tuple[str, ...]
    """SHA-256 of their files."""
    logits: Tensor
    """(2, K) float64 on the CPU."""

    def recorded(self) -> dict[str, Any]:
        """For the record. The logits stay out of whatever is compared by equality: they may round otherwise."""
        return {"pictures": list(self.pictures), "logits": self.logits.tolist()}

    def changed(self, then: Mapping[str, Any] | None) -> list[str]:
        """What is otherwise than in an earlier run, of which the record holds `then`."""
        if then is None or then["pictures"] != list(self.pictures):
            return ["pictures: other ones come first than in the earlier run"]
        if not _same(self.logits, torch.tensor(then["logits"], dtype=torch.float64)):
            return ["network: it answers otherwise than in the earlier run"]
        return []

    def is_repeated_by(self, module: nn.Module) -> bool:
        """The network still answers so."""
        return _same(answers(module, self.x), self.logits)


def answers(module: nn.Module, x: Tensor) -> Tensor:
    """The logits `(N, K)` of pictures `x` `(N, C, H, W)`, float64 on the CPU."""
    with torch.no_grad():
        return logits_of(module, x).double().cpu()


def _same(now: Tensor, then: Tensor) -> bool:
    near = {"rtol": ROUNDING, "atol": TOLERANCE * spread(then)}
    return now.shape == then.shape and torch.allclose(now, then, equal_nan=True, **near)
