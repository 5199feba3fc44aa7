"""Reads every picture once, in threads, and keeps what the descriptors measured: one array for each quantity."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit import registry
from audit.datasets.displayed_boxes import displayed_boxes
from audit.datasets.exclusions import Exclusion, Rejected
from audit.datasets.picture_files import open_picture
from audit.datasets.picture_root import Images
from audit.datasets.sample import Sample
from audit.errors import AuditError
from audit.inspection.findings import Quantity
from audit.inspection.independence import COPY_SIDE
from audit.inspection.view import Canvas, Value, View

DESCRIPTORS = "audit.inspection.descriptors"
Measured = Mapping[tuple[str, Quantity], Value]
"""By the descriptor's name and the quantity."""
PictureProgress = Callable[[int, int], None]


@dataclass(frozen=True)
class Read:
    """One sample, seen."""

    measured: Measured
    small: NDArray[np.uint8]
    hull: tuple[float, ...]
    sha256: str


@dataclass(eq=False)
class Column:
    """The values of one quantity, of those samples that have it."""

    used: NDArray[np.bool_]
    """(n,)."""
    values: NDArray[Any]
    """(n, d) bytes or floats; (n,) text."""

    @classmethod
    def like(cls, value: Value, n: int) -> "Column":
        """Room for n values such as this one; memory is taken as they come."""
        if isinstance(value, str):
            return cls(np.zeros(n, np.bool_), np.empty(n, object))
        first = np.atleast_1d(np.asarray(value))
        kind = np.uint8 if first.dtype == np.uint8 else np.float32
        return cls(np.zeros(n, np.bool_), np.zeros((n, len(first)), kind))

    def numbers(self, seed: int) -> NDArray[np.float32]:
        """(m, d) of the samples that have it: bytes as they are, other numbers in units of their deviation.

        Text that is a number throughout is taken as numbers. Other words are numbered by chance, so that none are near.
        """
        values = self.values[self.used]
        if values.dtype == np.uint8:
            return values.astype(np.float32)
        if values.dtype == object:
            values = _parsed(values) if _numeric(values) else _numbered(values, seed)
        values = values.astype(np.float64)
        deviation = values.std(axis=0)
        return np.asarray((values - values.mean(axis=0)) / np.where(deviation > 0, deviation, 1), dtype=np.float32)


def _numeric(words: NDArray[Any]) -> bool:
    try:
        numbers = _parsed(words)
    except ValueError:
        return False
    return bool((np.abs(numbers) < 1e30).all())


def _parsed(words: NDArray[Any]) -> NDArray[np.float64]:
    return np.array([float(word) for word in words])[:, None]


def _numbered(words: NDArray[Any], seed: int) -> NDArray[np.float64]:
    names, number = np.unique(words, return_inverse=True)
    return np.random.default_rng(seed).permutation(len(names))[number][:, None].astype(np.float64)


@dataclass(eq=False)
class Readings:
    """All samples that could be read."""

    read: NDArray[np.bool_]
    small: NDArray[np.uint8]
    hulls: NDArray[np.float32]
    files: list[str | None]
    """SHA-256 of each sample's picture."""
    columns: dict[tuple[str, Quantity], Column]
    exclusions: list[Exclusion]


def read_pictures(folder: Images, samples: Sequence[Sample], workers: int, progress: PictureProgress) -> Readings:
    """samples: sorted by picture. What cannot be read is left out, with its reason.

    Raises AuditError where a descriptor yields what is no number.
    """
    n = len(samples)
    small, hulls = np.zeros((n, COPY_SIDE, COPY_SIDE, 3), np.uint8), np.zeros((n, 4), np.float32)
    readings = Readings(np.zeros(n, np.bool_), small, hulls, [None] * n, {}, [])
    for done, (number, read) in enumerate(_reads(folder, samples, workers), 1):
        progress(done, n)
        if isinstance(read, Exclusion):
            readings.exclusions.append(read)
            continue
        readings.read[number], readings.files[number] = True, read.sha256
        small[number], hulls[number] = read.small, read.hull
        for key, value in read.measured.items():
            if key not in readings.columns:
                readings.columns[key] = Column.like(value, n)
            column = readings.columns[key]
            column.used[number], column.values[number] = True, value
    return readings


def _reads(folder: Images, samples: Sequence[Sample], workers: int) -> Iterator[tuple[int, Read | Exclusion]]:
    """In the order of the samples."""
    descriptors = {name: registry.resolve(DESCRIPTORS, name) for name in registry.names(DESCRIPTORS)}
    numbered = groupby(enumerate(samples), key=lambda pair: pair[1].image)
    waiting: deque[Future[list[tuple[int, Read | Exclusion]]]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="inspect") as pool:
        try:
            for _, of_picture in numbered:
                waiting.append(pool.submit(_read, folder, list(of_picture), descriptors))
                if len(waiting) > 4 * workers:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _read(
    folder: Images, samples: list[tuple[int, Sample]], descriptors: Mapping[str, Callable[..., Any]]
) -> list[tuple[int, Read | Exclusion]]:
    """All samples of one picture, which is decoded once."""
    try:
        opened = open_picture(samples[0][1].image, folder)
    except Rejected as rejected:
        return [(number, _excluded(sample, rejected)) for number, sample in samples]
    outcomes: list[tuple[int, Read | Exclusion]] = []
    canvas: Canvas | None = None
    for number, sample in samples:
        try:
            boxes, others = displayed_boxes(sample, opened.header)
        except Rejected as rejected:
            outcomes.append((number, _excluded(sample, rejected)))
            continue
        canvas = canvas or Canvas(opened, (*boxes, *others))
        view = View(sample, canvas, boxes)
        outcomes.append((number, Read(_measured(view, descriptors), canvas.whole(COPY_SIDE), view.hull, opened.sha256)))
    return outcomes


def _excluded(sample: Sample, rejected: Rejected) -> Exclusion:
    return Exclusion(sample.image, sample.label, rejected.reason, rejected.detail)


def _measured(view: View, descriptors: Mapping[str, Callable[..., Any]]) -> Measured:
    measured = {
        (name, quantity): value for name, describe in descriptors.items() for quantity, value in describe(view).items()
    }
    for (name, quantity), value in measured.items():
        if not isinstance(value, str) and not np.isfinite(value).all():
            raise AuditError(
                f"descriptor {name}", f"{quantity.name} is not finite", "need numbers, or no such quantity"
            )
    return measured
