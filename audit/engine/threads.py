"""How many threads the network computes with."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from audit.settings import Settings

CONTROL_GROUP = Path("/sys/fs/cgroup/cpu.max")
"""On Linux: the processor time that a container is granted, and in what span, both in microseconds."""


@contextmanager
def threads(settings: Settings) -> Iterator[int]:
    """Within, torch computes with as many threads as the settings say; where they do not, with those that it has, but
    no more than the cores that a container is granted. Yields their number.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(settings.run.threads or min(before, granted_cores()))
    try:
        yield torch.get_num_threads()
    finally:
        torch.set_num_threads(before)


def own_cores() -> int:
    """Those on which this process may run, where the system says so."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def granted_cores(limits: Path = CONTROL_GROUP) -> int:
    """Threads beyond these wait for each other, and for the next span."""
    cores = own_cores()
    try:
        time, span = limits.read_text(encoding="ascii").split()
        return max(1, min(cores, round(int(time) / int(span))))
    except (OSError, ValueError):  # no limits are known, or there is none: "max"
        return cores
