"""The mean and the covariance of a picture's colours, and the gentlest change of colours that brings them to others.

Colours are log-odds of brightness, log p - log(1 - p), where no change leaves the range and contrast fades towards
black and white as it does on film. Pictures are (N, C, H, W).
"""

from typing import NamedTuple

import torch
from torch import Tensor

TOE = 0.05
"""What is added to the range of brightness at either end, so that black and white have log-odds."""
FAINT = 0.1
"""Deviation below which colours that differ cannot be told from noise, about 6 of 255 steps: it is added to both."""
STRONGEST = 2.0
"""By how much contrast is raised or lowered at most, so that neither noise nor the object's outline changes more."""
FARTHEST = 2.5
"""By how much light and colour of the whole change at most, so that something is left to be seen."""


class Moments(NamedTuple):
    """Of the colours of N pictures."""

    mean: Tensor
    """(N, C)."""
    covariance: Tensor
    """(N, C, C)."""


def colours_of(pixels: Tensor) -> Tensor:
    """Pictures on the scale from 0 to 1 -> log-odds."""
    return ((pixels + TOE) / (1 + 2 * TOE)).logit()


def pixels_of(colours: Tensor) -> Tensor:
    """The way back."""
    return (colours.sigmoid() * (1 + 2 * TOE) - TOE).clamp(0, 1)


def moments(colours: Tensor, weight: Tensor | None = None) -> Moments:
    """Over all pixels, each by its weight (N, 1, H, W) where there is one, in float64; 0 where all weigh nothing."""
    values = colours.flatten(2).double()
    share = torch.ones_like(values[:, :1]) if weight is None else weight.flatten(2).double()
    share = share / share.sum(dim=2, keepdim=True).clamp(min=torch.finfo(share.dtype).tiny)
    mean = (values * share).sum(dim=2)
    apart = values - mean.unsqueeze(2)
    return Moments(mean, (apart * share) @ apart.mT)


def brought(colours: Tensor, own: Moments, other: Moments, farthest: float = FARTHEST) -> Tensor:
    """The colours under the linear change that takes their own moments to the other ones.

    Of all such changes the one that moves colours least (Pitié, Kokaram: The linear Monge-Kantorovitch colour
    mapping for example-based colour transfer, 2007). It is symmetric; what it would stretch or shrink by more than
    `STRONGEST` it stretches or shrinks by that, and what it would shift by more than `farthest` it shifts by that.
    """
    faint = FAINT**2 * torch.eye(own.mean.shape[1]).to(own.covariance)
    root, back = (_power(own.covariance + faint, exponent) for exponent in (0.5, -0.5))
    between = back @ _power(root @ (other.covariance + faint) @ root, 0.5) @ back
    change = _limited(between).to(colours)
    shift = (other.mean - own.mean).clamp(-farthest, farthest)
    mean, wanted = (value.to(colours).view(*value.shape, 1, 1) for value in (own.mean, own.mean + shift))
    moved: Tensor = torch.einsum("ncd,ndhw->nchw", change, colours - mean)
    return moved + wanted


def _power(matrices: Tensor, exponent: float) -> Tensor:
    """Of symmetric matrices (N, C, C) with no negative eigenvalue."""
    values, vectors = torch.linalg.eigh((matrices + matrices.mT) / 2)
    return _with(values.clamp(min=0).pow(exponent), vectors)


def _limited(matrices: Tensor) -> Tensor:
    """Symmetric matrices with their eigenvalues brought within the limit."""
    values, vectors = torch.linalg.eigh((matrices + matrices.mT) / 2)
    return _with(values.clamp(1 / STRONGEST, STRONGEST), vectors)


def _with(values: Tensor, vectors: Tensor) -> Tensor:
    """(N, C, C) of these eigenvalues (N, C)."""
    return vectors @ values.diag_embed() @ vectors.mT
