"""Where the command line prints: streams that are closed, that are full, or that cannot spell a name."""

import io
import os
import sys
from pathlib import Path


def open_streams() -> None:
    """What is closed leads nowhere, and what a stream cannot spell of a name is written as an escape."""
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


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
