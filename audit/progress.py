"""Progress on stderr: a bar with rate and time left on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from audit.engine import Progress as Report

QUIET_SECONDS = 10.0
"""Between two lines where there is no terminal."""


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f} pictures/s" if task.speed else "")


@contextmanager
def progress(title: str) -> Iterator[Report]:
    """A function (done, total) that shows how far a run has come."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lines(title)
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn()
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def lines(title: str) -> Report:
    """Lines on stderr, one every ten seconds at most, and one at the end."""
    start = last = time.monotonic()
    first: int | None = None

    def report(done: int, total: int) -> None:
        nonlocal last, first
        now = time.monotonic()
        first = done if first is None else first
        if done < total and now - last < QUIET_SECONDS and done != first:
            return
        last, rate = now, (done - first) / max(now - start, 1e-9)
        left = f", {rate:.1f} pictures/s, {(total - done) / rate:.0f} s left" if rate and done < total else ""
        sys.stderr.write(f"{title}: {done} of {total}{left}\n")

    return report
