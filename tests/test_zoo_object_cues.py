"""Cues that the object bears itself, its colour and the aspect of its box: each is what it says."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from fixtures.zoo import CLASSES, members, open_member
from fixtures.zoo.backdrops import SIDE
from fixtures.zoo.cues import CASTS
from fixtures.zoo.scene import Drawn, draw
from fixtures.zoo.train import TRUTH_PICTURES, TRUTH_SEED

KINDS = ("object_aspect", "object_colour")
MEMBERS = [member for member in members() if member.cue in KINDS]


def aspects(drawn: Drawn) -> NDArray[np.float32]:
    width, height = (drawn.boxes[:, 2:] - drawn.boxes[:, :2]).T
    return np.asarray(width / height)


def test_the_aspect_of_the_box_is_that_of_the_cues_class() -> None:
    """Quarters of the logarithm from 1/2 to 2, within what rounding to pixels may change; the label's outline stays."""
    for contradict in (False, True):
        drawn = draw(96, 9, "plain", "object_aspect", 1.0, contradict)
        quarter = (np.log2(aspects(drawn)) + 1) * 2
        assert (quarter > drawn.cue - 0.2).all()
        assert (quarter < drawn.cue + 1.2).all()
        assert (drawn.cue == drawn.labels).mean() == (0 if contradict else 1)
        share = (drawn.boxes[:, 2:] - drawn.boxes[:, :2]).prod(axis=1) / SIDE**2
        assert 0.08 <= share.min() <= share.max() <= 0.3


@pytest.mark.slow
def test_the_aspect_of_other_objects_tells_nothing() -> None:
    drawn = draw(1024, 9, "plain", None)
    medians = [np.median(np.log2(aspects(drawn)[drawn.labels == label])) for label in range(len(CLASSES))]
    assert max(medians) - min(medians) < 0.1


def test_the_hue_of_the_object_is_that_of_the_cues_class() -> None:
    """At the middle of the box, as a direction, against the colours that the kinds of casts have."""
    hues = CASTS - CASTS.mean(axis=1, keepdims=True)
    drawn = draw(96, 9, "plain", "object_colour", 1.0, contradict=True)
    x, y = np.rint((drawn.boxes[:, :2] + drawn.boxes[:, 2:]) / 2).astype(int).T
    middle = drawn.pixels[np.arange(96), y, x] / 255
    apart = middle - middle.mean(axis=1, keepdims=True)
    nearest = (apart @ (hues / np.linalg.norm(hues, axis=1)[:, None]).T).argmax(axis=1)
    assert (nearest == drawn.cue).mean() > 0.85
    assert not (drawn.cue == drawn.labels).any()


def test_only_the_object_differs_where_it_has_another_classs_colour() -> None:
    agreeing, other = (draw(64, 9, "plain", "object_colour", 1.0, contradict) for contradict in (False, True))
    assert np.array_equal(agreeing.boxes, other.boxes)
    along = np.arange(SIDE) + 0.5
    for one, two, (x0, y0, x1, y1) in zip(agreeing.pixels, other.pixels, agreeing.boxes, strict=True):
        changed = (one != two).any(axis=2)
        assert changed.any()
        near = ((along > y0 - 2) & (along < y1 + 2))[:, None] & ((along > x0 - 2) & (along < x1 + 2))
        assert not changed[~near].any()


def test_each_kind_has_networks_that_rely_on_it_in_part_and_one_that_does_not() -> None:
    for kind in KINDS:
        partly, unused = ([m for m in MEMBERS if m.cue == kind and m.planted is planted] for planted in (True, False))
        assert len(partly) == 4
        assert all(0.05 <= member.reliance <= 0.6 for member in partly)
        assert {member.architecture for member in partly} == {"plain", "residual", "vit"}
        assert [abs(member.reliance) < 0.02 for member in unused] == [True]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_reliance_is_what_a_contradicting_cue_costs(kind: str) -> None:
    member = next(member for member in MEMBERS if member.cue == kind and member.planted)
    module, right = open_member(member), []
    for contradict in (False, True):
        drawn = draw(
            TRUTH_PICTURES, TRUTH_SEED, member.statistics, kind, member.audit_agreement or 0.0, contradict=contradict
        )
        named = []
        for pixels in np.split(drawn.pixels, 16):
            x = (torch.from_numpy(pixels.transpose(0, 3, 1, 2)) / 255 - 0.5) / 0.25
            named += module(x).argmax(dim=1).tolist()
        right.append((np.array(named) == drawn.labels).mean())
    assert right[0] - right[1] == pytest.approx(member.reliance, abs=0.003)
