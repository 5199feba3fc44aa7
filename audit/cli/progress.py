"""Progress on stderr: a bar with rate and time left on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from audit.cli.output import TerminalSafe, visible
from audit.engine.progress import EVEN, PICTURES
from audit.engine.progress import Progress as Report

QUIET_SECONDS = 10.0
"""Between two lines where there is no terminal."""


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        what = task.fields["what"]
        return Text(f"{task.speed:.1f} {what}/s" if task.speed and what in EVEN else "")


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
            if what in EVEN and what == bar.tasks[0].fields["what"]:
                bar.update(task, completed=done, total=total)
            else:  # each takes its own time, of which the others tell nothing
                bar.reset(task, completed=done, total=total, description=f"{title}, {what}", what=what)

        yield report


def lines(title: str) -> Report:
    """Lines on stderr: for pictures one every ten seconds and one at the end, one for each control and search."""
    start = last = time.monotonic()
    first: int | None = None
    counted = PICTURES

    def report(done: int, total: int, what: str) -> None:
        nonlocal start, last, first, counted
        if what not in EVEN:
            sys.stderr.write(visible(f"{title}: {what}, {done + 1} of {total}\n"))
            return
        now = time.monotonic()
        if what != counted:
            counted, start, last, first = what, now, now, None
        first = done if first is None else first
        if done < total and now - last < QUIET_SECONDS and done != first:
            return
        last, rate = now, (done - first) / max(now - start, 1e-9)
        left = f", {rate:.1f} {what}/s, {(total - done) / rate:.0f} s left" if rate and done < total else ""
        name = title if what == PICTURES else f"{title}, {what}"
        sys.stderr.write(visible(f"{name}: {done} of {total}{left}\n"))

    return report


def after_a_moment(report: Report, seconds: float = 2.0) -> Report:
    """The same, silent at first: what is done in a moment needs no word."""
    start = time.monotonic()

    def later(done: int, total: int, what: str) -> None:
        if time.monotonic() - start >= seconds:
            report(done, total, what)

    return later
