"""`hashes` lists training pictures, and an audit of some of them is INVALID."""

import json
import shutil
from pathlib import Path

import pytest

from fixtures.shapes import write_shapes
from tests.audit.cli.test_command_line import Shell, shell

__all__ = ["shell"]


@pytest.mark.tor("TOR-128")
def test_hashes_lists_what_can_be_read_and_says_what_cannot(shell: Shell, tmp_path: Path) -> None:
    write_shapes(tmp_path / "data", pictures=5)
    (tmp_path / "data" / "images" / "broken.png").write_bytes(b"no picture")
    code, out, _ = shell("hashes", tmp_path / "data", "--out", "own.csv")
    assert code == 0
    assert "5 pictures listed: own.csv" in out
    assert "Not listed, which every audit will say: 1. images/broken.png" in out
    lines = (tmp_path / "own.csv").read_text().splitlines()
    assert (len(lines), lines[-1]) == (7, "unread,1")
    (tmp_path / "empty").mkdir()
    code, _, err = shell("hashes", tmp_path / "empty")
    assert code == 2
    assert "empty: holds no picture; need the pictures that the network was trained on. Name their folder." in err


@pytest.mark.slow
@pytest.mark.tor("TOR-128")
def test_an_audit_of_training_pictures_is_invalid(shell: Shell, tmp_path: Path) -> None:
    settings = write_shapes(tmp_path / "data", pictures=6)
    (tmp_path / "trained").mkdir()
    for name in ("001.png", "004.png"):
        shutil.copy(tmp_path / "data" / "images" / name, tmp_path / "trained")
    shell("hashes", tmp_path / "trained", "--out", tmp_path / "data" / "training.csv")
    settings.write_text(settings.read_text().replace("[data]\n", '[data]\ntraining = "training.csv"\n'))
    code, out, _ = shell("run", settings, "--json", "--out", "out")
    rule = next(v for v in json.loads(out)["verdicts"] if v["rule"] == "evidence_is_complete")
    words = next(f["sentence"] for f in rule["findings"] if f["quantity"] == "trained_on_share")
    assert words == "2 of 6 pictures are among the 2 that the network was trained on (33.3 %; allowed: 0 %)."
    assert (code, rule["outcome"]) == (2, "INVALID")
    (tmp_path / "data" / "training.csv").write_text("something else")
    code, _, err = shell("run", settings, "--out", "again")
    assert code == 2
    assert "training.csv: begins with 'something else'" in err
