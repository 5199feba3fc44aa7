"""Integrated gradients."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from audit.bounds import Asked, Drawn, Pictures
from audit.registry import Need
from audit.saliency.batch import Attribution, Batch, score_of

NEEDS: frozenset[Need] = frozenset({"gradient"})

Baseline = Literal["black", "mean", "blur", "noise"]
BLUR_SHARE = 1 / 20
"""The blur's sigma as a share of the shorter side: 11 pixels of 224 (Fong & Vedaldi 2017 use 10)."""


def integrated_gradients(
    batch: Batch,
    *,
    steps: Asked = 32,
    baseline: Baseline = "black",
    draws: Drawn = 4,
    pictures: Pictures | None = None,
) -> Attribution:
    """The gradient integrated along the straight line from a baseline to the picture, times their difference.

    Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, 2017. Gauss-Legendre quadrature with `steps`
    nodes. Baselines: `black`; `mean`, the picture's own mean colour; `blur`, the picture under a Gaussian with a sigma
    of 1/20 of the shorter side; `noise`, the average over `draws` pictures of noise that has the mean and deviation of
    the preprocessing (`draws` is read by this baseline only). pictures: how many of the whole data set are drawn, since
    each costs many passes; None: all.

    per_picture["completeness_gap"], (N,): |sum of the attribution - (score(picture) - score(baseline))| as a share of
    the larger of the two scores' magnitudes. It is 0 for exact integration; with more steps it shrinks. (The share of
    the difference itself would explode where picture and baseline happen to score alike.)

    Returns signed (N, C, H, W).
    Cost: `steps` forward and backward passes, 1 forward pass for the baseline (all of it `draws` times for `noise`),
    and 1 forward pass for the picture unless the plain gradient was computed already.
    """
    del pictures  # the engine draws them
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    path = [(float(node + 1) / 2, float(weight) / 2) for node, weight in zip(nodes, weights, strict=True)]
    count = draws if baseline == "noise" else 1
    signed = torch.zeros_like(batch.x)
    start_score = torch.zeros_like(batch.x[:, 0, 0, 0])
    for start in starting_points(batch, baseline, count):
        way = batch.x - start
        integral = torch.zeros_like(batch.x)
        for position, weight in path:
            integral += weight * batch.differentiate(start + position * way).gradient
        signed += way * integral / count
        with torch.no_grad():
            start_score += score_of(batch.ask(start), batch.target, batch.score) / count
    end_score = score_of(batch.logits, batch.target, batch.score)
    return Attribution(signed, per_picture={"completeness_gap": completeness_gap(signed, start_score, end_score)})


def completeness_gap(signed: Tensor, start_score: Tensor, end_score: Tensor) -> Tensor:
    """(N,) how far the attribution's sum is from the difference of the scores, as a share of the larger score."""
    start, end = start_score.double(), end_score.double()
    missing = signed.double().sum(dim=(1, 2, 3)) - (end - start)
    scale = torch.maximum(start.abs(), end.abs()).clamp(min=torch.finfo(torch.float32).tiny)
    return (missing.abs() / scale).float()


def starting_points(batch: Batch, baseline: Baseline, draws: int) -> Iterator[Tensor]:
    """The baselines, each (N, C, H, W)."""
    match baseline:
        case "black":
            yield batch.pixel(0.0).expand_as(batch.x)
        case "mean":
            yield batch.x.mean(dim=(2, 3), keepdim=True).expand_as(batch.x)
        case "blur":
            yield blurred(batch.x)
        case "noise":
            yield from batch.noise(draws)


def blurred(x: Tensor) -> Tensor:
    """(N, C, H, W) under a Gaussian with a sigma of 1/20 of the shorter side; the border pixels continue outwards."""
    sigma = BLUR_SHARE * min(x.shape[2:])
    radius = max(1, round(3 * sigma))
    offsets = torch.arange(-radius, radius + 1, dtype=x.dtype, device=x.device)
    kernel = torch.softmax(-offsets.square() / (2 * sigma**2), dim=0)
    planes = F.pad(x.flatten(0, 1).unsqueeze(1), [radius] * 4, mode="replicate")
    smooth = F.conv2d(F.conv2d(planes, kernel.view(1, 1, 1, -1)), kernel.view(1, 1, -1, 1))
    return smooth.view_as(x)
