"""Detectors as classifiers of the boxes at which they are asked."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision import models

from audit.datasets.labels import ClassName
from audit.engine.inputs import _named_classes, _preprocessing
from audit.errors import AuditError
from audit.models.detector import ALMOST, LEAST, OVERLAP, Detector, labels_from
from audit.models.kinds.detector import detector
from audit.models.kinds.torchvision_detector import torchvision_detector
from audit.models.model import Model, logits_of, rehearse
from audit.saliency.batch import Batch
from audit.settings import parse_settings

CLASSES, SIDE = 3, 40


class Stated(nn.Module):
    """Returns what it is told, whatever the pictures; the scores hang on them."""

    def __init__(self, found: Sequence[dict[str, Tensor]]) -> None:
        super().__init__()
        self.found = found

    def forward(self, pictures: Sequence[Tensor]) -> list[dict[str, Tensor]]:
        return [
            {**each, "scores": each["scores"] + 0 * picture.sum()}
            for each, picture in zip(self.found, pictures, strict=True)
        ]


def some(rng: np.random.Generator, count: int) -> dict[str, Tensor]:
    corner, side = rng.uniform(0, 25, (count, 2)), rng.uniform(3, 15, (count, 2))
    return {
        "boxes": torch.from_numpy(np.concatenate([corner, corner + side], axis=1)).float(),
        "labels": torch.from_numpy(rng.integers(0, CLASSES + 1, count)),
        "scores": torch.from_numpy(rng.uniform(0, 1, count)).float(),
    }


def iou(one: Sequence[float], other: Sequence[float]) -> float:
    width = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    height = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return width * height / (areas - width * height)


def slow(found: dict[str, Tensor], places: Sequence[Sequence[float]] | None, threshold: float) -> list[float]:
    """The logits of one picture, one detection after the other. Label 0 is the background."""
    best = [LEAST] * CLASSES
    for box, label, score in zip(*(found[key].tolist() for key in ("boxes", "labels", "scores")), strict=True):
        near = places is None or any(iou(box, place) >= OVERLAP for place in places)
        if label > 0 and near:
            best[label - 1] = max(best[label - 1], score)
    shares = [min(max(share, ALMOST), 1 - ALMOST) for share in (*best, threshold)]
    return [float(np.log(share / (1 - share))) for share in shares]


@pytest.mark.tor("TOR-100")
@given(st.integers(0, 10_000))
def test_a_class_is_as_strong_as_its_best_detection_at_a_box(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = [some(rng, int(count)) for count in rng.integers(0, 30, 3)]
    places = [some(rng, int(count))["boxes"] for count in rng.integers(1, 4, 3)]
    module = Detector("stated", Stated(found), labels_from(1, CLASSES), 0.4)
    x = torch.zeros(3, 3, SIDE, SIDE)
    at = [slow(each, boxes.tolist(), 0.4) for each, boxes in zip(found, places, strict=True)]
    torch.testing.assert_close(logits_of(module, x, places=places), torch.tensor(at), rtol=1e-4, atol=1e-4)
    anywhere = [slow(each, None, 0.4) for each in found]
    torch.testing.assert_close(logits_of(module, x), torch.tensor(anywhere), rtol=1e-4, atol=1e-4)


class Bright(nn.Module):
    """Detects the left half, with the mean of its pixels as its score."""

    def forward(self, pictures: Sequence[Tensor]) -> list[dict[str, Tensor]]:
        box, label = torch.tensor([[0.0, 0.0, SIDE / 2, SIDE]]), torch.tensor([1])
        return [{"boxes": box, "labels": label, "scores": p[:, :, : SIDE // 2].mean().view(1)} for p in pictures]


@pytest.mark.tor("TOR-100")
def test_the_derivative_is_that_of_the_score_of_the_object_and_zero_where_nothing_is_detected() -> None:
    module = Detector("bright", Bright(), [-1, 0], 0.5)
    x = torch.full((2, 3, SIDE, SIDE), 0.7)
    left, right = torch.tensor([[0.0, 0, SIDE / 2, SIDE]]), torch.tensor([[SIDE / 2, 0.0, SIDE, SIDE]])
    batch = Batch(module, x, torch.zeros(2, dtype=torch.int64), torch.zeros(3), torch.ones(3), (0, 1), "logit")
    derivative = torch.zeros(3, SIDE, SIDE)
    derivative[:, :, : SIDE // 2] = 1 / (0.7 * 0.3) / (3 * SIDE * SIDE / 2)
    at = Batch(**{**vars(batch), "places": (left, right)})
    torch.testing.assert_close(at.differentiate().gradient, torch.stack([derivative, torch.zeros_like(derivative)]))
    torch.testing.assert_close(at.some([1, 0]).ask(x), at.ask(x).flip(0))
    torch.testing.assert_close(batch.differentiate().gradient, derivative.expand(2, -1, -1, -1))
    assert at.of_copy(module).places == ()


def answered(found: Any, labels: int = CLASSES) -> None:
    class Wrong(nn.Module):
        def forward(self, pictures: Sequence[Tensor]) -> Any:
            return found

    Detector("nets:wrong", Wrong(), labels_from(1, labels), 0.5)(torch.zeros(1, 3, SIDE, SIDE))


BOX, LABEL, SCORE = torch.tensor([[1.0, 1, 9, 9]]), torch.tensor([1]), torch.tensor([0.5])


@pytest.mark.tor("TOR-100")
@pytest.mark.parametrize(
    ("found", "seen"),
    [
        (torch.zeros(1, 3), "returns a Tensor for 1 pictures"),
        ([], "returns a list for 1 pictures"),
        ([BOX], "returns a Tensor for a picture"),
        (
            [{"boxes": BOX, "labels": LABEL, "scores": SCORE[:0]}],
            r"returns boxes, labels and scores of shapes \(1, 4\), \(1,\), \(0,\)",
        ),
        ([{"boxes": BOX, "labels": LABEL, "scores": 3 * SCORE}], "returns a score of 1.5"),
        ([{"boxes": BOX, "labels": LABEL.float(), "scores": SCORE}], "returns labels of type float32"),
        ([{"boxes": BOX, "labels": LABEL}], "returns no 'scores' for a picture"),
        ([{"boxes": BOX.numpy(), "labels": LABEL, "scores": SCORE}], "returns boxes as ndarray for a picture"),
        ([{"boxes": BOX.flip(1), "labels": LABEL, "scores": SCORE}], "returns a box whose right or lower edge"),
        ([{"boxes": BOX, "labels": 9 * LABEL, "scores": SCORE}], "returns label 9; need labels from 0 to 3"),
    ],
)
def test_anything_but_detections_is_refused(found: Any, seen: str) -> None:
    with pytest.raises(AuditError, match=f"nets:wrong: {seen}"):
        answered(found)


def test_a_classifier_is_told_its_own_kind() -> None:
    module = Detector("nets:classifier", nn.Conv2d(3, 2, 3), [-1, 0], 0.5)
    with pytest.raises(AuditError, match=r'nets:classifier: raises TypeError for a list.*takes kind = "factory"'):
        module(torch.zeros(1, 3, SIDE, SIDE))


def test_boxes_that_are_shares_of_the_picture_are_refused() -> None:
    module = Detector("shares", Stated([{"boxes": BOX / SIDE, "labels": LABEL, "scores": SCORE}]), [-1, 0], 0.5)
    with pytest.raises(AuditError, match=r"shares: returns boxes from 0.025 to 0.225; need pixels of its input \(40 x"):
        module.refuse_shares(torch.zeros(1, 3, SIDE, SIDE), torch.zeros(1, 2))


def test_a_detector_of_ones_own_says_what_it_is() -> None:
    model = detector(function="fixtures.lard_detectors:honest", labels=2, threshold=0.25)
    assert model.capabilities.at_places
    assert not model.capabilities.layers
    assert (model.description["threshold"], model.description["name"]) == ("0.25", "fixtures.lard_detectors:honest")
    assert "overlap 0.5, threshold 0.25" in repr(model.module)


SMALL = "ssdlite320_mobilenet_v3_large"


def saved(path: Path, classes: int) -> nn.Module:
    torch.manual_seed(0)
    module: nn.Module = models.get_model(SMALL, weights=None, weights_backbone=None, num_classes=classes)
    save_file(module.state_dict(), path)
    return module.eval()


@pytest.mark.tor("TOR-100")
def test_a_detector_of_torchvision_is_the_one_that_was_saved(tmp_path: Path) -> None:
    network: Any = saved(tmp_path / "own.safetensors", 4)
    model = torchvision_detector(name=SMALL, weights=tmp_path / "own.safetensors")
    x = torch.rand(2, 3, 96, 128, generator=torch.Generator().manual_seed(3))
    rehearse(model.module, x)
    network.score_thresh = LEAST
    with torch.no_grad():
        found = network(list(x))
    expected = [slow({key: value.cpu() for key, value in each.items()}, None, 0.5) for each in found]
    torch.testing.assert_close(model.module(x), torch.tensor(expected), rtol=1e-4, atol=1e-4)
    assert (model.classes, model.description["classes"]) == (None, "3, unnamed")


def test_as_many_classes_as_coco_has_are_its_own_less_the_gaps_in_their_numbers(tmp_path: Path) -> None:
    saved(tmp_path / "own.safetensors", 91)
    model = torchvision_detector(name=SMALL, weights=tmp_path / "own.safetensors")
    assert model.classes is not None
    names = [str(entry.name) for entry in model.classes]
    assert (len(names), names[0], names[-1]) == (80, "person", "toothbrush")
    assert isinstance(model.module, Detector)
    assert model.module.class_of.tolist()[:14] == [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, -1, 11]


def test_an_unknown_name_and_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="torchvision has no detection network 'ssd300'"):
        torchvision_detector(name="ssd300")
    save_file({"layer.weight": torch.zeros(2, 2)}, tmp_path / "other.safetensors")
    with pytest.raises(AuditError, match=f"has no head of {SMALL}"):
        torchvision_detector(name=SMALL, weights=tmp_path / "other.safetensors")


def late(*, labels: int) -> nn.Module:
    """Fails on the second of two pictures alone."""

    class Late(nn.Module):
        def forward(self, pictures: Sequence[Tensor]) -> list[dict[str, Tensor]]:
            found = {"boxes": BOX, "scores": SCORE}
            return [{**found, "labels": LABEL + labels * int(picture.mean() > 0.5)} for picture in pictures]

    return Detector("nets:late", Late(), labels_from(1, labels), 0.5)


def test_what_one_picture_shows_is_said_of_that_and_not_of_the_batch() -> None:
    x = torch.stack([torch.zeros(3, SIDE, SIDE), torch.ones(3, SIDE, SIDE)])
    with pytest.raises(AuditError, match="nets:late: returns label 3; need labels from 0 to 2"):
        rehearse(late(labels=2), x)


def test_kinds_and_names_must_be_as_many() -> None:
    model = detector(function="fixtures.lard_detectors:honest", labels=3)
    with pytest.raises(AuditError, match="detects 3 kinds of object, and 2 classes are named"):
        named_classes(model, ["09L", "27R"])
    assert [entry.name for entry in named_classes(model, ["a", "b", "c"])] == ["a", "b", "c", "nothing detected"]


def named_classes(model: Model, names: list[str]) -> tuple[ClassName, ...]:
    settings = parse_settings(
        {"model": {"kind": "detector", "classes": names}, "data": {"format": "csv", "annotations": "a", "images": "."}}
    )
    return _named_classes(settings, model)[1]


def test_a_detector_gets_pixels_from_0_to_1_unless_told_otherwise() -> None:
    model = detector(function="fixtures.lard_detectors:honest", labels=2)
    data = {"format": "csv", "annotations": "a", "images": "."}
    for stated, mean in (({}, (0.0,) * 3), ({"mean": 0.5, "std": 0.5}, (0.5,) * 3)):
        settings = parse_settings({"data": data, "preprocessing": {"resize": [60, 64], **stated}})
        assert _preprocessing(settings, model).mean == mean


def test_an_error_that_says_nothing_is_named_all_the_same() -> None:
    class Silent(nn.Module):
        def forward(self, pictures: Sequence[Tensor]) -> Any:
            raise TypeError

    with pytest.raises(AuditError, match=r"nets:silent: raises TypeError for a list of pictures \(\)"):
        Detector("nets:silent", Silent(), [-1, 0], 0.5)(torch.zeros(1, 3, SIDE, SIDE))
