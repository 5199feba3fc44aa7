"""What a terminal would obey in a name from outside is shown instead."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.table import Table

from audit.cli import main as command_line
from audit.cli import output
from audit.cli.output import STDOUT, TerminalSafe, print_json, visible
from audit.cli.progress import lines
from audit.engine.progress import PICTURES
from audit.errors import AuditError
from checks.verdict import Outcome
from fixtures.assessments import worded_verdict

EVIL = "dog\x1b[2J\x1b]0;PASS\x07\x9b31m\u202etac\x7f"
OBEYED = ("\x1b", "\x07", "\x9b", "\u202e", "\x7f")


def tame(text: str) -> bool:
    return "dog" in text and not any(sign in text for sign in OBEYED)


@pytest.mark.tor("TOR-065")
@pytest.mark.parametrize("terminal", [False, True])
def test_a_name_in_a_sentence_or_a_table_is_shown(terminal: bool) -> None:
    written = StringIO()
    console = TerminalSafe(file=written, force_terminal=terminal, color_system=None, width=200)
    table = Table("class")
    table.add_row(EVIL)
    console.print(EVIL)
    console.print(table)
    assert tame(written.getvalue()) and r"\x1b[2J" in written.getvalue()


def test_styles_are_still_rich_s_own() -> None:
    written = StringIO()
    TerminalSafe(file=written, force_terminal=True, color_system="standard").print("[green]PASS[/]")
    assert written.getvalue().startswith("\x1b[32mPASS")
    assert isinstance(STDOUT, TerminalSafe)


@pytest.mark.tor("TOR-065")
def test_a_name_in_json_is_the_same_name(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"name": EVIL, "other": "Käfer"})
    written = capsys.readouterr().out
    assert tame(written) and "Käfer" in written
    assert json.loads(written)["name"] == EVIL


@pytest.mark.tor("TOR-065")
def test_a_name_in_an_error_or_in_progress_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lines(EVIL)(1, 1, PICTURES, 1.0)
    lines(EVIL)(0, 1, "randomisation", 0.5)
    assert tame(capsys.readouterr().err)
    for error in (AuditError("data", EVIL), ValueError(EVIL)):

        def broken(error: Exception = error, **_: object) -> int:
            raise error

        monkeypatch.setattr(command_line.cli, "main", broken)
        with pytest.raises(SystemExit) as left:
            command_line.main()
        assert left.value.code == 2 and tame(capsys.readouterr().err)


def test_what_is_plain_stays() -> None:
    assert visible("Käfer 日本 \t\n → 'x'") == "Käfer 日本 \t\n → 'x'"


def test_what_is_said_of_several_rules_is_said_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    same = [worded_verdict(Outcome.INVALID, f"rule[{column}]", text="The data lacks it.") for column in "abc"]
    written = StringIO()
    monkeypatch.setattr(output, "STDOUT", TerminalSafe(file=written, width=100))
    output.show_verdicts([*same, worded_verdict(Outcome.PASS, "other", text="Holds.")], "")
    lines_shown = [line.split() for line in written.getvalue().splitlines()]
    assert lines_shown == [
        ["INVALID", "rule[a]", "and", "2", "more", "The", "data", "lacks", "it."],
        ["PASS", "other", "Holds."],
    ]
