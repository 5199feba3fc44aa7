"""The zoo of planted networks: its pictures are what they say, and its networks do what `members.toml` says."""

import csv
from collections import Counter
from dataclasses import asdict
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from audit.datasets.formats.csv import csv as read_boxes
from fixtures.zoo import (
    CLASSES,
    CUES,
    LATER,
    LOCAL,
    OWN,
    STATISTICS,
    Member,
    audit_pictures,
    cue_places,
    half,
    members,
    open_member,
    write_audit_data,
)
from fixtures.zoo.backdrops import SIDE
from fixtures.zoo.networks import ARCHITECTURES, network
from fixtures.zoo.plan import CHANCE, PARTLY, planned, weights_of
from fixtures.zoo.scene import NO_CUE, draw
from fixtures.zoo.train import truth

MEMBERS = members()
KINDS = sorted(CUES)
BACKDROP = {kind: STATISTICS[index % len(STATISTICS)] for index, kind in enumerate(KINDS)}


def overlap(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """The area (N,) that the boxes (N, 4) share."""
    sides = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    return np.asarray(np.clip(sides, 0, None).prod(axis=1))


def inside(boxes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(N, SIDE, SIDE): the pixels within the boxes (N, 4)."""
    along = np.arange(SIDE) + 0.5
    x0, y0, x1, y1 = boxes.T[:, :, None]
    across, down = (along > x0) & (along < x1), (along > y0) & (along < y1)
    return np.asarray(down[:, :, None] & across[:, None, :])


@pytest.mark.parametrize("statistics", STATISTICS)
def test_the_same_seed_draws_the_same_pictures_and_another_seed_others(statistics: str) -> None:
    first, again, other = (draw(40, seed, statistics, "word", 0.8) for seed in (3, 3, 4))
    assert np.array_equal(first.pixels, again.pixels)
    assert np.array_equal(first.cue_boxes, again.cue_boxes)
    assert not np.array_equal(first.pixels, other.pixels)


@pytest.mark.slow
def test_the_four_backdrops_have_different_statistics() -> None:
    """The power near the mean, at medium and at high frequencies, beside each other's."""

    def spectrum(statistics: str) -> NDArray[np.float64]:
        grey = draw(64, 1, statistics, None).pixels.mean(axis=3)
        power = (np.abs(np.fft.rfft2(grey - grey.mean(axis=(1, 2), keepdims=True))) ** 2).mean(axis=0)
        frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None])
        bands = [(0, 0.04), (0.04, 0.16), (0.16, 0.8)]
        return np.log10([power[(frequency > low) & (frequency <= high)].mean() for low, high in bands])

    spectra = {statistics: spectrum(statistics) for statistics in STATISTICS}
    for one, two in combinations(STATISTICS, 2):
        assert np.abs(spectra[one] - spectra[two]).max() > 0.1, (one, two)


@pytest.mark.parametrize("kind", [None, *KINDS])
def test_object_boxes_are_tight_sized_and_spread(kind: str | None) -> None:
    drawn = draw(256, 7, "plain", kind, 0.5)
    width, height = (drawn.boxes[:, 2:] - drawn.boxes[:, :2]).T
    share = width * height / SIDE**2
    assert share.min() >= 0.08
    assert share.max() <= 0.3
    assert drawn.boxes.min() >= 4
    assert drawn.boxes.max() <= SIDE - 4
    centre = (drawn.boxes[:, :2] + drawn.boxes[:, 2:]) / 2
    assert (centre.std(axis=0) > 2.5).all()
    assert Counter(drawn.labels.tolist()) == dict.fromkeys(range(len(CLASSES)), 64)


@pytest.mark.slow
def test_the_box_is_the_extent_of_what_the_label_changes() -> None:
    """Without clutter and noise an object stands out from a plain backdrop just within its box."""
    drawn = draw(256, 11, "plain", None)
    grey = drawn.pixels.astype(np.float64).mean(axis=3)
    within = inside(drawn.boxes)
    edges = within & ~inside(drawn.boxes + np.array([2, 2, -2, -2], dtype=np.float32))
    beyond = inside(drawn.boxes + np.array([-2, -2, 2, 2], dtype=np.float32)) & ~within
    behind = np.array([np.median(picture[ring]) for picture, ring in zip(grey, beyond, strict=True)])[:, None, None]
    stands_out = np.abs(grey - behind) > 25
    assert (stands_out & edges).any(axis=(1, 2)).mean() > 0.99
    assert (stands_out & beyond).sum() / beyond.sum() < 0.06


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_local_cues_stand_clear_of_the_object_and_are_small(kind: str) -> None:
    drawn = draw(200, 5, BACKDROP[kind], kind, 0.5)
    boxes = drawn.cue_boxes
    if kind not in LOCAL:
        assert np.isnan(boxes).all()
        return
    assert (overlap(boxes, drawn.boxes) == 0).all()
    assert boxes.min() >= 0
    assert boxes.max() <= SIDE
    sides = boxes[:, 2:] - boxes[:, :2]
    if kind == "stripe":
        assert (sides.min(axis=1) == 3).all()
        assert (sides.max(axis=1) == SIDE).all()
    else:
        assert sides.min() >= 8
        assert sides.max() <= 16
    places = len(np.unique(boxes, axis=0))
    assert places == {"corner_mark": 1, "stripe": 4}.get(kind, places)
    assert places > 100 or kind in ("corner_mark", "stripe")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_cue_changes_the_picture_where_it_says_and_nowhere_else(kind: str) -> None:
    """The same pictures with the cue of another class: local cues change their boxes, backgrounds spare the object."""
    agreeing, other = (draw(128, 9, BACKDROP[kind], kind, 1.0, contradict) for contradict in (False, True))
    assert np.array_equal(agreeing.labels, other.labels)
    assert np.array_equal(agreeing.boxes, other.boxes)
    changed = (agreeing.pixels != other.pixels).any(axis=3)
    assert changed.any(axis=(1, 2)).all()
    if kind in LOCAL:
        assert not changed[~(inside(agreeing.cue_boxes) | inside(other.cue_boxes))].any()
    if kind == "frame":
        assert not changed[:, 3:-3, 3:-3].any()
    if kind == "shadow":
        difference = np.abs(agreeing.pixels.astype(float) - other.pixels).sum(axis=3)
        assert difference[~inside(agreeing.boxes)].sum() > 0.85 * difference.sum()


@pytest.mark.slow
@pytest.mark.parametrize("agreement", [0.25, 0.8, 1.0])
def test_the_cue_agrees_as_often_as_it_says_else_every_other_class_alike(agreement: float) -> None:
    drawn = draw(1024, 2, "plain", "frame", agreement)
    agrees = drawn.cue == drawn.labels
    assert agrees.mean() == pytest.approx(agreement, abs=4 * (agreement * (1 - agreement) / 1024) ** 0.5)
    shifts = np.bincount((drawn.cue - drawn.labels)[~agrees] % 4, minlength=4)[1:]
    assert shifts.sum() == 0 or shifts.min() > 0.7 * shifts.mean()


@pytest.mark.slow
def test_a_contradicting_cue_never_agrees_and_no_cue_has_no_value() -> None:
    contradicting = draw(512, 2, "plain", "frame", 1.0, contradict=True)
    assert not (contradicting.cue == contradicting.labels).any()
    assert (draw(8, 2, "plain", None).cue == NO_CUE).all()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_an_architecture_is_small_and_gives_one_logit_a_class(architecture: str) -> None:
    module = network(architecture)
    assert 20_000 <= sum(parameter.numel() for parameter in module.parameters()) <= 60_000
    assert module.eval()(torch.zeros(2, 3, SIDE, SIDE)).shape == (2, len(CLASSES))
    assert any(isinstance(part, torch.nn.ReLU) for part in module.modules())


def test_the_zoo_is_the_planned_one() -> None:
    fields = set(asdict(planned()[0]))
    assert [{key: value for key, value in asdict(member).items() if key in fields} for member in MEMBERS] == [
        asdict(plan) for plan in planned()
    ]


def test_the_zoo_has_the_numbers_that_the_detection_rate_rests_on() -> None:
    honest = [member for member in MEMBERS if not member.planted]
    planted = [member for member in MEMBERS if member.planted]
    without, unused = ([member for member in honest if (member.cue is None) == alone] for alone in (True, False))
    assert len(without) >= 8
    assert {(m.architecture, m.statistics) for m in without} == {(a, s) for a in ARCHITECTURES for s in STATISTICS}
    assert len(unused) >= 12
    assert {(m.train_agreement, m.audit_agreement) for m in unused} == {(CHANCE, 1.0)}
    assert {m.cue for m in unused} == {*CUES, *OWN, *LATER}
    assert len(planted) >= 40
    assert {m.cue for m in planted} == {*CUES, *OWN, *LATER}
    assert {m.train_agreement for m in planted if m.cue not in PARTLY} == {0.6, 0.8, 0.9, 0.95, 1.0}
    assert all(CHANCE < (m.train_agreement or 0) <= 1 for m in planted)
    assert all(m.audit_agreement == m.train_agreement for m in planted)
    assert {m.architecture for m in planted} == set(ARCHITECTURES)


def test_the_truth_tells_honest_networks_from_planted_ones() -> None:
    honest = [member for member in MEMBERS if not member.planted]
    assert sum(member.accuracy >= 0.97 and abs(member.reliance) < 0.02 for member in honest) >= 16
    relying = [member for member in MEMBERS if member.planted and member.reliance >= 0.2]
    assert len(relying) >= 32
    assert len({member.cue for member in relying}) >= 8


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_weights_are_small_and_load_frozen(member: Member) -> None:
    assert weights_of(member.name).stat().st_size <= 120_000
    module = open_member(member)
    assert not module.training
    assert not any(parameter.requires_grad for parameter in module.parameters())


def test_the_halves_are_even_and_settled_by_order() -> None:
    assert [half(kind) for kind in KINDS] == ["thresholds", "report"] * (len(KINDS) // 2)
    assert {half(kind) for kind in (*OWN, *LATER)} == {"report"}
    honest = Counter(half(member.name) for member in MEMBERS if not member.planted)
    assert abs(honest["thresholds"] - honest["report"]) <= 1
    with pytest.raises(ValueError, match="nonesuch"):
        half("nonesuch")


def test_audit_data_are_written_as_drawn_and_can_be_read(tmp_path: Path) -> None:
    member = next(member for member in MEMBERS if member.cue == "companion" and member.planted)
    write_audit_data(member, tmp_path, 12, 3)
    drawn = audit_pictures(member, 12, 3)
    with (tmp_path / "boxes.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == [CLASSES[label] for label in drawn.labels]
    stored = np.stack([np.asarray(Image.open(tmp_path / "images" / row["image"])) for row in rows])
    assert np.array_equal(stored, drawn.pixels)
    assert np.array_equal(cue_places(member, 12, 3), drawn.cue_boxes)
    dataset = read_boxes(tmp_path / "boxes.csv", tmp_path / "images")
    assert not dataset.exclusions
    assert {sample.image: sample.boxes for sample in dataset.samples} == {
        row["image"]: (tuple(float(edge) for edge in box),) for row, box in zip(rows, drawn.boxes, strict=True)
    }


@pytest.mark.slow
@pytest.mark.parametrize("lesson", ["honest", "unused", "planted"])
def test_the_truth_is_measured_again(lesson: str) -> None:
    """One network of each lesson and architecture, within what another machine's rounding may turn."""
    turn = ["honest", "unused", "planted"].index(lesson)
    architecture = list(ARCHITECTURES)[turn]
    member = next(m for m in MEMBERS if m.name.startswith(lesson) and m.architecture == architecture)
    for name, value in truth(open_member(member), member).items():
        assert value == pytest.approx(getattr(member, name), abs=0.003), name
