"""`saliency-audit explore`: where the page goes, and that it breaks no evidence."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from audit.cli.main import cli
from audit.errors import AuditError
from audit.record.place import FILE_NAME
from fixtures.assessments import assessed
from reports.evidence_folder import write_evidence
from reports.verify import verify


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run 1"
    with assessed(folder, n=30) as assessment:
        write_evidence(assessment, folder)
    return folder


@pytest.mark.slow
@pytest.mark.tor("TOR-103")
@pytest.mark.parametrize("named", ["", FILE_NAME])
def test_the_page_lies_beside_the_evidence_which_stays_whole(run: Path, named: str) -> None:
    before = {path: path.read_bytes() for path in run.iterdir()}
    done = CliRunner().invoke(cli, ["explore", str(run / named)], standalone_mode=False)
    page = run.parent / "run 1-explore.html"
    assert done.return_value == 0
    assert '<a href="run%201/report.html">the report</a>' in page.read_text(encoding="utf-8")
    assert {path: path.read_bytes() for path in run.iterdir()} == before
    assert verify(run) == ()


@pytest.mark.slow
def test_a_page_among_the_evidence_is_refused(run: Path) -> None:
    for target in (run / "explore.html", run / "further" / "explore.html"):
        with pytest.raises(AuditError, match="lies among evidence, whose checksums do not list it"):
            CliRunner().invoke(
                cli, ["explore", str(run), "--out", str(target)], standalone_mode=False, catch_exceptions=False
            )
    assert verify(run) == ()


def test_without_a_record_there_is_no_page(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="no such record"):
        CliRunner().invoke(cli, ["explore", str(tmp_path)], standalone_mode=False, catch_exceptions=False)
    assert list(tmp_path.iterdir()) == []
