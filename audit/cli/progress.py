"""Progress on stderr: a bar with rate and time left on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from audit.cli.output import TerminalSafe, visible
from audit.engine.progress import PICTURES
from audit.engine.progress import Progress as Report

QUIET_SECONDS = 10.0
"""Between two lines where there is no terminal."""


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f} pictures/s" if task.speed and task.fields["what"] == PICTURES else "")


@contextmanager
def progress(title: str) -> Iterator[Report]:
    """A function (done, total, what) that shows how far a run has come."""
    console = TerminalSafe(stderr=True)
    if not console.is_terminal:
        yield lines(title)
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn()
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(title, total=None, what=PICTURES)

        def report(done: int, total: int, what: str) -> None:
            if what == PICTURES:
                bar.update(task, completed=done, total=total)
            else:  # each takes its own time, of which the others tell nothing
                bar.reset(task, completed=done, total=total, description=f"{title}, {what}", what=what)

        yield report


def lines(title: str) -> Report:
    """Lines on stderr: for pictures one every ten seconds and one at the end, one for each control and search."""
    start = last = time.monotonic()
    first: int | None = None

    def report(done: int, total: int, what: str) -> None:
        nonlocal last, first
        if what != PICTURES:
            sys.stderr.write(visible(f"{title}: {what}, {done + 1} of {total}\n"))
            return
        now = time.monotonic()
        first = done if first is None else first
        if done < total and now - last < QUIET_SECONDS and done != first:
            return
        last, rate = now, (done - first) / max(now - start, 1e-9)
        left = f", {rate:.1f} pictures/s, {(total - done) / rate:.0f} s left" if rate and done < total else ""
        sys.stderr.write(visible(f"{title}: {done} of {total}{left}\n"))

    return report
