"""Marks on the object: one network that goes by them, and one that goes by the object, on the same pictures."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from audit import Model, measure, parse_settings
from checks.judge import judge
from checks.verdict import Outcome, Verdict

FRAME, N = 48, 90
CLASSES = ("red", "green", "blue")
SHADES = (70, 120, 170)
"""Of the objects, by class; single ones differ from it by as much as classes do."""
SETTINGS = {
    "data": {"format": "csv", "annotations": "boxes.csv", "images": "."},
    "preprocessing": {"resize": [FRAME, FRAME]},
    "saliency": {"methods": ["gradient"], "null_maps": []},
    "experiments": {"interventions": [], "controls": [], "searches": [{"name": "telling_object_regions", "donors": 1}]},
    "run": {"batch_size": 40},
}


class ByMark(nn.Module):
    """The colour of which most is in the picture, wherever it lies."""

    def forward(self, x: Tensor) -> Tensor:
        others = torch.stack([x[:, [1, 2]].amax(dim=1), x[:, [0, 2]].amax(dim=1), x[:, [0, 1]].amax(dim=1)], dim=1)
        return (x - others - 0.3).relu().mean(dim=(2, 3)) * 300


class ByShade(nn.Module):
    """The shade of all that is neither black nor coloured."""

    def forward(self, x: Tensor) -> Tensor:
        grey = (x.amax(dim=1) - x.amin(dim=1) < 0.05) & (x.amin(dim=1) > 0.05)
        shade = (x.mean(dim=1) * grey).sum(dim=(1, 2)) / grey.sum(dim=(1, 2)).clamp(min=1)
        return -20 * (shade[:, None] - torch.tensor(SHADES) / 255).abs()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Grey objects of changing places and sizes on black, with a mark of their class's colour near their top."""
    folder, rng = tmp_path_factory.mktemp("marked"), np.random.default_rng(0)
    lines = ["image,label,x0,y0,x1,y1"]
    for number in range(N):
        (width, height), index = rng.integers(18, 36, 2), number % 3
        left, top = rng.integers(0, FRAME - width), rng.integers(0, FRAME - height)
        pixels = np.zeros((FRAME, FRAME, 3))
        pixels[top : top + height, left : left + width] = np.clip(rng.normal(SHADES[index], 60), 30, 220)
        pixels[top : top + height // 4, left + width // 3 : left + 2 * width // 3] = 250 * (np.arange(3) == index)
        noise = rng.integers(0, 6, pixels.shape)  # else these are pictures of few colours, and others cannot be pasted
        Image.fromarray((pixels + noise).astype(np.uint8)).save(folder / f"{number}.png")
        lines.append(f"{number}.png,{CLASSES[index]},{left},{top},{left + width},{top + height}")
    (folder / "boxes.csv").write_text("\n".join(lines))
    return folder


def judged(network: nn.Module, pictures: Path, out: Path) -> Verdict:
    record = measure(parse_settings(SETTINGS, pictures), out, model=Model(network.eval(), CLASSES, None))
    return next(v for v in judge(record, "default").verdicts if v.rule == "survives_other_object_regions")


@pytest.mark.slow
@pytest.mark.tor("TOR-084")
def test_a_network_that_goes_by_the_mark_fails_at_its_place_and_that_is_advice(pictures: Path, tmp_path: Path) -> None:
    verdict = judged(ByMark(), pictures, tmp_path / "out")
    assert (verdict.outcome, verdict.advisory) == (Outcome.FAIL, True)
    assert verdict.deciding
    assert verdict.deciding.value == pytest.approx(1, abs=0.1)
    left, top, right, low = verdict.deciding.details["box"]
    assert top == 0
    assert low <= 0.5
    assert left <= 1 / 3 <= 2 / 3 <= right


@pytest.mark.slow
@pytest.mark.tor("TOR-084")
def test_a_network_that_goes_by_the_object_does_not_fail(pictures: Path, tmp_path: Path) -> None:
    verdict = judged(ByShade(), pictures, tmp_path / "out")
    assert verdict.outcome is not Outcome.FAIL
    assert all(abs(finding.value or 0) < 0.1 for finding in verdict.findings)
