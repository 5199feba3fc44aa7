"""The logits that are kept with an answer: those of the classes with pictures enough to be judged one at a time."""

from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

FEWEST_OF_CLASS = 10
"""Samples of a class that is judged on its own."""
MOST_CLASSES = 256
KIND = np.dtype("<f2")
"""Half precision: a logit to three digits."""


def logit_classes(class_index: Iterable[int]) -> list[int]:
    """The classes whose logits are kept, rising: those with samples enough, the largest where there are too many."""
    counted = Counter(class_index).most_common(MOST_CLASSES)
    return sorted(index for index, samples in counted if samples >= FEWEST_OF_CLASS)


def packed(centred: NDArray[np.float32]) -> list[bytes | None]:
    """centred (n, J) -> n entries of the table `answer`; None where J is 0, or a logit is no number."""
    limit = float(np.finfo(KIND).max)
    known = np.isfinite(centred).all(axis=1) & (centred.shape[1] > 0)
    rows = np.clip(np.nan_to_num(centred), -limit, limit).astype(KIND)
    return [row.tobytes() if there else None for row, there in zip(rows, known.tolist(), strict=True)]


def unpacked(entries: Iterable[object], count: int) -> NDArray[np.float32]:
    """(n, count) of n entries, NaN where one is no bytes. Raises ValueError for bytes of another length."""
    none = np.full(count, np.nan, KIND).tobytes()
    rows = [entry if isinstance(entry, bytes) else none for entry in entries]
    if wrong := next((len(row) for row in rows if len(row) != len(none)), None):
        raise ValueError(f"{wrong:,} bytes of logits; need {len(none):,}")
    return np.frombuffer(b"".join(rows), KIND).reshape(len(rows), count).astype(np.float32)
