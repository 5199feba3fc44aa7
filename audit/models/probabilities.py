"""Answers that are probabilities, where logits are needed."""

from torch import Tensor

from audit.errors import AuditError
from audit.models.model import Model


def are_probabilities(rows: Tensor) -> bool:
    """Rows (N, K) that are never negative and sum to 1."""
    return bool(rows.numel() and (rows >= 0).all() and ((rows.sum(dim=1) - 1).abs() <= 1e-3).all())


def refuse_probabilities(model: Model, logits: Tensor) -> None:
    """Raises AuditError where a rehearsal returned what a softmax returns. Kinds with a check of their own do that."""
    if model.check is None and logits.shape[1] > 1 and are_probabilities(logits):
        raise AuditError(
            "model",
            "returns probabilities",
            "need logits, in which evidence is counted",
            "Return what goes into the softmax.",
        )
