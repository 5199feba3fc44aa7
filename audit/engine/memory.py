"""How many pictures go through the network at once, and what to do where the device has no memory for so many."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch

from audit.errors import AuditError
from audit.settings import Settings

ON_GPU = 128
"""Pictures, where the settings do not say: a GPU takes hardly longer for so many than for a few."""
SMALLER = "Choose --device cpu, or make the pictures smaller in [preprocessing]."

T = TypeVar("T")


def sized_for(device: torch.device, settings: Settings) -> Settings:
    """The settings with the batch size that suits the device, where they do not state one."""
    if device.type != "cuda" or "batch_size" in settings.run.model_fields_set:
        return settings
    return settings.model_copy(update={"run": settings.run.model_copy(update={"batch_size": ON_GPU})})


def in_parts(count: int, most: int, ask: Callable[[range], T]) -> tuple[list[T], int]:
    """What `ask` says of the places from 0 to `count`, `most` at once, or half where memory is too short for them.

    Also how many went at once in the end. Raises AuditError where there is too little for a single one.
    """
    answers: list[T] = []
    start = 0
    while start < count:
        part = range(start, min(start + most, count))
        try:
            answers.append(ask(part))
        except torch.OutOfMemoryError as error:
            if len(part) == 1:
                raise _too_small("one picture", SMALLER) from error
            most = (len(part) + 1) // 2
        else:
            start = part.stop
            continue
        torch.cuda.empty_cache()  # only here, where the failed attempt and all that it held is gone
    return answers, most


@contextmanager
def enough_memory(batch_size: int) -> Iterator[None]:
    """Within, a device that has too little memory for a batch is an AuditError that says what to set."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        step = f"Set run.batch_size below {batch_size}." if batch_size > 1 else SMALLER
        raise _too_small(f"{batch_size} at once" if batch_size > 1 else "one picture", step) from error


def _too_small(what: str, step: str) -> AuditError:
    return AuditError("--device", f"has too little memory for {what}", "need room for a pass through the network", step)
