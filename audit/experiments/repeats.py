"""The network is asked again: answers and maps that depend on chance, or on the way of the pixels, are no evidence."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from audit.experiments.altered_batch import Answers, answers
from audit.record.repeat_rows import AGAIN, OTHERWISE, REPEATED, MapRepeatRow, RepeatRow
from audit.saliency.batch import Batch
from audit.saliency.sources import Source

LEAST = 1e-300
"""Log-odds: less than any two differ by, and no zero, which has no sign."""

FEW = 2
"""Pictures of one batch, of which all other sources than the first method are asked again."""


def repeated_batches(ranges: Sequence[range], seed: int) -> list[int]:
    """The places of the batches that are asked again, drawn until they hold `REPEATED` samples."""
    wanted = REPEATED
    drawn: list[int] = []
    for place in np.random.default_rng(seed).permutation(len(ranges)).tolist():
        if wanted <= 0:
            break
        drawn.append(place)
        wanted -= len(ranges[place])
    return sorted(drawn)


def asked_again(batch: Batch, again: Batch, numbers: Sequence[int]) -> list[RepeatRow]:
    """The pictures as they are, asked in just the same way and `otherwise`: against the answers of the audit.

    again: a copy of the batch, which has no answer in store but what a method asked of it.
    """
    then = answers(batch.logits, batch.target)
    return [
        *repeat_rows(numbers, ("", ""), OTHERWISE, apart(_answered_otherwise(batch), then)),
        *repeat_rows(numbers, ("", ""), AGAIN, apart(answers(again.logits, again.target), then)),
    ]


def explained_again(source: Source, again: Batch, numbers: Sequence[int], then: Tensor) -> list[MapRepeatRow]:
    """A source's maps, made in just the same way and `otherwise`: against those of the audit, `then` (N, H, W).

    again: a copy of the batch, which has no derivative in store.
    """
    return [
        *_map_rows(source, numbers, OTHERWISE, map_deviation(_explained_otherwise(source, again), then)),
        *_map_rows(source, numbers, AGAIN, map_deviation(source.ask(again)[0], then)),
    ]


def explained_twice(source: Source, batch: Batch, numbers: Sequence[int]) -> list[MapRepeatRow]:
    """A source's maps of the first few pictures, made twice in just the same way, against each other.

    A method that draws for itself does so whatever the picture, so that few show it.
    """
    few = batch.some(range(min(FEW, len(numbers))))
    first, second = (source.ask(replace(few))[0] for _ in range(2))  # copies, which have no derivative in store
    return _map_rows(source, numbers[:FEW], AGAIN, map_deviation(second, first))


def _map_rows(source: Source, numbers: Sequence[int], way: str, deviations: Tensor) -> list[MapRepeatRow]:
    return [
        MapRepeatRow(number, source.label, way, value)
        for number, value in zip(numbers, deviations.tolist(), strict=True)
    ]


def repeat_rows(numbers: Sequence[int], variant: tuple[str, str], way: str, deviations: Tensor) -> list[RepeatRow]:
    """One for each picture. variant: intervention and variant; deviations: (N,)."""
    return [RepeatRow(number, *variant, way, value) for number, value in zip(numbers, deviations.tolist(), strict=True)]


def apart(now: Answers, then: Answers) -> Tensor:
    """(N,) how far the label's log-odds are apart; negative where another class is named, NaN as in `deviation`."""
    far = deviation(now.log_odds, then.log_odds)
    turned = (now.predicted != then.predicted) & ~now.log_odds.isnan()
    return torch.where(turned, -far.clamp(min=LEAST), far)


def deviation(now: Tensor, then: Tensor) -> Tensor:
    """(N,) how far two log-odds are apart; NaN where one of them alone is no number."""
    return (now - then).abs().masked_fill((now == then) | (now.isnan() & then.isnan()), 0)


def map_deviation(now: Tensor, then: Tensor) -> Tensor:
    """(N,) the sum of the differences of two maps (N, H, W) as a share of the larger; 0 for the very same maps.

    NaN where a place of one alone is no number.
    """
    apart = deviation(now.double(), then.double()).flatten(1).sum(dim=1)
    larger = torch.maximum(*(_total(relevance) for relevance in (now, then)))
    return (apart / larger).masked_fill(apart == 0, 0)


def _total(relevance: Tensor) -> Tensor:
    return relevance.double().abs().nan_to_num().flatten(1).sum(dim=1)


def _answered_otherwise(batch: Batch) -> Answers:
    """Asked without a gradient."""
    with torch.no_grad():
        logits = [part.ask(part.x) for part in _otherwise(batch)]
    return Answers(*(column.flip(0) for column in answers(torch.cat(logits), batch.target.flip(0))))


def _explained_otherwise(source: Source, batch: Batch) -> Tensor:
    """(N, H, W)."""
    return torch.cat([source.ask(part)[0] for part in _otherwise(batch)]).flip(0)


def _otherwise(batch: Batch) -> Iterator[Batch]:
    """The pictures last first, in two batches of other sizes, laid out in memory channel by channel.

    The network itself is asked, also where a folded copy is asked in its place else.
    """
    whole, order = batch.retraced(), list(reversed(range(len(batch.x))))
    size = len(order) // 2 + 1
    for chosen in (order[start : start + size] for start in range(0, len(order), size)):
        yield replace(batch.some(chosen).of(batch.module), x=whole[chosen].clone(memory_format=torch.contiguous_format))
