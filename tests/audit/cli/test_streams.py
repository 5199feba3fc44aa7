"""A stdout that is closed or full is no verdict, and no name is too odd to be printed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from audit.cli.main import main
from fixtures.records import write_record

ROOT = Path(__file__).parents[3]


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What a shell makes of `line`, in which $AUDIT is the program."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "AUDIT": f"{sys.executable} -m saliency_audit"}
    command = ["bash", "-c", line]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, env=environment)


@pytest.mark.slow
def test_a_closed_stdout_does_not_change_the_exit_code(tmp_path: Path) -> None:
    write_record(tmp_path / "audit.sqlite", n=40)
    shown, closed = shell("$AUDIT check .", tmp_path), shell("$AUDIT check . >&-", tmp_path)
    assert (closed.returncode, closed.stderr) == (shown.returncode, "")
    assert shown.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize(
    "what",
    [pytest.param("list", marks=pytest.mark.slow), pytest.param("list --json", marks=pytest.mark.slow), "--help"],
)
def test_a_full_disk_is_said_plainly(what: str, tmp_path: Path) -> None:
    done = shell(f"$AUDIT {what} >/dev/full", tmp_path)
    seen = "error: stdout: cannot be written (No space left on device); need a place with free space.\n"
    assert (done.returncode, done.stderr) == (2, seen)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_an_error_that_cannot_be_told_still_has_its_exit_code(tmp_path: Path) -> None:
    assert shell("$AUDIT check nowhere 2>/dev/full", tmp_path).returncode == 2


@pytest.mark.slow
@pytest.mark.parametrize("odd", ["o/r[/b]", "[bold]x", ":dog:", "r\udcff"])
def test_an_odd_path_is_printed_as_it_is(
    odd: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_record(tmp_path / "audit.sqlite", n=40)
    shown = odd.encode("ascii", "backslashreplace").decode()
    baseline = f"{odd} 1.json"
    for arguments, said in (
        (["report", ".", "--out", odd], f"Report: {shown}/report.html"),
        (["verify", odd, "--record", "."], f"{shown}: every file"),
        (
            ["accept", ".", "--force", "--by", "Ada", "--reason", "why", "--baseline", baseline],
            f"{shown} 1.json: commit",
        ),
        (["compare", baseline, ".", "--out", f"{odd}.d"], f"Report: {shown}.d/compare.html"),
    ):
        monkeypatch.setattr(sys, "argv", ["saliency-audit", *arguments])
        with pytest.raises(SystemExit):
            main()
        printed = capsys.readouterr()
        assert said in printed.out and printed.err == ""
