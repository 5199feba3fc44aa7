"""A stdout that is closed or full is no verdict, and no name is too odd to be printed."""

import logging
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from audit.cli.main import main
from audit.cli.notices import MOST, bounded_notices
from audit.cli.streams import Unread
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


@pytest.mark.tor("TOR-068")
@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("--help", 0),
        pytest.param("list", 0, marks=pytest.mark.slow),
        pytest.param("verify . --json", 2, marks=pytest.mark.slow),
    ],
)
def test_a_reader_who_leaves_is_no_error(what: str, code: int, tmp_path: Path) -> None:
    done = shell(f"$AUDIT {what} | true; exit ${{PIPESTATUS[0]}}", tmp_path)
    assert (done.returncode, done.stderr) == (code, "")


def test_what_is_written_after_the_reader_left_leads_nowhere() -> None:
    reading, writing = os.pipe()
    stream = Unread(os.fdopen(writing, "wb"), "utf-8")
    stream.write("read")
    stream.flush()
    assert os.read(reading, 10) == b"read"
    os.close(reading)
    assert stream.write("unread") == 6
    stream.write("x" * 1_000_000)
    stream.flush()
    stream.close()


@pytest.mark.slow
def test_libraries_cannot_flood_stderr(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    with bounded_notices():
        warnings.simplefilter("always")
        for number in range(30_000):
            warnings.warn(f"tag {number} is \x1b[1m broken", stacklevel=1)
            logging.getLogger("PIL").error("picture %d is broken", number)
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == "59,980 more warnings of libraries are not shown."
    assert sum("is broken" in line or r"\x1b[1m broken" in line for line in lines) <= 2 * MOST
    assert "picture 9 is broken" in lines and not any("\x1b" in line for line in lines)


def test_what_libraries_say_as_a_rule_is_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    with bounded_notices():
        logging.getLogger("PIL").warning("look at this")
    assert capsys.readouterr().err == "look at this\n"


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["usual", "PYTHONUNBUFFERED"])
def test_a_line_of_progress_is_in_the_log_at_once(tmp_path: Path, unbuffered: str) -> None:
    log = tmp_path / "log"
    code = (
        "import sys; from pathlib import Path; from audit.cli.streams import open_streams; open_streams();"
        "sys.stderr.write('3 of 9 pictures\\n'); print(Path(sys.argv[1]).read_text(), end='')"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered}
    with log.open("w") as stderr:
        command = [sys.executable, "-c", code, str(log)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment)
    assert done.stdout == "3 of 9 pictures\n"
