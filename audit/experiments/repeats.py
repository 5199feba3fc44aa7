"""The network is asked again: answers that depend on chance, or on the way that the pixels take, are no evidence."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from audit.experiments.altered_batch import answers
from audit.models.model import logits_of
from audit.record.schema import AGAIN, OTHERWISE, REPEATED, RepeatRow
from audit.saliency.batch import Batch

SHARE = 0.1
"""Of all samples, in the batches in which the network is asked again."""


def repeated_batches(ranges: Sequence[range], seed: int) -> list[int]:
    """The places of the batches that are asked again, drawn until they hold samples enough."""
    wanted = max(REPEATED, math.ceil(SHARE * sum(map(len, ranges))))
    drawn: list[int] = []
    for place in np.random.default_rng(seed).permutation(len(ranges)).tolist():
        if wanted <= 0:
            break
        drawn.append(place)
        wanted -= len(ranges[place])
    return sorted(drawn)


def asked_again(batch: Batch, numbers: Sequence[int], *, other_layout: bool) -> list[RepeatRow]:
    """The pictures as they are, asked twice `otherwise`: against the answers of the audit, and against each other."""
    first, second = (_otherwise(batch, other_layout=other_layout) for _ in range(2))
    return [
        *repeat_rows(numbers, ("", ""), OTHERWISE, deviation(first, answers(batch.logits, batch.target).log_odds)),
        *repeat_rows(numbers, ("", ""), AGAIN, deviation(second, first)),
    ]


def repeat_rows(numbers: Sequence[int], variant: tuple[str, str], way: str, deviations: Tensor) -> list[RepeatRow]:
    """One for each picture. variant: intervention and variant; deviations: (N,)."""
    return [RepeatRow(number, *variant, way, value) for number, value in zip(numbers, deviations.tolist(), strict=True)]


def deviation(now: Tensor, then: Tensor) -> Tensor:
    """(N,) how far two log-odds are apart; NaN where one of them alone is no number."""
    return (now - then).abs().masked_fill((now == then) | (now.isnan() & then.isnan()), 0)


def _otherwise(batch: Batch, *, other_layout: bool) -> Tensor:
    """(N,) log-odds of the label, asked without a gradient, last picture first, in two batches of other sizes.

    other_layout: with the pictures laid out in memory channel by channel.
    """
    x, target = batch.retraced().flip(0), batch.target.flip(0)
    layout = torch.contiguous_format if other_layout else torch.preserve_format
    with torch.no_grad():
        logits = [logits_of(batch.module, part.clone(memory_format=layout)) for part in torch.split(x, len(x) // 2 + 1)]
    return answers(torch.cat(logits), target).log_odds.flip(0)
