"""Progress on stderr: a bar with rate and time left on a terminal, plain lines elsewhere. Both count the whole run."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from audit.cli.output import TerminalSafe, visible
from audit.engine.progress import PICTURES
from audit.engine.progress import Progress as Report

QUIET_SECONDS = 10.0
"""Between two lines where there is no terminal."""
FIRST_BATCH = ", first batch …"
"""What goes on while no picture is done."""
LEAST = 0.01
"""Share of the run that must be done before its time left is told."""


@contextmanager
def progress(title: str) -> Iterator[Report]:
    """A function (done, total, what, share) that shows how far a run has come."""
    console = TerminalSafe(stderr=True)
    if not console.is_terminal:
        yield lines(title)
        return
    columns = TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console) as bar:
        task, rate = bar.add_task(title, total=None), _rate(time.monotonic)

        def report(done: int, total: int, what: str, share: float) -> None:
            place = _place(done, total, what, rate(done) if what == PICTURES else "")
            bar.update(task, completed=share, total=1.0, description=f"{title}: {place}")

        yield report


def lines(title: str, clock: Callable[[], float] = time.monotonic) -> Report:
    """Lines on stderr: one at the begin and end of the pictures and of each control and search, and every ten seconds.

    The time left is that of the whole run, by the share of its work that is done.
    """
    start = last = clock()
    begun: float | None = None
    seen, rate = "", _rate(clock)

    def report(done: int, total: int, what: str, share: float) -> None:
        nonlocal last, begun, seen
        now, at_end = clock(), what == PICTURES and done == total
        speed = rate(done) if what == PICTURES else ""
        begun = share if begun is None else begun
        if what == seen and now - last < QUIET_SECONDS and not at_end:
            return
        last, seen = now, what
        worked = share - begun
        left = f", {(now - start) * (1 - share) / worked:.0f} s left" if worked >= LEAST and share < 1 else ""
        sys.stderr.write(visible(f"{title}: {_place(done, total, what, speed)}{left}\n"))

    return report


def after_a_moment(report: Report, seconds: float = 2.0) -> Report:
    """The same, silent at first: what is done in a moment needs no word."""
    start = time.monotonic()

    def later(done: int, total: int, what: str, share: float) -> None:
        if time.monotonic() - start >= seconds:
            report(done, total, what, share)

    return later


def _place(done: int, total: int, what: str, speed: str) -> str:
    if what == PICTURES:
        return f"{done} of {total}{speed if done < total else ''}{FIRST_BATCH if total and not done else ''}"
    return f"{what}, {done + 1} of {total}"


def _rate(clock: Callable[[], float]) -> Callable[[int], str]:
    """A function of how many pictures are done: ', 3.1 pictures/s' since the first call, where some were."""
    first: tuple[float, int] | None = None

    def rate(done: int) -> str:
        nonlocal first
        first = (clock(), done) if first is None else first
        since, before = clock() - first[0], done - first[1]
        return f", {before / since:.1f} pictures/s" if before and since > 0 else ""

    return rate
