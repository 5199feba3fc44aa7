"""Masks as runs of pixels: the numbers of pixels outside and inside in turns, outside first."""

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from audit.datasets.picture_files import MAX_PIXELS

BITS, MORE, SIGN, FIRST_CHARACTER = 5, 0x20, 0x10, 48
LONGEST = 6
"""Characters of one number: 30 bits."""


def by_rows(counts: NDArray[np.int64], size: tuple[int, int]) -> NDArray[np.bool_] | None:
    """(h, w) bool from runs that go along the rows; None where they are not those of so many pixels. size: (w, h)."""
    if min(size) < 1 or prod(size) > MAX_PIXELS or (counts < 0).any() or int(counts.sum()) != prod(size):
        return None
    return np.repeat(np.arange(len(counts)) % 2 == 1, counts).reshape(size[::-1])


def by_columns(counts: NDArray[np.int64], size: tuple[int, int]) -> NDArray[np.bool_] | None:
    """The same from runs that go down the columns, as COCO's do."""
    turned = by_rows(counts, size[::-1])
    return None if turned is None else turned.T


def runs_of(inside: NDArray[np.bool_]) -> dict[str, list[int]]:
    """COCO's segmentation of the pixels (h, w), not compressed."""
    ends = np.flatnonzero(np.diff(inside.T.ravel(), prepend=False))
    return {"size": list(inside.shape), "counts": np.diff([0, *ends.tolist(), inside.size]).tolist()}


def counts_of(values: object) -> NDArray[np.int64] | None:
    """Runs from a list of whole numbers, or from COCO's text; None where they are anything else."""
    if isinstance(values, str):
        return _from_text(values)
    if isinstance(values, Sequence) and all(type(value) is int and 0 <= value <= MAX_PIXELS for value in values):
        return np.array(values, dtype=np.int64)
    return None


def _from_text(text: str) -> NDArray[np.int64] | None:
    """COCO's compressed runs (pycocotools, maskApi.c, rleFrString).

    Each character is 48 and 6 bits: five of the number, lowest first, and one that says that more follow. The highest
    bit of the last one is the sign. From the fourth number on, each is the difference to the last but one before it.
    """
    if not text.isascii():
        return None
    codes = np.frombuffer(text.encode(), np.uint8).astype(np.int64) - FIRST_CHARACTER
    last = np.flatnonzero((codes & MORE) == 0)
    if not len(codes) or codes.min() < 0 or codes.max() >= 2 * MORE or last[-1:].tolist() != [len(codes) - 1]:
        return None
    first = np.append(0, last[:-1] + 1)
    lengths = last - first + 1
    if lengths.max() > LONGEST:
        return None
    place = np.arange(len(codes)) - np.repeat(first, lengths)
    numbers = np.add.reduceat((codes & (MORE - 1)) << (BITS * place), first)
    numbers -= np.where(codes[last] & SIGN, 1 << (BITS * lengths), 0)
    for start in (1, 2):  # the very first one stands alone
        numbers[start::2] = numbers[start::2].cumsum()
    return np.asarray(numbers)
