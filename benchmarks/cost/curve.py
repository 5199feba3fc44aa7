"""How time, memory and files grow with the number of pictures: small ones, and a network that costs next to nothing."""

import json
import subprocess
import sys
from typing import NamedTuple


class Row(NamedTuple):
    """One run in a process of its own."""

    pictures: int
    seconds: float
    ms: float
    """Of the processor, a picture."""
    peak_mib: float
    """Resident."""
    record_kib: float
    """A picture, thumbnails included."""


def row(pictures: int, device: str) -> Row:
    """In a process of its own, since memory that was once needed stays in one."""
    command = [sys.executable, "-m", "benchmarks.cost.one_run", str(pictures), device]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Row(**json.loads(done.stdout.splitlines()[-1]))
