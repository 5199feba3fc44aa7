"""`run --shard` and `merge`, and the examples of docs/guide/machines.md."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from audit.cli.main import main
from fixtures.shapes import write_shapes

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "guide" / "machines.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_shapes(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", command.split())
    with pytest.raises(SystemExit) as stop:
        main()
    return int(stop.value.code or 0)


@pytest.mark.slow
@pytest.mark.tor("TOR-124", "TOR-125")
def test_the_commands_of_the_page_yield_what_one_run_yields(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    block = next(block for block in re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL) if "--shard" in block)
    first, second, merge = block.strip().splitlines()
    assert run(first, monkeypatch) == 3
    out, err = capsys.readouterr()
    assert "Shard 1/2 is measured, and decides nothing by itself: part-1/shard.sqlite" in out
    assert "Next, when all 2 are there: saliency-audit merge audit.toml audit-shard-*-of-2\n" in out
    assert "audit 1/2: 7 of 7" in err
    assert run(first, monkeypatch) == 2
    assert "holds a shard; need a new folder. Choose another --out, or continue with" in capsys.readouterr().err
    assert run("saliency-audit verify part-1", monkeypatch) == 2
    assert "missing     audit.json" in capsys.readouterr().out
    for command in ("report", "check", "compare part-1", "accept --baseline x.json --reason y", "explore"):
        assert run(f"saliency-audit {command} part-1", monkeypatch) == 2, command
        assert "one shard of a run" in capsys.readouterr().err, command
    assert run(merge, monkeypatch) == 2
    capsys.readouterr()
    assert run(f"{second} --json", monkeypatch) == 3
    printed = json.loads(capsys.readouterr().out)
    assert (printed["outcome"], printed["shard"], printed["file"]) == ("INCONCLUSIVE", [2, 2], "part-2/shard.sqlite")
    code = run(merge, monkeypatch)
    assert run("saliency-audit run audit.toml --out one", monkeypatch) == code
    assert (folder / "one/SHA256SUMS").read_bytes() == (folder / "result/SHA256SUMS").read_bytes()
    assert run(merge, monkeypatch) == 2
    assert "holds a run; need a new folder" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["0/8", "9/8", "1", "1/0", "-1/2", "a/b", "1/2/3"])
def test_what_is_no_shard_is_refused(
    wrong: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"saliency-audit run audit.toml --shard={wrong}", monkeypatch) == 2
    assert f"'{wrong}' is no shard; need I/N, as 2/8 for the second of eight." in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.tor("TOR-124")
def test_the_job_of_the_page_measures_every_shard_and_goes_on_when_it_is_started_again(folder: Path) -> None:
    script = next(iter(re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL))).replace("/8", "/2")
    program = folder / "bin" / "saliency-audit"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m saliency_audit "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    known = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "DEVICE": "cpu"}
    for task in ("1", "2", "1"):
        done = subprocess.run(
            ["bash", "-c", script],
            env={**known, "SLURM_ARRAY_TASK_ID": task},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    merging = "saliency-audit merge audit.toml part-* --out result"
    merge = subprocess.run(["bash", "-c", merging], env=known, check=False, capture_output=True)
    assert merge.returncode in (1, 2, 3)
    assert (folder / "result" / "report.html").is_file()
