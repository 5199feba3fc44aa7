"""`compare` and `accept` as users meet them: output, errors, exit codes."""

import getpass
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.cli.main import main
from fixtures.candidates import write_candidate

Shell = Callable[..., tuple[int, str, str]]


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["saliency-audit", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        out, err = capsys.readouterr()
        return int(stop.value.code or 0), out, err

    return run


@pytest.fixture
def runs(tmp_path: Path) -> None:
    for name, wrong in (("old", ()), ("new", ()), ("worse", range(60, 90))):
        (tmp_path / name).mkdir()
        write_candidate(tmp_path / name / "audit.sqlite", wrong=wrong, same_network=name == "old")


@pytest.mark.slow
@pytest.mark.tor("TOR-067")
@pytest.mark.usefixtures("runs")
def test_the_life_of_a_baseline(shell: Shell, tmp_path: Path) -> None:
    code, out, _ = shell("compare", "baseline.json", "new")
    assert code == 2
    assert out.startswith("INVALID\nbaseline.json: no such baseline")
    code, out, _ = shell("accept", "old", "--reason", "the first", "--by", "Ada")
    assert code == 0
    assert "Accepted as baseline 1 by Ada: PASS, 103 of 119 predicted right, 9 of 119 misses by experiment." in out
    assert "Written to baseline.json: commit it. Later runs: saliency-audit compare baseline.json RUN" in out
    code, out, _ = shell("compare", "baseline.json", "new")
    assert code == 0
    assert out.startswith("PASS\nWith 95 % confidence the candidate is less than 5.0 points worse")
    assert "Report: compare.html" in out
    assert (tmp_path / "compare.html").exists()
    code, out, _ = shell("compare", "baseline.json", "worse/audit.sqlite", "--out", "elsewhere")
    assert code == 1
    assert "accuracy_holds" in out
    assert (tmp_path / "elsewhere" / "compare.html").exists()
    assert not (tmp_path / "worse" / "compare.html").exists()
    code, out, _ = shell("accept", "worse", "--reason", "less weight", "--by", "Bo")
    assert code == 0
    assert "Before: PASS, 103 of 119" in out
    assert shell("compare", "baseline.json", "worse")[0] == 0


@pytest.mark.slow
@pytest.mark.usefixtures("runs")
def test_a_comparison_leaves_both_evidence_folders_as_they_were(shell: Shell) -> None:
    for name in ("old", "worse"):
        shell("report", name)
        assert shell("verify", name)[0] == 0
    assert shell("compare", "old", "worse")[0] == 1
    for name in ("old", "worse"):
        code, out, _ = shell("verify", name)
        assert code == 0, out


@pytest.mark.slow
@pytest.mark.usefixtures("runs")
def test_two_runs_and_json(shell: Shell, tmp_path: Path) -> None:
    code, out, _ = shell("compare", "old", "worse", "--json")
    found = json.loads(out)
    assert code == 1
    assert found["outcome"] == "FAIL"
    assert {verdict["rule"] for verdict in found["verdicts"]} >= {"evidence_holds", "accuracy_holds", "absolute_limits"}
    assert {flip["kind"] for flip in found["flips"]} == {"right to wrong"}
    (tmp_path / "mine.toml").write_text(
        '[rules.model_is_accurate]\nmin_accuracy = 0.1\nwhy = "x"\n[non_inferiority]\nmargin = 0.5\nwhy = "Seen."\n'
    )
    code, out, _ = shell("compare", "old", "worse", "--profile", "mine.toml")
    assert code == 0
    assert "The limits were not fixed before the run (profile mine): base no claim on this." in out


@pytest.mark.slow
@pytest.mark.usefixtures("runs")
def test_errors_say_what_to_do_and_leave_with_2(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "empty").mkdir()
    for arguments, message in {
        ("compare", "broken.json", "new"): "broken.json: is not a baseline",
        ("compare", "empty", "new"): "no such record",
        ("compare", "old", "none"): "error: none: no such record",
        ("compare", "old"): "Missing argument 'CANDIDATE'",
        ("accept", "old"): "Missing option '--reason'",
        ("accept", "old", "--reason", " "): "no reason; an auditor will ask",
        ("accept", "old", "--reason", "x", "--by", ""): "no name of who accepts",
        ("accept", "none", "--reason", "x"): "error: none: no such record",
        ("accept", "old", "--reason", "x", "--baseline", "broken.json"): "error: broken.json: is not a baseline",
    }.items():
        code, out, err = shell(*arguments)
        assert code == 2, arguments
        assert message in out + err, arguments

    def nobody() -> str:
        raise OSError("no username")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert (
        "your login has no name; need to know who accepts. Add --by NAME." in shell("accept", "old", "--reason", "x")[2]
    )
    assert not (tmp_path / "baseline.json").exists()
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    assert "by ada: PASS" in shell("accept", "old", "--reason", "x")[1]
