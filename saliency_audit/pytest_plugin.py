"""The hooks of the pytest plugin: `pytest audit.toml`, and the fixture `saliency_audit`. `audit.pytest_plugin` answers.

pytest imports this in every project of an environment. Nothing but pytest and the standard library is imported until a
settings file is collected or the fixture is called; the project may have packages of its own with the product's names.
"""

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from saliency_audit.options import DEVICE, OUT, REUSE, SESSION
from saliency_audit.packages import own_packages

if TYPE_CHECKING:
    from audit.pytest_plugin.fixture import SaliencyAudit
    from audit.pytest_plugin.settings_file import SettingsFile

FILES = "saliency_audit_files"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("saliency-audit", "saliency audits")
    group.addoption(
        OUT, type=Path, metavar="DIR", help="Folder for the audits' records and reports. [default: in pytest's cache]"
    )
    group.addoption(
        REUSE,
        action="store_true",
        help="Judge the record that lies there, if network, pictures and settings are as they were.",
    )
    group.addoption(DEVICE, default="cpu", metavar="DEVICE", help="Measure on cpu or cuda. [default: cpu]")
    parser.addini(
        FILES, "Patterns of the settings files that are audited where a folder is tested.", "args", default=[]
    )


def pytest_configure(config: pytest.Config) -> None:
    worker = getattr(config, "workerinput", None)  # of pytest-xdist
    config.stash[SESSION] = worker["testrunuid"] if worker else uuid4().hex


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "SettingsFile | None":
    """Settings files that the command line names, or that match the ini option; other TOML files are left alone."""
    if file_path.suffix != ".toml":
        return None
    named = parent.session.isinitpath(file_path) or any(map(file_path.match, parent.config.getini(FILES)))
    if not named:
        return None
    with own_packages():
        from audit.pytest_plugin.settings_file import SettingsFile, is_settings_file

        return SettingsFile.from_parent(parent, path=file_path) if is_settings_file(file_path) else None


@pytest.fixture(scope="session")
def saliency_audit(pytestconfig: pytest.Config) -> "SaliencyAudit":
    """Audit a network of this very process: `saliency_audit(model, dataset).assert_passes()`.

    Within the session as often as one likes; a fixture of your own shares one result among tests.
    """
    with own_packages():
        from audit.pytest_plugin.fixture import SaliencyAudit

        return SaliencyAudit(pytestconfig)


def pytest_terminal_summary(terminalreporter: "pytest.TerminalReporter") -> None:
    """Where the reports are, whatever the outcome."""
    tests = [
        (report.nodeid.partition("::")[0], dict(report.user_properties))
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
    ]
    audits = {file: (entries["audit"], entries["report"]) for file, entries in tests if "audit" in entries}
    if audits:
        terminalreporter.section("saliency audits")
        for file, (outcome, report) in sorted(audits.items()):
            terminalreporter.line(f"{file}: {outcome}, {report}")
