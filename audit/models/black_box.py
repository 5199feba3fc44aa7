"""A model of which nothing is known but its answers, as a module that torch can call."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from audit.errors import AuditError
from audit.models.probabilities import are_probabilities

Answers = Literal["logits", "probabilities"]
Ask = Callable[[NDArray[np.float32]], Any]
"""(N, C, H, W) float32 in, (N, classes) out."""
SUM = 1e-2
"""By which the probabilities of a picture may miss 1: quantised networks round theirs."""
SMALLEST = float(np.finfo(np.float32).tiny)
"""The probability that stands for 0, whose logarithm is no number."""


class BlackBox(nn.Module):
    """Logits (N, K) of pictures (N, C, H, W), from a function that torch cannot look into.

    Of probabilities the logarithm is taken: a softmax gives them back as they were.
    """

    identity: Tensor

    def __init__(self, name: str, ask: Ask, answers: Answers, sha256: str = "") -> None:
        """name: for messages. sha256: of what is asked, kept in the state, where there is a file of it."""
        super().__init__()
        self.name, self.ask, self.answers = name, ask, answers
        self.register_buffer("identity", identity_of(sha256))
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        pictures = np.ascontiguousarray(x.detach().cpu().numpy(), dtype=np.float32)
        given = self.ask(pictures.copy())
        answered = self._numbers(given, len(pictures))
        return self._logits(answered).to(x.device)

    def extra_repr(self) -> str:
        return f"{self.name}, {self.answers}"

    def __deepcopy__(self, memo: dict[int, Any]) -> "BlackBox":
        """The same function: it is asked and never changed."""
        return BlackBox(self.name, self.ask, self.answers, bytes(self.identity.cpu().tolist()).hex())

    def _numbers(self, given: Any, pictures: int) -> Tensor:
        try:
            answered = torch.as_tensor(np.ascontiguousarray(given))
        except (TypeError, ValueError, RuntimeError):  # no array at all, or one of objects
            answered = None
        if answered is None or answered.ndim != 2 or len(answered) != pictures or not answered.is_floating_point():
            seen = type(given).__name__ if answered is None else f"{answered.dtype}, shape {tuple(answered.shape)}"
            raise AuditError(
                self.name,
                f"returns {seen.removeprefix('torch.')} for {pictures} pictures",
                f"need floating-point numbers of shape ({pictures}, classes)",
                "Return the probabilities or logits of all classes for each picture, as a NumPy array.",
            )
        return answered.float()

    def _logits(self, answered: Tensor) -> Tensor:
        finite = answered[torch.isfinite(answered).all(dim=1)]
        if self.answers == "logits":
            return answered
        apart = (finite.sum(dim=1) - 1).abs() if len(finite) else torch.zeros(1)
        if finite.numel() and (finite.min() < 0 or not bool((apart <= SUM).all())):
            raise AuditError(
                self.name,
                f"returns numbers from {finite.min():.3g} to {finite.max():.3g} that sum to {1 + apart.max():.3g}",
                "need probabilities that sum to 1 for each picture",
                'Set answers = "logits" under [model], or apply a softmax.',
            )
        return answered.clamp(min=SMALLEST).log()

    def refuse_probabilities(self, x: Tensor, answered: Tensor) -> None:
        """Raises AuditError where the logits (N, K) of the rehearsal are none. A check of the model."""
        del x
        if self.answers == "logits" and are_probabilities(answered):
            raise AuditError(
                self.name,
                "returns numbers that are never negative and sum to 1 for each picture",
                "need logits, which do not",
                'Set answers = "probabilities" under [model].',
            )


def identity_of(sha256: str) -> Tensor:
    """The hash of what is asked, as a buffer: so it is part of the state by which a model is recognised."""
    return torch.tensor(list(bytes.fromhex(sha256)), dtype=torch.uint8)
