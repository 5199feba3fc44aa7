"""Where an audit of a test session leaves its files, and how it says how far it has come."""

import hashlib
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from saliency_audit.options import DEVICE, OUT, REUSE, SESSION

if TYPE_CHECKING:
    from audit.preflight import Notice
    from audit.pytest_plugin.gate import Place
    from reports.wording.preflight import WordedPreflight


def place(config: pytest.Config, name: str, title: str) -> "Place":
    """The folder `name` below that of the command line, or below pytest's cache. title: for the lines of progress.

    Raises GateError where there is neither.
    """
    from audit.pytest_plugin.gate import Place

    return Place(
        folder=_home(config) / name,
        session=config.stash[SESSION],
        reuse=config.getoption(REUSE),
        device=config.getoption(DEVICE),
        progress=_teller(config, title),
        notice=_notice(config, title),
    )


def short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _home(config: pytest.Config) -> Path:
    from audit.pytest_plugin.result import GateError

    out: Path | None = config.getoption(OUT)
    if out is not None:
        return config.invocation_params.dir / out
    cache: pytest.Cache | None = getattr(config, "cache", None)
    if cache is None:
        raise GateError(f"pytest: runs without its cache; need a folder for records and reports. Pass {OUT} DIR.")
    return cache.mkdir("saliency-audit")


def _notice(config: pytest.Config, title: str) -> "Notice":
    """What the data can answer, past pytest's capture."""
    from audit.cli.output import show_preflight

    def notice(preflight: "WordedPreflight") -> None:
        with _past_capture(config):
            sys.stderr.write("\n")  # pytest's own line is not at its end
            show_preflight(title, preflight)

    return notice


def _past_capture(config: pytest.Config) -> AbstractContextManager[None]:
    capture = config.pluginmanager.getplugin("capturemanager")
    return capture.global_and_fixture_disabled() if capture else nullcontext()


def _teller(config: pytest.Config, title: str) -> Callable[[int, int, str, float], None]:
    """Lines for people, past pytest's capture; those of a worker of pytest-xdist too."""
    from audit.cli.progress import lines

    report, begun = lines(title), False

    def tell(done: int, total: int, what: str, share: float) -> None:
        nonlocal begun
        with _past_capture(config):
            if not begun:
                sys.stderr.write("\n")  # pytest's own line is not at its end
            if not begun and done == total:
                sys.stderr.write(f"{title}: nothing to measure, the record holds all {total} pictures\n")
            else:
                report(done, total, what, share)
        begun = True

    return tell
