"""Warnings and log lines of libraries, on stderr: the first few as they come, and of the rest how many there are."""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from audit.cli.output import visible

MOST = 20
"""That are shown in one command."""


class _Notices(logging.Handler):
    """Also what takes log lines where a program sets up no logging."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.show(f"{self.format(record)}\n")

    def warn(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        """In place of `warnings.showwarning`."""
        del file
        self.show(warnings.formatwarning(message, category, filename, lineno, line))

    def show(self, text: str) -> None:
        self.count += 1
        if self.count <= MOST:
            _write(text)


@contextmanager
def bounded_notices() -> Iterator[None]:
    """While it is open, no file can make libraries flood stderr."""
    notices, before = _Notices(), logging.lastResort
    with warnings.catch_warnings():
        warnings.showwarning, logging.lastResort = notices.warn, notices
        try:
            yield
        finally:
            logging.lastResort = before
            if notices.count > MOST:
                _write(f"{notices.count - MOST:,} more warnings of libraries are not shown.\n")


def _write(text: str) -> None:
    with suppress(OSError):  # stderr is full: what is wrong with the run is said by its exit code
        sys.stderr.write(visible(text))
