"""What a run of the tests came to, and in which environment: `python -m pytest --tor-results FILE`."""

import json
import platform
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from audit.identity import tool, versions

ROOT = Path(__file__).parents[2]
FAILED, PASSED, SKIPPED, NOT_RUN = "failed", "passed", "skipped", "not run"


class Results:
    """A pytest plugin. It writes one outcome for each case of a test that is marked `tor`, run or not."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.outcomes: dict[str, str] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Before anything is deselected: what is then not run is known to exist."""
        self.outcomes = {item.nodeid: NOT_RUN for item in items if item.get_closest_marker("tor")}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.nodeid not in self.outcomes or self.outcomes[report.nodeid] == FAILED:
            return
        if report.failed:
            self.outcomes[report.nodeid] = FAILED
        elif report.skipped:
            self.outcomes[report.nodeid] = SKIPPED
        elif report.when == "call":
            self.outcomes[report.nodeid] = PASSED

    def pytest_sessionfinish(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        told = {"environment": environment(), "outcomes": dict(sorted(self.outcomes.items()))}
        self.file.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def plugin(config: pytest.Config, file: Path) -> Results:
    """Raises UsageError where a run could not tell all cases of a test."""
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        raise pytest.UsageError("--tor-results: need the whole collection. Name no paths; choose with -m or -k.")
    if getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("--tor-results: need one process. Leave out -n.")
    return Results(file)


def environment() -> dict[str, str]:
    """What the results hold for. No host name, no path."""
    return {
        "saliency-audit": tool()["version"],
        "commit": _commit(),
        "system": f"{platform.system()} {platform.machine()}",
        **versions(),
    }


def _commit() -> str:
    try:
        commit = _git("rev-parse", "HEAD").strip()
        return f"{commit}, with changes that are not committed" if _git("status", "--porcelain") else commit
    except (OSError, subprocess.CalledProcessError):
        return "not known"


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def worst(outcomes: Iterable[str]) -> str:
    """Of the cases of a test: passed only where there is one and all are."""
    found = set(outcomes) or {NOT_RUN}
    return next(outcome for outcome in (FAILED, NOT_RUN, SKIPPED, PASSED) if outcome in found)
