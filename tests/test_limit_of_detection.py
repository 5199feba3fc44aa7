"""The stated limit of detection against networks of which it is known how much they draw from a mark of their own."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from audit import ClassName, Model, Preprocessing, measure, parse_settings
from audit.record.record import Record
from checks import measured_by, register
from checks.verdict import Outcome
from reports.result.assessment import assess
from reports.result.controls import Detection

COLOURS = np.array([[230, 60, 60], [60, 230, 60], [60, 60, 230]])
FRAME, OBJECT, PICTURES = 64, 17, 120


class Colours(nn.Module):
    """Each class's logit is how much of its colour there is, wherever it is: evidence is area."""

    def __init__(self) -> None:
        super().__init__()
        self.mix, self.head = nn.Conv2d(3, 3, 1), nn.Linear(3, 3)
        with torch.no_grad():
            self.mix.weight.copy_((torch.eye(3) - 1 / 3).view(3, 3, 1, 1))
            self.head.weight.copy_(0.05 * torch.eye(3))
            self.mix.bias.zero_()  # type: ignore[union-attr]
            self.head.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        colour = F.softplus(self.mix(F.avg_pool2d(x, 3, 1)) - 0.1, beta=30)
        logits: Tensor = self.head(colour.flatten(2).sum(dim=2))
        return logits


def draw(folder: Path, mark: int) -> None:
    """An object in its class's colour, and a mark of `mark` pixels to a side in the same colour, bottom left."""
    rng = np.random.default_rng(1)
    lines = ["image,label,x0,y0,x1,y1"]
    for number in range(PICTURES):
        label = number % 3
        pixels = rng.normal(128, 12, (FRAME, FRAME, 3))
        x, y = rng.integers(21, FRAME - OBJECT - 2), rng.integers(2, FRAME - OBJECT - 2)
        pixels[y : y + OBJECT, x : x + OBJECT] = COLOURS[label]
        pixels[FRAME - mark :, :mark] = COLOURS[label]
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{number:03}.png")
        lines.append(f"{number:03}.png,{'abc'[label]},{x},{y},{x + OBJECT},{y + OBJECT}")
    (folder / "boxes.csv").write_text("\n".join(lines))


def audited(folder: Path, mark: int) -> tuple[Outcome, Detection]:
    draw(folder, mark)
    settings = parse_settings({"data": {"format": "csv", "annotations": "boxes.csv", "images": "."}}, folder)
    prepared = Preprocessing(mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    model = Model(Colours(), tuple(map(ClassName, "abc")), prepared)
    limits = register("default")
    path = measure(measured_by(settings, "default"), folder / "run", model=model, registered=limits)
    with Record.open(path) as record:
        assessment = assess(record)
    return assessment.judgement.outcome, assessment.audit.controls.detection


@pytest.mark.slow
@pytest.mark.tor("TOR-036")
@pytest.mark.parametrize("mark", [2, 10, 14, 18])
def test_what_passes_draws_less_from_outside_than_the_limit(tmp_path: Path, mark: int) -> None:
    share = mark**2 / (mark**2 + OBJECT**2)
    outcome, limit = audited(tmp_path, mark)
    assert limit.kept == pytest.approx(share, abs=0.05)
    if share > 0.5:
        assert outcome is Outcome.FAIL
        assert limit.share is None
    else:
        assert (outcome is Outcome.FAIL) is (mark > 2), "the search for regions sees the mark itself"
        assert limit.share is not None
        assert limit.share > share
