"""Altered pictures as the network was shown them, small enough for the record."""

from collections.abc import Iterable

from torch import Tensor

from audit.engine.thumbnails import encode_picture
from audit.record.altered_layers import Alteration
from audit.record.schema import AnswerRow, ThumbnailRow
from audit.saliency.batch import Batch


def encode_altered(batch: Batch, altered: Tensor, place: int) -> bytes:
    """The picture at this place among altered ones (N, C, H, W), which `Batch.shown` has brought to their files' grid.

    JPEG, as the pictures of the gallery are.
    """
    return encode_picture(batch.eight_bit(altered[place : place + 1])[0].cpu())


def example(
    batch: Batch, pictures: Tensor, of: Alteration, answers: Iterable[AnswerRow], samples: list[int], *, highest: bool
) -> list[ThumbnailRow]:
    """The one with the highest or the lowest log-odds of the pictures (N, C, H, W) that one variant made.

    answers: of all variants. samples: (N,) their numbers. None where no answer is a number.
    """
    given = [
        (row.log_odds, row.sample)
        for row in answers
        if (row.intervention, row.variant) == of and row.log_odds is not None
    ]
    if not given:
        return []
    sign = -1 if highest else 1
    _, sample = min((sign * log_odds, sample) for log_odds, sample in given)
    place = samples.index(sample)
    one = batch.some([place])
    return [ThumbnailRow(sample, of.layer, encode_altered(one, one.shown(pictures[place : place + 1]), 0))]
