"""How far two networks' answers to the same pictures are apart."""

import torch
from torch import Tensor


def apart(answers: Tensor, others: Tensor) -> float:
    """The largest difference, relative to the largest of the others; infinite where one is no number."""
    if answers.shape != others.shape or not (torch.isfinite(answers).all() and torch.isfinite(others).all()):
        return float("inf")
    return float((answers - others).abs().max() / others.abs().max().clamp(min=1e-30))
