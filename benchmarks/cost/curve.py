"""How time, memory and files grow with the number of pictures: small ones, and a network that costs next to nothing."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

SIZES = {"gradient": (100, 1_000, 10_000, 20_000, 100_000), "default": (500, 2_000, 8_000)}
"""Pictures of the runs of each kind that `one_run` makes."""


class Row(NamedTuple):
    """One run in a process of its own."""

    kind: str
    pictures: int
    seconds: float
    ms: float
    """Of the processor, a picture."""
    peak_mib: float
    """Resident."""
    record_kib: float
    """A picture, thumbnails included."""


def further(rows: Sequence[Row]) -> Iterator[tuple[float, float] | None]:
    """For each run, the processor's ms and the record's KiB that a picture beyond the smaller run of its kind takes."""
    for before, now in zip([None, *rows], rows, strict=False):
        if before is None or before.kind != now.kind:
            yield None
            continue
        added = now.pictures - before.pictures
        ms, kib = (
            (getattr(now, name) * now.pictures - getattr(before, name) * before.pictures) / added
            for name in ("ms", "record_kib")
        )
        yield ms, kib


def rows(largest: int, device: str) -> Iterator[Row]:
    """Of no more pictures than `largest`."""
    yield from (_row(kind, n, device) for kind, sizes in SIZES.items() for n in sizes if n <= largest)


def _row(kind: str, pictures: int, device: str) -> Row:
    """In a process of its own, since memory that was once needed stays in one."""
    command = [sys.executable, "-m", "benchmarks.cost.one_run", kind, str(pictures), device]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Row(**json.loads(done.stdout.splitlines()[-1]))
