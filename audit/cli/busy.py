"""On a busy machine: threads that wait for each other must not use up the cores meanwhile."""

import os
from pathlib import Path

POLICY = "OMP_WAIT_POLICY"
STATED = (POLICY, "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
LOAD = Path("/proc/loadavg")


def wait_politely(load: Path = LOAD) -> None:
    """Let torch's threads sleep at a barrier where others want half of the cores or more, and nobody said how to wait.

    Spinning, two threads on two busy cores took two to three times as long, and three times the processor's time; on a
    quiet machine it saves up to a fifth. No number depends on it. To be called before torch is imported.
    """
    cores = os.cpu_count() or 1
    if not any(name in os.environ for name in STATED) and others(load) >= cores / 2:
        os.environ[POLICY] = "passive"


def others(load: Path) -> float:
    """Threads of others that want a core: now, and on average over the last minute, the smaller of the two."""
    try:
        average, _, _, now, _ = load.read_text(encoding="ascii").split()
        return min(float(average), int(now.partition("/")[0]) - 1)
    except (OSError, ValueError):  # there is no such file elsewhere than on Linux
        return 0.0
