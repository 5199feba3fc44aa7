"""Reliance on the compression of files, from files to the verdict."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from audit.engine.measure import measure
from audit.models.model import Model
from audit.record.record import Record
from audit.settings import parse_settings
from checks.profile import load_profile
from checks.rules.survives_other_compression import survives_other_compression
from checks.table.read_evidence import read_evidence
from checks.verdict import Finding, Outcome
from fixtures.zoo import CLASSES, PREPROCESSING, members, open_member, write_audit_data
from fixtures.zoo.cues import LOOKS
from fixtures.zoo.later_cues import QUALITIES
from fixtures.zoo.scene import draw

LIMIT = 0.1
TRUE = {member.name: member for member in members()}
PARTLY = [name for name in TRUE if name.startswith("partly-jpeg_quality")]


def judged(network: nn.Module, folder: Path) -> Finding:
    table = {
        "data": {"format": "csv", "annotations": "boxes.csv", "images": "images"},
        "saliency": {"methods": ["gradient"], "null_maps": []},
        "experiments": {"interventions": ["compression_swapped"], "controls": [], "searches": []},
        "run": {"batch_size": 40},
    }
    model = Model(network, CLASSES, PREPROCESSING)
    with Record.open(measure(parse_settings(table, folder), folder / "out", model=model)) as record:
        evidence = read_evidence(record, load_profile("default"))
    return survives_other_compression(evidence, max_reliance=LIMIT).findings[0]


class BlockReader(nn.Module):
    """Names the second class where steps between blocks of 8 pixels stand out, the first where they do not."""

    def forward(self, x: Tensor) -> Tensor:
        steps = x.mean(dim=1).diff(dim=2).abs().mean(dim=1)
        blocky = 20 * (steps[:, 7::8].mean(dim=1) / steps.mean(dim=1) - 1.5)
        return torch.stack([-blocky, blocky, *[blocky * 0 - 99] * (len(CLASSES) - 2)], dim=1)


class LightReader(nn.Module):
    """Names the second class where the middle of the picture is bright."""

    def forward(self, x: Tensor) -> Tensor:
        light = 5 * x[:, :, 24:40, 24:40].mean(dim=(1, 2, 3))
        return torch.stack([-light, light, *[light * 0 - 99] * (len(CLASSES) - 2)], dim=1)


def write_two_classes(folder: Path, count: int, qualities: tuple[int | None, ...]) -> None:
    """Pictures of two classes with a dark or bright middle, each class saved with its quality; None: as PNG."""
    drawn, lines = draw(count, 71_000, "noise", None), ["image,label,x0,y0,x1,y1"]
    (folder / "images").mkdir()
    for number, pixels in enumerate(drawn.pixels):
        kind, painted = number % 2, pixels.copy()
        painted[24:40, 24:40] = painted[24:40, 24:40] // 3 + 160 * kind
        quality = qualities[kind % len(qualities)]
        picture, file = Image.fromarray(painted), folder / "images" / f"{number}.png"
        if quality is None:
            picture.save(file)
        else:
            picture.save(file := file.with_suffix(".jpg"), quality=quality)
        lines.append(f"{file.name},{CLASSES[kind]},24,24,40,40")
    (folder / "boxes.csv").write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.slow
@pytest.mark.tor("TOR-085")
@pytest.mark.parametrize("qualities", [(90, 10), (None, 10)])
def test_who_goes_by_blocks_fails(tmp_path: Path, qualities: tuple[int | None, ...]) -> None:
    """Both ways: blocks come, and blocks go."""
    write_two_classes(tmp_path, 120, qualities)
    found = judged(BlockReader(), tmp_path)
    assert found.outcome is Outcome.FAIL
    assert found.value == pytest.approx(1, abs=0.1)
    assert found.details["right_on_own"] == pytest.approx(1, abs=0.1)
    assert found.details["followed"] == pytest.approx(1, abs=0.1)


@pytest.mark.slow
@pytest.mark.tor("TOR-085")
@pytest.mark.parametrize("qualities", [(90, 10), (None, 10), (None,), (40,)])
def test_who_goes_by_the_object_passes(tmp_path: Path, qualities: tuple[int | None, ...]) -> None:
    write_two_classes(tmp_path, 120, qualities)
    found = judged(LightReader(), tmp_path)
    assert found.outcome is Outcome.PASS
    assert found.value == 0


@pytest.mark.slow
@pytest.mark.tor("TOR-085")
@pytest.mark.parametrize("name", PARTLY)
def test_drawn_networks_rely_on_it_as_far_as_the_files_let_them(name: str, tmp_path: Path) -> None:
    """A lender's look is the one that its class goes with as often as the data have it so."""
    member = TRUE[name]
    write_audit_data(member, tmp_path, 240, 71_000)
    found = judged(open_member(member), tmp_path)
    assert found.outcome is (Outcome.FAIL if member.reliance > 0.2 else Outcome.INCONCLUSIVE)
    assert found.value is not None
    assert found.value > 0.35 * member.reliance
    assert found.details["right_on_own"] > 0.7


@pytest.mark.slow
@pytest.mark.tor("TOR-085")
@pytest.mark.parametrize("name", ["unused-jpeg_quality-residual", "honest-noise-plain"])
def test_drawn_networks_that_do_not_pass(name: str, tmp_path: Path) -> None:
    """The second sees files of another quality for each class, which tell it nothing."""
    write_audit_data(TRUE[name], tmp_path, 240, 71_000)
    with (tmp_path / "boxes.csv").open(newline="", encoding="utf-8") as file:
        labels = {row["image"]: row["label"] for row in csv.DictReader(file)}
    for image, label in labels.items():
        if image.endswith(".png"):
            with Image.open(tmp_path / "images" / image) as opened:
                opened.save(tmp_path / "images" / image, "JPEG", quality=QUALITIES[CLASSES.index(label)])
    found = judged(open_member(TRUE[name]), tmp_path)
    assert found.outcome is Outcome.PASS
    assert found.value == pytest.approx(0, abs=0.04)


def test_the_zoo_writes_files_of_the_quality_that_its_pixels_had(tmp_path: Path) -> None:
    member = TRUE["unused-jpeg_quality-residual"]
    write_audit_data(member, tmp_path, 16, 3)
    drawn = draw(16, 3, member.statistics, member.cue, member.audit_agreement or 0.0)
    steps = []
    for number, (pixels, look) in enumerate(zip(drawn.pixels, drawn.cue, strict=True)):
        with Image.open(tmp_path / "images" / f"{number:04}.jpg") as opened:
            steps.append((int(look), sum(opened.quantization[0])))  # type: ignore[attr-defined]
            assert np.abs(np.asarray(opened).astype(int) - pixels).mean() < 3
    assert len(set(steps)) == len({look for look, _ in steps}) == LOOKS
    assert [step for _, step in sorted(set(steps))] == sorted((step for _, step in set(steps)), reverse=True)
