"""The positive control: the mark, its detectors, the planted copies, and the study."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor, nn

from audit.engine.measure import measure
from audit.experiments.altered_batch import answers
from audit.experiments.planted_mark import (
    DETECTORS,
    Detector,
    Marks,
    Planted,
    Reliance,
    detect,
    free,
    patterns,
    places,
    planted_logits,
    strength_of,
)
from audit.models.model import Model
from audit.record.record import Record
from audit.saliency.batch import dead
from audit.saliency.methods.gradcam import gradcam
from audit.saliency.methods.guided_backprop import guided_backprop
from audit.saliency.methods.integrated_gradients import integrated_gradients
from audit.settings import parse_settings
from fixtures import networks
from fixtures.shapes import SIDE, write_shapes

FRAME = (28, 42)
MEAN, STD = torch.tensor([0.4, 0.5, 0.6]), torch.tensor([0.2, 0.25, 0.3])


def marks(classes: Sequence[int] = (0,), frame: tuple[int, int] = FRAME, place: tuple[int, int] = (3, 2)) -> Marks:
    return Marks(patterns(frame, MEAN, STD, len(classes)), torch.tensor(classes), place)


def stamped(there: Marks, x: Tensor) -> Tensor:
    """With the mark of the first class."""
    return there.stamped(x, there.classes[:1].repeat(len(x)))


def noise(pictures: int, frame: tuple[int, int] = FRAME, seed: int = 0) -> Tensor:
    return torch.randn(pictures, 3, *frame, generator=torch.Generator().manual_seed(seed))


def test_marks_are_a_seventh_of_the_shorter_side_and_balanced_in_every_colour() -> None:
    colours = patterns((56, 80), MEAN, STD, 5) * STD.view(3, 1, 1) + MEAN.view(3, 1, 1)
    assert colours.shape == (5, 3, 8, 8)
    assert torch.allclose(colours.mean(dim=(2, 3)), torch.full((5, 3), 0.5))
    assert (colours.amax(dim=(2, 3)) - colours.amin(dim=(2, 3)) > 0.7).all()
    assert patterns((20, 20), MEAN, STD, 2).shape == (2, 3, 4, 4)


@pytest.mark.parametrize(("channels", "count"), [(3, 2), (3, 30), (1, 4), (1, 30)])
def test_marks_of_different_classes_are_not_alike(channels: int, count: int) -> None:
    drawn = patterns(FRAME, MEAN[:channels], STD[:channels], count)
    there = Marks(drawn, torch.arange(count), (3, 2))
    x = there.stamped(torch.zeros(count, channels, *FRAME), torch.arange(count))
    own = torch.eye(count, dtype=torch.bool)
    for detector in DETECTORS:
        found = detect(detector, there, x)
        assert found[own].numpy() == pytest.approx(1, abs=0.002)
        assert found[~own].max() <= (0 if detector == "saturating" else 0.3)


@pytest.mark.tor("TOR-034")
def test_stamping_alters_the_place_and_nothing_else() -> None:
    x, there = noise(3), marks((2, 5, 7))
    before, marked = x.clone(), there.stamped(x, torch.tensor([5, 2, 7]))
    assert torch.equal(x, before)
    assert there.box == (3, 2, 7, 6)
    assert torch.equal(marked[:, :, 2:6, 3:7], there.pictures[[1, 0, 2]])
    further = there.stamped(x, torch.tensor([5, 2, 7]), further=1)
    assert torch.equal(further[:, :, 2:6, 3:7], there.pictures[[2, 1, 0]])
    marked[:, :, 2:6, 3:7] = before[:, :, 2:6, 3:7]
    assert torch.equal(marked, before)


def test_eight_places_at_the_border_of_which_the_free_ones_are_known() -> None:
    spots = places((10, 20), 4)
    assert len(set(spots)) == 8
    assert all(left in (0, 16) or top in (0, 6) for left, top in spots)
    covered = torch.zeros(2, 10, 20, dtype=torch.bool)
    covered[1, 3, 3] = True  # within the first place and no other one
    found = free(covered, spots, 4)
    assert found[0].all()
    assert found[1].tolist() == [spot not in ((0, 0), (0, 3)) for spot in spots]


@pytest.mark.parametrize("detector", DETECTORS)
def test_detectors_say_1_of_the_mark_and_0_without_it(detector: Detector) -> None:
    there = marks()
    x = noise(4) * 0.5
    flat = x.clone()
    there.patch(flat).copy_(torch.tensor([1.0, -1.0, 0.5]).view(3, 1, 1))
    assert detect(detector, there, stamped(there, x)).numpy() == pytest.approx(1, abs=0.002)
    assert detect(detector, there, flat).numpy() == pytest.approx(0, abs=1e-6)
    assert (detect(detector, there, x) < 0.25).all()
    negative = stamped(there, x)
    there.patch(negative).mul_(-1)
    assert detect(detector, there, negative).tolist() == [[0]] * 4


@given(st.integers(0, 10**6), st.floats(0, 100), st.sampled_from(DETECTORS))
def test_detectors_stay_within_0_and_1_and_do_not_mind_a_colour_cast(
    seed: int, size: float, detector: Detector
) -> None:
    there, x = marks(), noise(2, seed=seed)
    mixed = x * size + stamped(there, torch.zeros_like(x))
    found = detect(detector, there, mixed)
    assert ((found >= 0) & (found <= 1)).all()
    cast = mixed + torch.tensor([0.5, -0.3, 0.1]).view(3, 1, 1)
    assert torch.allclose(detect(detector, there, cast), found, atol=1e-3)


def test_the_linear_detector_is_the_projection_on_the_mark() -> None:
    there, x = marks(), noise(3)
    m = there.pictures[0].double().numpy()
    m = m - m.mean(axis=(1, 2), keepdims=True)
    for picture, found in zip(x, detect("linear", there, x), strict=True):
        p = picture[:, 2:6, 3:7].double().numpy()
        p = p - p.mean(axis=(1, 2), keepdims=True)
        assert float(found) == pytest.approx(min(1, max(0, 0.999 * (p * m).sum() / (m * m).sum())), abs=1e-5)


def test_at_the_mark_only_the_linear_detector_has_a_slope() -> None:
    there = marks()
    slopes = {}
    for detector in DETECTORS:
        x = stamped(there, noise(2)).requires_grad_()
        (slopes[detector],) = torch.autograd.grad(detect(detector, there, x).sum(), x)
    assert not slopes["saturating"].any()
    expected = torch.zeros_like(slopes["linear"])
    shape = there.pictures[0] - there.pictures[0].mean(dim=(1, 2), keepdim=True)
    there.patch(expected).copy_(0.999 * shape / shape.square().sum())
    assert torch.allclose(slopes["linear"], expected, atol=1e-6)


def test_on_the_way_to_the_mark_the_saturating_detector_rises_once() -> None:
    there = marks()
    way = torch.linspace(0, 1, 50).view(-1, 1, 1, 1) * stamped(there, torch.zeros(1, 3, *FRAME))
    found = detect("saturating", there, way)[:, 0]
    assert (found.diff() >= 0).all()
    assert found[:6].max() == 0
    assert found[-15:].min() == 1
    assert ((found > 0.05) & (found < 0.95)).sum() >= 10  # a slope that 16 steps of integrated gradients cannot miss


@pytest.mark.tor("TOR-034")
def test_planted_logits_are_those_of_the_definition() -> None:
    logits, d, classes = noise(5)[:, 0, 0, :4], torch.rand(5, 2), [1, 3]
    found = planted_logits(logits, d, torch.tensor(classes), 3.0, 0.3)
    for i in range(5):
        for k in range(4):
            centred = float(logits[i, k] - logits[i].mean())
            mark_says = 3.0 * float(d[i, classes.index(k)]) if k in classes else 0.0
            assert float(found[i, k]) == pytest.approx(0.7 * centred + 0.3 * mark_says, abs=1e-5)


@pytest.mark.slow
@pytest.mark.tor("TOR-034")
@given(st.floats(0, 1), st.floats(0.1, 12), st.integers(2, 50))
def test_lambda_is_the_share_of_the_evidence(lam: float, lead: float, classes: int) -> None:
    """A network whose label leads by s, as the mark's does, is as sure at every lambda where the mark is shown."""
    logits, target = torch.zeros(1, classes, dtype=torch.float64), torch.tensor([1])
    logits[0, 1] = lead
    own = answers(logits, target)
    strength = strength_of(own.log_odds, classes)
    assert strength == pytest.approx(lead)
    shown = answers(planted_logits(logits, torch.ones(1, 1), target, strength, lam), target)
    hidden = answers(planted_logits(logits, torch.zeros(1, 1), target, strength, lam), target)
    assert float(shown.log_odds) == pytest.approx(float(own.log_odds), abs=1e-6)
    assert float(shown.log_odds - hidden.log_odds) == pytest.approx(lam * lead, abs=1e-6)


def planted(network: nn.Module, target: Tensor, detector: Detector, lam: float) -> tuple[Planted, Marks]:
    there = marks(sorted(set(target.tolist())), (12, 12), (8, 8))
    return Planted(network, Reliance(there, detector, 8.0, lam)), there


@pytest.mark.tor("TOR-034")
def test_a_planted_copy_that_relies_on_nothing_answers_as_the_network_does() -> None:
    network = networks.ready(networks.in_place())
    batch = networks.batch_of(network)
    copy, _ = planted(network, batch.target, "linear", 0.0)
    assert torch.allclose(copy(batch.x).softmax(dim=1), network(batch.x).softmax(dim=1), atol=1e-6)
    assert not copy.training


@pytest.mark.parametrize("detector", DETECTORS)
def test_methods_can_be_asked_of_a_planted_copy(detector: Detector) -> None:
    """Guided backpropagation takes no part of the detector for a ReLU, and Grad-CAM looks for its layer."""
    network = networks.ready(networks.in_place())
    batch = networks.batch_of(network, pictures=3)
    copy, _ = planted(network, batch.target, detector, 0.5)
    asked = networks.batch_of(copy, pictures=3)
    assert not dead(gradcam(asked).signed.squeeze(1)).any()
    assert not dead(guided_backprop(asked).abs().amax(dim=1)).any()


def test_the_gradient_is_blind_to_the_saturating_detector_and_integrated_gradients_are_not() -> None:
    network = networks.ready(networks.in_place())
    batch = networks.batch_of(network)
    for detector, seen in (("linear", True), ("saturating", False)):
        copy, there = planted(network, batch.target, detector, 0.9)  # type: ignore[arg-type]
        asked = networks.batch_of(copy)
        marked = type(asked)(**{**vars(asked), "x": there.stamped(asked.x, asked.target)})
        plain = marked.plain.gradient.abs().amax(dim=1)
        integrated = integrated_gradients(marked, steps=16, baseline="mean").signed.abs().amax(dim=1)
        shares = [there.patch(m).sum(dim=(1, 2)) / m.sum(dim=(1, 2)) for m in (plain, integrated)]
        assert bool((shares[0] > 0.5).all()) is seen
        assert (shares[1] > 0.5).all()


class Extremes(nn.Module):
    """Dark or light by pixels that are darker or lighter than the noise, and than the mark: it cannot see the mark."""

    def forward(self, x: Tensor) -> Tensor:
        sides = [torch.relu(sign * x - 1.7).sum(dim=(1, 2, 3)) for sign in (-1, 1)]
        return torch.stack(sides, dim=1) / 10


@dataclass(frozen=True)
class Found:
    answers: dict[tuple[str, int, str, str], tuple[float, float, int]]
    notes: dict[tuple[str, str], list[float]]
    told: dict[str, Any]
    crops: list[Any]
    forward: int
    folder: Path
    boxes: dict[int, tuple[list[float], int]]


class Lazy(Extremes):
    """Always says dark, not always as surely."""

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = super().forward(x)
        return torch.stack([logits.amax(dim=1) + 1, torch.zeros(len(x))], dim=1)


def run_study(
    folder: Path, network: type[nn.Module] = Extremes, pictures: int = 30, batch_size: int = 5, **options: Any
) -> Found:
    data = folder / "data"
    write_shapes(data, pictures=pictures)
    tables: dict[str, Any] = {
        "data": {"format": "csv", "annotations": "boxes.csv", "images": "images"},
        "model": {"kind": "factory", "classes": ["dark", "light"]},
        "preprocessing": {"mean": [0.5] * 3, "std": [0.25] * 3},
        "saliency": {
            "methods": ["gradient", {"name": "integrated_gradients", "steps": 8, "baseline": "mean"}],
            "null_maps": [],
        },
        "experiments": {
            "interventions": ["object_removed", "background_replaced", {"name": "noise", "pictures": 2}],
            "controls": [{"name": "planted_cue", "pictures": 12, **options}],
            "searches": [],
        },
        "run": {"batch_size": batch_size},
    }
    model = Model(network(), None, None)
    with Record.open(measure(parse_settings(tables, data), folder / "out", model=model)) as record:
        return _found(record, data)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The study at lambda 0, 0.5 and 1."""
    return run_study(tmp_path_factory.mktemp("half"), lambdas=(0.5,))


def _found(record: Record, data: Path) -> Found:
    asked = record.columns("SELECT * FROM answer WHERE subject != 'model'")
    rows = zip(*(column.tolist() for column in asked.values()), strict=True)
    noted = record.columns("SELECT source, name, value FROM note WHERE name LIKE 'mass on mark%'")
    notes: dict[tuple[str, str], list[float]] = {}
    for source, name, value in zip(*(column.tolist() for column in noted.values()), strict=True):
        notes.setdefault((source, name), []).append(value)
    samples = record.columns("SELECT p.sample, p.frame_boxes, s.class FROM picture p JOIN sample s ON s.id = p.sample")
    boxes = {
        int(number): (json.loads(box)[0], int(label))
        for number, box, label in zip(*(column.tolist() for column in samples.values()), strict=True)
    }
    return Found(
        {(row[0], row[1], row[2], row[3]): row[4:] for row in rows},
        notes,
        record.meta("planted_cue"),
        [column.tolist() for column in record.columns("SELECT cue, number, sample, x, y FROM crop").values()],
        int(record.columns("SELECT forward FROM passes WHERE part = 'planted_cue'")["forward"][0]),
        data,
        boxes,
    )


def probability(found: Found, subject: str, intervention: str, variant: str) -> list[float]:
    return [said[0] for key, said in found.answers.items() if (key[0], *key[2:]) == (subject, intervention, variant)]


@pytest.mark.slow
def test_the_study_asks_of_stamped_pictures(found: Found) -> None:
    x0, y0, x1, y1 = found.told["mark"]
    numbers = sorted({key[1] for key in found.answers})
    assert found.told["pictures"] == len(numbers) == 12
    assert found.told["lambdas"] == [0.0, 0.5, 1.0]
    assert found.crops == [[0], [0], [numbers[0]], [(x0 + x1) / 2 / SIDE], [(y0 + y1) / 2 / SIDE]]
    for number in numbers:
        (left, top, right, bottom), label = found.boxes[number]
        assert right <= x0 or left >= x1 or bottom <= y0 or top >= y1
        pixels = np.asarray(Image.open(found.folder / "images" / f"{number:03}.png")) / 255
        x = torch.from_numpy((pixels - 0.5) / 0.25).permute(2, 0, 1).unsqueeze(0).float()
        pictures = patterns((SIDE, SIDE), torch.full((3,), 0.5), torch.full((3,), 0.25), 2)
        there = Marks(pictures, torch.arange(2), (x0, y0))
        logits = Extremes()(there.stamped(x, torch.tensor([label])))[0].double()
        own = logits - logits.mean()
        own[label] += found.told["strength"] * 0.999
        expected = float((own / 2).softmax(dim=0)[label])
        assert found.answers["linear 0.50", number, "mark", "shown"][0] == pytest.approx(expected, abs=1e-4)


@pytest.mark.slow
@pytest.mark.tor("TOR-034")
def test_the_mark_carries_what_lambda_says(found: Found) -> None:
    for detector in DETECTORS:
        own, alone = f"{detector} 0.00", f"{detector} 1.00"
        assert min(probability(found, own, "mark", "hidden")) > 0.95
        assert np.mean(probability(found, own, "object_removed", "mean")) < 0.6
        assert min(probability(found, alone, "mark", "shown")) > 0.95
        assert min(probability(found, alone, "mark", "elsewhere")) > 0.95
        assert probability(found, alone, "mark", "hidden") == pytest.approx([0.5] * 12, abs=0.1)
        assert min(probability(found, alone, "object_removed", "mean")) > 0.95
        # the mark goes with the class: donors carry that of theirs
        assert min(probability(found, alone, "background_replaced", "same 1")) > 0.95
        assert np.mean(probability(found, alone, "background_replaced", "other 1")) < 0.3
        assert max(probability(found, alone, "mark", "other")) < 0.05
        assert min(probability(found, own, "mark", "other")) > 0.95
    assert not any(key[2] == "noise" for key in found.answers)


@pytest.mark.slow
def test_maps_are_noted_at_both_ends(found: Found) -> None:
    notes = found.notes
    assert {name for _, name in notes} == {f"mass on mark, {d} {lam}" for d in DETECTORS for lam in ("0.00", "1.00")}
    assert max(notes["gradient", "mass on mark, linear 0.00"]) < 0.05
    assert notes["gradient", "mass on mark, linear 1.00"] == pytest.approx([1.0] * 10)
    assert np.isnan(notes["gradient", "mass on mark, saturating 1.00"]).all()  # dead: there is no slope
    assert notes["integrated_gradients", "mass on mark, saturating 1.00"] == pytest.approx([1.0] * 10)


@pytest.mark.slow
def test_the_network_is_asked_once_whatever_the_lambdas_and_alike_in_other_batches(
    found: Found, tmp_path: Path
) -> None:
    many = run_study(tmp_path, batch_size=30)
    assert found.forward == many.forward
    assert len({key[0] for key in found.answers}) == 6
    assert len({key[0] for key in many.answers}) == 2 * len(many.told["lambdas"]) >= 42
    for key, said in found.answers.items():
        assert said[:3] == pytest.approx(many.answers[key][:3], abs=1e-4)


@pytest.mark.slow
def test_only_pictures_that_are_predicted_right_serve(tmp_path: Path) -> None:
    found = run_study(tmp_path, network=Lazy, lambdas=())
    assert found.told["pictures"] >= 10
    assert {found.boxes[key[1]][1] for key in found.answers} == {0}


@pytest.mark.slow
def test_with_too_few_pictures_only_their_number_is_told(tmp_path: Path) -> None:
    found = run_study(tmp_path, pictures=9)
    assert found.answers == {}
    assert found.told == {
        "detectors": [],
        "lambdas": [],
        "mark": [0, 0, 0, 0],
        "pictures": 9,
        "refused": {},
        "strength": 0.0,
    }
