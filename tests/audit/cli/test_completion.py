"""Tab in a shell: what the program answers, and that bash understands it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from audit.cli.completion import SHELLS, VARIABLE
from audit.cli.main import main

ROOT = Path(__file__).parents[3]


def answered(line: str, shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """What the program tells the shell of a line whose last word is being completed."""
    words = line.split(" ")
    monkeypatch.setenv(VARIABLE, f"{shell}_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", words[-1] if shell == "fish" else str(len(words) - 1))
    monkeypatch.setattr(sys, "argv", ["saliency-audit"])
    with pytest.raises(SystemExit) as stop:
        main()
    output = capsys.readouterr()
    assert (stop.value.code, output.err) == (0, "")
    return output.out


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("saliency-audit ex", ["plain,explain", "plain,explore"]),
        ("saliency-audit explain --method smo", ["plain,smoothgrad", "plain,smoothgrad_squared"]),
        ("saliency-audit explain --score log", ["plain,log_probability", "plain,logit"]),
        ("saliency-audit check --profile qu", ["plain,quick"]),
        ("saliency-audit compare --profile ./mi", ["file,./mi"]),
        ("saliency-audit run au", ["file,au"]),
        ("saliency-audit completion ", ["plain,bash", "plain,zsh", "plain,fish"]),
        ("saliency-audit run --res", ["plain,--resume"]),
    ],
)
def test_bash_is_offered(
    line: str, offered: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answered(line, "bash", monkeypatch, capsys).splitlines() == offered


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_is_answered_and_gets_a_script(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "explain" in answered("saliency-audit ex", shell, monkeypatch, capsys)
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr(sys, "argv", ["saliency-audit", "completion", shell])
    with pytest.raises(SystemExit) as stop:
        main()
    script = capsys.readouterr().out
    assert stop.value.code == 0
    assert f"{VARIABLE}={shell}_complete" in script


@pytest.mark.parametrize("value", ["", "1", "powershell_complete", "bash"])
def test_whatever_no_shell_asks_is_no_question(
    value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, value)
    monkeypatch.setattr(sys, "argv", ["saliency-audit", "check", "nowhere"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2 and "no such record" in capsys.readouterr().err


PRESSED = """
eval "$(saliency-audit completion bash)"
complete -p saliency-audit
COMP_WORDS=(saliency-audit explain --method smooth) COMP_CWORD=3
_saliency_audit_completion saliency-audit
echo "${COMPREPLY[@]}"
"""


@pytest.mark.slow
def test_bash_completes(tmp_path: Path) -> None:
    program = tmp_path / "saliency-audit"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m saliency_audit "$@"\n')
    program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    command = ["bash", "-e", "-c", PRESSED]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.stderr == ""
    assert done.stdout.splitlines()[1:] == ["smoothgrad smoothgrad_squared"]
    assert "_saliency_audit_completion saliency-audit" in done.stdout
