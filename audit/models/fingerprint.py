"""What a network says to two pictures: by it another network in its place is recognised, and one that changed itself.

Weights and code cannot tell everything: a function may call another that was rewritten, and a network may keep a state
that is no buffer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from audit.datasets.loader import Loaded
from audit.models.model import logits_of, spread

ROUNDING = 1e-5
"""Relative to a logit: what another number of threads may change."""
TOLERANCE = 1e-3
"""Relative to the spread of all logits."""


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """What the network says to two pictures before the audit."""

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
        """What differs from an earlier run, of which the record holds `then`."""
        if then is None or then["pictures"] != list(self.pictures):
            return ["pictures: other ones come first than in the earlier run"]
        if not _same(self.logits, torch.tensor(then["logits"], dtype=torch.float64)):
            return ["network: it answers otherwise than in the earlier run"]
        return []

    def is_repeated_by(self, module: nn.Module) -> bool:
        """The network still answers so."""
        return _same(_logits(module, self.x), self.logits)


def fingerprint(module: nn.Module, x: Tensor, pictures: Sequence[Loaded]) -> Fingerprint:
    """The fingerprint that pictures take of a network. x: `(N, C, H, W)`, the pictures as the network sees them."""
    return Fingerprint(x, tuple(picture.sha256 for picture in pictures), _logits(module, x))


def _logits(module: nn.Module, x: Tensor) -> Tensor:
    """`(N, K)` float64 on the CPU."""
    with torch.no_grad():
        return logits_of(module, x).double().cpu()


def _same(now: Tensor, then: Tensor) -> bool:
    near = {"rtol": ROUNDING, "atol": TOLERANCE * spread(then)}
    return now.shape == then.shape and torch.allclose(now, then, equal_nan=True, **near)
