"""What a run of the tests came to, and in which environment: `python -m pytest --tor-results FILE`."""

import json
import platform
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from audit.hashing import tool, versions

ROOT = Path(__file__).parents[2]
FAILED, PASSED, SKIPPED, NOT_RUN = "failed", "passed", "skipped", "not run"
CASES = "tor_cases"
"""What a worker calls the list of its cases."""


class Results:
    """A pytest plugin. It writes one outcome for each case of a test that is marked `tor`, run or not.

    With pytest-xdist the workers say which cases there are, and the process that hears them all writes.
    """

    def __init__(self, file: Path, worker: dict[str, Any] | None) -> None:
        self.file, self._worker = file, worker
        self._cases: set[str] = set()
        self._outcomes: dict[str, str] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Before anything is deselected: what is then not run is known to exist."""
        self._cases = {item.nodeid for item in items if item.get_closest_marker("tor")}
        if self._worker is not None:
            self._worker[CASES] = sorted(self._cases)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self._cases.update(getattr(node, "workeroutput", {}).get(CASES, ()))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self._outcomes.get(report.nodeid) == FAILED:
            return
        if report.failed:
            self._outcomes[report.nodeid] = FAILED
        elif report.skipped:
            self._outcomes[report.nodeid] = SKIPPED
        elif report.when == "call":
            self._outcomes[report.nodeid] = PASSED

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        if self._worker is not None:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        outcomes = {case: self._outcomes.get(case, NOT_RUN) for case in sorted(self._cases)}
        told = {"environment": environment(), "outcomes": outcomes}
        self.file.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def plugin(config: pytest.Config, file: Path) -> Results:
    """Raises UsageError where a run could not tell all cases of a test."""
    worker: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if worker is None and config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        raise pytest.UsageError("--tor-results: need the whole collection. Name no paths; choose with -m or -k.")
    return Results(file, worker)


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
    """The result of a test's cases: passed only where there is one and all are."""
    found = set(outcomes) or {NOT_RUN}
    return next(outcome for outcome in (FAILED, NOT_RUN, SKIPPED, PASSED) if outcome in found)
