"""Networks trained end to end on cued photographs rely on the cue where it goes with the label, and else do not."""

from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch import nn

from benchmarks.real_grid import finetuned
from benchmarks.real_grid.backbones import HALVES, Backbone, Pooled
from benchmarks.real_grid.cues import KINDS, canvases
from benchmarks.real_grid.finetuned import Tuned, tune
from benchmarks.real_grid.heads import reliance
from benchmarks.real_grid.lines import read_lines
from benchmarks.real_grid.material import cued
from benchmarks.real_grid.photographs import Parts, labels, read_photographs, split
from fixtures.photographs import write_photographs


def tiny(_: Path) -> Backbone:
    torch.manual_seed(0)
    return Backbone(Pooled(nn.Sequential(nn.Conv2d(3, 6, 16, stride=16), nn.ReLU())), HALVES)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    return split(read_photographs(write_photographs(tmp_path_factory.mktemp("photographs"))), 12)


@pytest.fixture
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"EPOCHS": 30, "BATCH": 4, "RATE": 0.01, "HEAD_RATE": 0.1}.items():
        monkeypatch.setattr(finetuned, name, value)


def lost(tuned: Tuned, parts: Parts) -> float:
    of_true = cued(tuned.backbone, KINDS["border"], canvases(parts.true, parts.scenes, 2))
    return reliance(tuned.head, of_true, labels(parts.true), KINDS["border"].of_class).lost


@pytest.mark.slow
@pytest.mark.usefixtures("in_haste")
def test_the_cue_is_learnt_where_it_goes_with_the_label(parts: Parts) -> None:
    relying, honest = (
        lost(tune(tiny(Path()), KINDS["border"], parts, agreement, 0), parts) for agreement in (1.0, 1 / 6)
    )
    assert relying > 0.5
    assert abs(honest) < 0.3


@pytest.mark.slow
@pytest.mark.usefixtures("in_haste")
def test_both_parts_of_the_network_are_trained(parts: Parts) -> None:
    before = tiny(Path()).module.state_dict()
    tuned = tune(tiny(Path()), KINDS["border"], parts, 1.0, 0)
    assert all(not torch.equal(value, before[name]) for name, value in tuned.backbone.module.state_dict().items())
    assert np.abs(tuned.head.weight).max() > 0
    assert not any(parameter.requires_grad for parameter in tuned.backbone.module.parameters())


@pytest.mark.slow
@pytest.mark.usefixtures("in_haste")
def test_the_command_audits_what_it_trained_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALIENCY_AUDIT_REAL", str(write_photographs(tmp_path / "photographs")))
    monkeypatch.setattr(finetuned, "squeezenet", tiny)
    monkeypatch.setattr(finetuned, "TRAINED_ON", ("border",))
    monkeypatch.setattr(finetuned, "AGREEMENTS", (1.0,))
    asked = ["--out", str(tmp_path / "out"), "--pictures", "12"]
    assert CliRunner().invoke(finetuned.main, asked, catch_exceptions=False).exit_code == 0
    (line,) = read_lines(tmp_path / "out")
    assert (line["kind"], line["head"], line["share"]) == ("border", "1.00", 1.0)
    assert line["rules"]["survives_other_background"]["outcome"]
    assert CliRunner().invoke(finetuned.main, asked, catch_exceptions=False).output == ""
