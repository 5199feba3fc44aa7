"""Where the command line prints: streams that are closed, full or unread, or that cannot spell a name."""

import io
import os
import sys
from pathlib import Path
from typing import TextIO


def open_streams() -> None:
    """What is closed leads nowhere, and what a stream cannot spell of a name is written as an escape.

    A reader may leave, as `head` does: that is no error, and whatever else is to be done is done.
    """
    sys.stdout, sys.stderr = (_opened(stream) for stream in (sys.stdout, sys.stderr))


def _opened(stream: TextIO | None) -> TextIO:
    if stream is None:
        return _nowhere()
    if stream in (sys.__stdout__, sys.__stderr__) and isinstance(stream, io.TextIOWrapper):
        stream.flush()
        same = io.FileIO(stream.fileno(), "w", closefd=False)
        at_once = stream.line_buffering or stream is sys.__stderr__  # who follows a log wants to see each line
        return Unread(io.BufferedWriter(same), stream.encoding, "backslashreplace", line_buffering=at_once)
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


class Unread(io.TextIOWrapper):
    """A stream that nobody needs to read to the end: what is written after its reader left leads nowhere."""

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except BrokenPipeError:
            self._lead_nowhere()
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except BrokenPipeError:
            self._lead_nowhere()

    def _lead_nowhere(self) -> None:
        with _nowhere() as nowhere:
            os.dup2(nowhere.fileno(), self.fileno())


def unprinted(trial: str = "") -> str:
    """Why stdout does not take what is printed, or else nothing. Where it does not, the rest of it leads nowhere.

    trial: what to print for that, since a stream forgets a long text that it could not write.
    """
    try:
        sys.stdout.write(trial)
        sys.stdout.flush()
    except OSError as error:
        sys.stdout = _nowhere()
        os.dup2(sys.stdout.fileno(), 1)
        return f"stdout: cannot be written ({error.strerror}); need a place with free space."
    return ""


def close_stderr() -> None:
    """What is still to be told leads nowhere."""
    sys.stderr = _nowhere()
    os.dup2(sys.stderr.fileno(), 2)


def _nowhere() -> io.TextIOWrapper:
    return Path(os.devnull).open("w", encoding="utf-8")
