"""Heads, against plain definitions, and how strong the cue is in each."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from benchmarks.real_grid.heads import Head, blend, fit, reliance
from benchmarks.real_grid.recipes import HONEST, ORDER, TARGETS, Features, heads, share_for

CLASSES = 3
OF_CLASS = (0, 1, 2)


def loss(head: Head, x: NDArray[np.float64], labels: NDArray[np.int64], penalty: float) -> float:
    """From the definition, one picture after the other; each class has the same weight."""
    total = 0.0
    for row, label in zip(x, labels, strict=True):
        logits = [float(row @ weight + bias) for weight, bias in zip(head.weight, head.bias, strict=True)]
        likely = math.exp(logits[label]) / sum(map(math.exp, logits))
        total -= math.log(likely) / (np.sum(labels == label) * len(set(labels.tolist())))
    return total + penalty / 2 * float((head.weight**2).sum())


def test_no_head_near_the_fitted_one_has_a_lower_loss() -> None:
    rng = np.random.default_rng(0)
    raw, labels = rng.normal(size=(24, 4)), np.repeat([0, 1, 2], [4, 8, 12])
    x = (raw - raw.mean(axis=0)) / raw.std(axis=0)
    head = fit(x.astype(np.float32), labels, CLASSES, 0.05)
    least = loss(head, x, labels, 0.05)
    for _ in range(20):
        near = Head(*(part + 0.01 * rng.normal(size=part.shape) for part in head))
        assert loss(near, x, labels, 0.05) > least - 1e-6


def test_features_on_another_scale_make_the_same_answers() -> None:
    rng = np.random.default_rng(1)
    x, labels = rng.normal(size=(30, 3)).astype(np.float32), rng.integers(0, CLASSES, 30)
    scaled = x * np.array([10, 0.1, 1], dtype=np.float32) + 5
    one, other = fit(x, labels, CLASSES, 0.1), fit(scaled, labels, CLASSES, 0.1)
    assert one.logits(x) == pytest.approx(other.logits(scaled), abs=1e-2)


def test_a_blend_and_its_layer_answer_as_their_parts_do() -> None:
    rng = np.random.default_rng(2)
    one, other = (Head(rng.normal(size=(CLASSES, 4)), rng.normal(size=CLASSES)) for _ in range(2))
    x = rng.normal(size=(5, 4)).astype(np.float32)
    blended = blend(one, other, 0.3)
    assert blended.logits(x) == pytest.approx(0.7 * one.logits(x) + 0.3 * other.logits(x))
    layer = blended.layer()(torch.from_numpy(x)).detach().numpy()
    assert layer == pytest.approx(blended.logits(x), abs=1e-5)


@pytest.mark.parametrize("of_class", [OF_CLASS, (0, 1, 1)])
def test_reliance_is_what_is_lost_over_all_other_classes(of_class: tuple[int, ...]) -> None:
    rng = np.random.default_rng(3)
    labels = np.repeat([0, 1, 2], [5, 7, 3])
    cued = rng.normal(size=(max(of_class) + 1, len(labels), 4)).astype(np.float32)
    head = Head(rng.normal(size=(CLASSES, 4)), rng.normal(size=CLASSES))
    lost: dict[int, list[float]] = {0: [], 1: [], 2: []}
    against: dict[int, list[float]] = {0: [], 1: [], 2: []}
    aligned: dict[int, list[float]] = {0: [], 1: [], 2: []}
    for number, label in enumerate(labels.tolist()):
        right = [head.logits(cued[value, number]).argmax() == label for value in range(len(cued))]
        own = of_class[label]
        others = [right[of_class[other]] for other in range(CLASSES) if other != label]
        lost[label].append(right[own] - float(np.mean(others)))
        against[label].append(right[own] - float(np.mean([r for v, r in enumerate(right) if v != own])))
        aligned[label].append(float(right[own]))
    told = reliance(head, cued, labels, of_class)
    assert told.by_class == pytest.approx([np.mean(each) for each in lost.values()])
    assert told.lost == pytest.approx(np.mean(told.by_class))
    assert told.contradicted == pytest.approx(np.mean([np.mean(each) for each in against.values()]))
    assert told.accuracy == pytest.approx(np.mean([np.mean(each) for each in aligned.values()]))
    variance = sum(np.var(each, ddof=1) / len(each) for each in lost.values())
    assert told.error == pytest.approx(math.sqrt(variance) / CLASSES)


def planted(n: int, seed: int) -> Features:
    """Some numbers tell the object, not quite, and others the cue."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % CLASSES
    clean = rng.normal(size=(n, 8)).astype(np.float32)
    clean[:, :CLASSES] += 1.5 * np.eye(CLASSES)[labels]
    cue = np.zeros((CLASSES, 8), dtype=np.float32)
    cue[:, CLASSES : 2 * CLASSES] = 2 * np.eye(CLASSES)
    return Features(clean, clean + cue[:, None], labels)


def test_blends_rely_on_the_cue_as_much_as_they_aim_at_and_honest_heads_do_not() -> None:
    made = {recipe.name: recipe for recipe in heads(planted(2400, 4), OF_CLASS, len(ORDER))}
    fresh = planted(3000, 5)
    true = {name: reliance(recipe.head, fresh.cued, fresh.labels, OF_CLASS).lost for name, recipe in made.items()}
    for target in TARGETS:
        assert true[f"{target:g}"] == pytest.approx(target, abs=0.02 + 0.1 * target)
    assert sorted(TARGETS) == sorted(TARGETS, key=lambda target: true[f"{target:g}"])
    for name in HONEST:
        assert made[name].share == 0
        assert abs(true[name]) < 0.05


def test_every_head_is_made_and_the_first_ones_are_of_both_sorts() -> None:
    assert sorted(ORDER) == sorted([*HONEST, *(f"{target:g}" for target in TARGETS)])
    assert set(ORDER[:3]) & set(HONEST)
    assert set(ORDER[:3]) - set(HONEST)


def test_the_share_is_the_first_that_reaches_the_target_else_the_one_with_the_most() -> None:
    lost = np.r_[np.linspace(0, 0.3, 51), np.linspace(0.2, 0, 50)]
    assert share_for(0.15, lost) == pytest.approx(0.25)
    assert share_for(0.9, lost) == pytest.approx(0.50)
    assert share_for(0.0, lost) == 0
