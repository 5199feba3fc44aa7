"""A folder of runs, one after the other: the numbers are those of each run, and the order that of their names."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from audit.cli.main import cli
from audit.errors import AuditError
from audit.record.record import Record
from checks.verdict import Outcome
from fixtures.browser import WCAG, Browser, browses
from fixtures.pages import words
from fixtures.records import Kind, write_record
from reports.evidence_folder import write_evidence
from reports.page.history_page import chart, render_history
from reports.result.assessment import assess
from reports.result.history import Point, read_history


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs, of which the last by name is the first by letter."""
    folder = tmp_path_factory.mktemp("runs")
    kinds: dict[str, Kind] = {"audit-2": "honest", "audit-9": "cheating"}
    for name, kind in kinds.items():
        with Record.open(write_record(folder / name / "audit.sqlite", n=120, kind=kind)) as record:
            write_evidence(assess(record), folder / name)
    shutil.copytree(folder / "audit-2", folder / "audit-10")
    (folder / "notes").mkdir()
    return folder


@pytest.mark.slow
@pytest.mark.tor("TOR-119")
def test_the_points_are_those_of_each_run_in_the_order_of_their_names(runs: Path) -> None:
    history = read_history(runs)
    assert [run.name for run in history.runs] == ["audit-2", "audit-9", "audit-10"]
    assert [run.outcome for run in history.runs] == [Outcome.PASS, Outcome.FAIL, Outcome.PASS]
    for run in history.runs:
        verdicts = json.loads((runs / run.name / "audit.json").read_text())["judgement"]["verdicts"]
        background = next(verdict for verdict in verdicts if verdict["rule"] == "survives_other_background")
        (finding,) = background["findings"]
        point = run.points["survives_other_background"]
        assert (point.value, point.lower, point.upper) == (finding["value"], finding["lower"], finding["upper"])
        assert (point.limit, point.outcome) == (finding["limit"], background["outcome"])


@pytest.mark.slow
@pytest.mark.tor("TOR-119")
def test_the_command_prints_a_table_json_and_a_page_and_leaves_as_the_last_run(runs: Path, tmp_path: Path) -> None:
    def called(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(
            cli, ["history", str(runs), "--out", str(tmp_path), *arguments], standalone_mode=False
        )
        code: int = result.return_value
        return code, result.output

    code, text = called()
    assert code == 0
    assert "FAIL 100.0" in text
    page = (tmp_path / "history.html").read_text(encoding="utf-8")
    assert page.count('class="over-time"') == len(read_history(runs).properties)
    assert "audit-10" in words(page)
    code, text = called("--json")
    assert [run["name"] for run in json.loads(text)["runs"]] == ["audit-2", "audit-9", "audit-10"]


@pytest.mark.slow
def test_runs_on_other_pictures_or_limits_are_said_to_be(runs: Path, tmp_path: Path) -> None:
    assert "not all on the same pictures" not in render_history(read_history(runs), tmp_path / "a.html").read_text()
    other = tmp_path / "other"
    shutil.copytree(runs / "audit-2", other / "one")
    with Record.open(write_record(other / "two" / "audit.sqlite", n=100)) as record:
        write_evidence(assess(record), other / "two")
    assert "not all on the same pictures" in render_history(read_history(other), tmp_path / "b.html").read_text()


def test_no_runs_and_broken_ones_are_errors(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=r"holds no runs; need folders with audit\.json in them"):
        read_history(tmp_path)
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "audit.json").write_text("{}")
    with pytest.raises(AuditError, match=r"cannot be read .*; need the file as a run wrote it"):
        read_history(tmp_path)


def test_the_drawing_leaves_out_what_was_not_measured() -> None:
    one = Point(outcome=Outcome.FAIL, value=0.3, lower=0.2, upper=0.4, limit=0.1)
    none = Point(outcome=Outcome.INVALID, value=None, lower=None, upper=None, limit=0.1)
    svg = str(chart([one, None, none, one]))
    assert svg.count("<circle") == 2
    assert svg.count('class="limit"') == 2


@pytest.mark.slow
@browses
def test_axe_finds_nothing(browser: Browser, runs: Path, tmp_path: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    html = render_history(read_history(runs), tmp_path / "history.html").read_text(encoding="utf-8")
    for width in (1280, 390):
        tab = browser.open(html, viewport={"width": width, "height": 900}, bypass_csp=True)
        tab.add_style_tag(content=".scroll { background: none !important; }")
        result = axe.Axe().run(tab, options={"runOnly": {"type": "tag", "values": WCAG}}).response
        assert [(v["id"], v["nodes"][0]["html"][:200]) for v in result["violations"]] == []
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
