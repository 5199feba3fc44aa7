"""A network that takes grey pictures goes through everything that one for colours goes through."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from audit import Model, Preprocessing, explain, load_settings, measure, parse_settings
from audit.datasets.preprocessing import COLOURS
from audit.engine.explained_samples import explained_sample
from audit.engine.thumbnails import encode_picture
from audit.errors import AuditError
from audit.experiments.appearances import descriptors
from audit.experiments.planted_mark import patterns
from audit.record.experiment_readers import read_answers, read_crops
from audit.record.map_readers import read_scores, read_thumbnails
from audit.record.record import Record
from audit.record.sample_readers import read_pictures
from fixtures.experiments import SWAPS
from fixtures.shapes import write_shapes

PREPARED = Preprocessing(resize=(16, 16), mean=(0.5,), std=(0.25,))


class Extremes(nn.Module):
    """Dark where the darkest pixel is darker than the brightest one is bright, else light."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 5 * torch.cat([-x.amin(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1)


def network() -> nn.Module:
    layer = nn.Conv2d(1, 1, 1, bias=False)
    nn.init.ones_(layer.weight)
    return nn.Sequential(layer, Extremes()).eval()


def pixels() -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).integers(0, 256, (20, 24, 3), np.uint8)


def test_grey_is_the_luminance() -> None:
    picture = Image.fromarray(pixels())
    framed = Preprocessing(mean=(0.5,), std=(0.25,)).frame(picture, ((1, 2, 3, 4),))
    assert np.array_equal(framed.pixels[0].numpy(), np.asarray(picture.convert("L")))
    assert framed.boxes.tolist() == [[1, 2, 3, 4]]
    x = PREPARED.normalise(framed.pixels[None])
    assert torch.allclose(x, (framed.pixels[None] / 255 - 0.5) / 0.25, atol=1e-6)


def test_an_explanation_shows_a_picture() -> None:
    for image in (pixels(), pixels()[..., 0], torch.zeros(1, 16, 16).uniform_()):
        shown = explain(network(), image, preprocessing=PREPARED)
        assert shown.picture.shape == (16, 16, 3)
        assert (shown.picture == shown.picture[..., :1]).all()


def test_the_mark_is_seen_in_grey() -> None:
    (mark,) = patterns((28, 28), torch.tensor([0.5]), torch.tensor([0.25]), 1)
    assert mark.shape == (1, 4, 4)
    assert sorted(set(mark.flatten().tolist())) == pytest.approx([-1.6, 1.6], abs=0.01)


def test_a_network_for_other_channels_is_named(tmp_path: Path) -> None:
    settings = load_settings(write_shapes(tmp_path / "data", 4))
    with pytest.raises(AuditError, match=r"to have 1 channels.* for grey pictures needs channels = 1"):
        measure(settings, tmp_path / "out", model=Model(network(), ["dark", "light"], None))


def test_crops_are_described_and_stored_in_grey() -> None:
    crops = torch.rand(5, 1, 16, 16)
    assert np.isfinite(descriptors(crops)).all()
    with Image.open(io.BytesIO(encode_picture((255 * crops[0]).to(torch.uint8)))) as stored:
        assert (stored.mode, stored.size) == ("RGB", (16, 16))


@pytest.mark.slow
def test_a_whole_run(tmp_path: Path) -> None:
    write_shapes(tmp_path / "data", 24)
    table = {
        "data": {"format": "csv", "annotations": "boxes.csv", "images": "images"},
        "preprocessing": {"channels": 1, "resize": 24, "crop": 24, "mean": 0.5, "std": 0.25},
        "saliency": {"methods": ["gradient", {"name": "integrated_gradients", "steps": 2}, "gradcam"]},
        "experiments": {"donors": 8, "controls": ["randomisation", {"name": "planted_cue", "lambdas": [0.5]}]},
    }
    settings = parse_settings(table, tmp_path / "data")
    model = Model(network(), ["dark", "light"], None)
    record = measure(settings, tmp_path / "out", model=model)
    with Record.open(record) as opened:
        pictures, answers, crops = read_pictures(opened), read_answers(opened), read_crops(opened)
        dead = [read_scores(opened, label).dead.sum() for label in ("gradient", "gradcam", "edges", "random_model")]
        thumbnails = read_thumbnails(opened)
    assert pictures.right.all()
    swaps = {"background_replaced", *SWAPS}
    assert {"object_removed", *swaps, "noise", "mark", "region 1"} <= set(answers.intervention.tolist())
    assert {"model", "linear 0.50", "saturating 1.00"} <= set(answers.subject.tolist())
    assert not any(dead)
    assert crops, "the mark is shown"
    with Image.open(io.BytesIO(next(iter(thumbnails.values()))["picture"])) as shown_picture:
        assert shown_picture.mode == "RGB"
    first = explained_sample(settings, model, "cpu", 0)
    assert {shown.picture.shape for shown in first.values()} == {(24, 24, COLOURS)}
