"""Tasks that are timed in turn: what the machine does besides falls on all of them alike."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch

Task = Callable[[], object]


class Timed(NamedTuple):
    """A task, and the pictures that it is about."""

    task: Task
    pictures: int


class Spent(NamedTuple):
    """Seconds of one task. The processor's time hardly depends on what else the machine does."""

    wall: float
    processor: float


class Ratio(NamedTuple):
    """Of wall times, over the rounds; and the median of the processor's times."""

    median: float
    least: float
    most: float
    processor: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.least:.2f} to {self.most:.2f})"


def spent(task: Task) -> Spent:
    """A device works on its own: what it was given to do must have ended."""
    _wait()
    wall, processor = time.perf_counter(), time.process_time()
    task()
    _wait()
    return Spent(time.perf_counter() - wall, time.process_time() - processor)


def in_turn(tasks: Mapping[str, Timed], rounds: int) -> list[dict[str, Spent]]:
    """Round by round, every task once; seconds a picture."""
    return [{name: _per_picture(timed) for name, timed in tasks.items()} for _ in range(rounds)]


def _per_picture(timed: Timed) -> Spent:
    return Spent(*(seconds / timed.pictures for seconds in spent(timed.task)))


def ratio(rounds: list[dict[str, Spent]], name: str, to: str) -> Ratio:
    """What one task took, in multiples of what another took in the same round."""
    wall = [turn[name].wall / turn[to].wall for turn in rounds]
    processor = [turn[name].processor / turn[to].processor for turn in rounds]
    return Ratio(statistics.median(wall), min(wall), max(wall), statistics.median(processor))


def milliseconds(rounds: list[dict[str, Spent]], name: str) -> float:
    """Of the processor, a picture, in the median."""
    return 1e3 * statistics.median(turn[name].processor for turn in rounds)


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
