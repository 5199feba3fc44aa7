"""What all swaps keep to; and where objects lie and how large they are, swapped: against a plain loop."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from audit.experiments.altered_batch import Altered
from audit.experiments.fills import blur
from audit.experiments.interventions.background_colour_swapped import background_colour_swapped
from audit.experiments.interventions.colour_swapped import colour_swapped
from audit.experiments.interventions.compression_swapped import compression_swapped
from audit.experiments.interventions.object_colour_swapped import object_colour_swapped
from audit.experiments.interventions.object_shape_swapped import object_shape_swapped
from audit.experiments.interventions.placement_swapped import placement_swapped
from audit.experiments.interventions.scale_swapped import scale_swapped
from audit.experiments.interventions.sharpness_swapped import sharpness_swapped
from audit.experiments.moved_objects import at_aspects_of, at_places_of, at_sizes_of, hulls_of, moved
from fixtures.trials import HULLS, OBJECT, SIDE, Reader, lenders, trial

HEIGHT, WIDTH = 20, 26
BOXES = st.builds(
    lambda x, y, w, h: [x, y, min(x + w, WIDTH), min(y + h, HEIGHT)],
    st.integers(0, WIDTH - 2),
    st.integers(0, HEIGHT - 2),
    st.integers(1, 16),
    st.integers(1, 14),
)
READER = Reader(OBJECT)
Intervention = Callable[..., Altered]
SWAPS: tuple[Intervention, ...] = (
    placement_swapped,
    scale_swapped,
    object_shape_swapped,
    object_colour_swapped,
    colour_swapped,
    background_colour_swapped,
    sharpness_swapped,
    compression_swapped,
)


def masked(boxes: list[list[int]]) -> Tensor:
    inside = torch.zeros(len(boxes), 1, HEIGHT, WIDTH, dtype=torch.bool)
    for mask, (x0, y0, x1, y1) in zip(inside, boxes, strict=True):
        mask[:, y0:y1, x0:x1] = True
    return inside


def carried(x: Tensor, box: list[int], to: list[int]) -> Tensor:
    """One picture (C, H, W) with the pixels of a box copied one by one to another of the same size."""
    inside = masked([box])
    picture = blur(x[None], inside)[0]
    for y in range(box[3] - box[1]):
        for across in range(box[2] - box[0]):
            picture[:, to[1] + y, to[0] + across] = x[:, box[1] + y, box[0] + across]
    return picture


@settings(max_examples=40, deadline=None)
@given(boxes=st.lists(BOXES, min_size=1, max_size=3), seed=st.integers(0, 99))
def test_a_moved_object_is_that_of_a_plain_loop(boxes: list[list[int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = torch.from_numpy(rng.normal(size=(len(boxes), 3, HEIGHT, WIDTH))).float()
    others = torch.from_numpy(rng.uniform(0, 20, (len(boxes), 4))).float()
    inside = masked(boxes)
    hulls = hulls_of(inside)
    assert hulls.tolist() == boxes
    to = at_places_of(hulls, others, (HEIGHT, WIDTH))
    altered = moved(x, inside, hulls, to, blur(x, inside))
    for picture, before, box, place in zip(altered, x, boxes, to.int().tolist(), strict=True):
        torch.testing.assert_close(picture, carried(before, box, place), atol=1e-4, rtol=0)


@pytest.mark.slow
@given(boxes=st.lists(BOXES, min_size=2, max_size=2))
def test_places_and_sizes_stay_within_the_frame(boxes: list[list[int]]) -> None:
    own, other = torch.tensor(boxes[:1]).float(), torch.tensor(boxes[1:]).float()
    placed, sized = (change(own, other, (HEIGHT, WIDTH)) for change in (at_places_of, at_sizes_of))
    sides, new = ((hull[:, 2:] - hull[:, :2]) for hull in (own, sized))
    assert torch.equal(placed[:, 2:] - placed[:, :2], sides)
    torch.testing.assert_close(new[:, 0] * sides[:, 1], new[:, 1] * sides[:, 0])
    wanted = (other[:, 2:] - other[:, :2]).prod(dim=1)
    fits = bool((new < torch.tensor([WIDTH, HEIGHT]) - 1e-3).all())
    assert not fits or torch.allclose(new.prod(dim=1), wanted, rtol=1e-4)
    for hull in (placed, sized):
        assert hull.min() >= -1e-4
        assert (hull[:, 2:] <= torch.tensor([WIDTH, HEIGHT]) + 1e-4).all()


@given(boxes=st.lists(BOXES, min_size=2, max_size=2))
def test_aspects_are_those_of_a_plain_calculation(boxes: list[list[int]]) -> None:
    """The other's aspect, its own area or as much as fits, and its own centre or the nearest within the frame."""
    (x0, y0, x1, y1), (a0, b0, a1, b1) = boxes
    aspect, area = (a1 - a0) / (b1 - b0), (x1 - x0) * (y1 - y0)
    width, height = (area * aspect) ** 0.5, (area / aspect) ** 0.5
    fits = min(1.0, WIDTH / width, HEIGHT / height)
    wanted = []
    for low, high, side, frame in ((x0, x1, width * fits, WIDTH), (y0, y1, height * fits, HEIGHT)):
        first = min(max((low + high - side) / 2, 0.0), frame - side)
        wanted.append((first, first + side))
    own, other = torch.tensor(boxes[:1]).float(), torch.tensor(boxes[1:]).float()
    (found,) = at_aspects_of(own, other, (HEIGHT, WIDTH)).tolist()
    assert found == pytest.approx([wanted[0][0], wanted[1][0], wanted[0][1], wanted[1][1]], abs=1e-3)


@pytest.mark.tor("TOR-087")
def test_a_stretched_object_is_whole_and_leaves_its_surroundings() -> None:
    """A bright box of 8 x 8 at an aspect of 4 is one of 16 x 4 about its centre, and what it uncovers is filled."""
    inside = masked([[8, 6, 16, 14]])
    x = torch.where(inside, 5.0, -1.0).expand(1, 3, HEIGHT, WIDTH)
    hulls = hulls_of(inside)
    to = at_aspects_of(hulls, torch.tensor([[0.0, 0.0, 20.0, 5.0]]), (HEIGHT, WIDTH))
    altered = moved(x, inside, hulls, to, blur(x, inside))
    wanted = torch.where(masked([[4, 8, 20, 12]]), 5.0, -1.0).expand(1, 3, HEIGHT, WIDTH)
    torch.testing.assert_close(altered, wanted, atol=1e-4, rtol=0)


def test_an_object_of_one_colour_keeps_it_at_every_size() -> None:
    """Nothing of what lies behind blends into it, and its area is what was asked for."""
    inside = masked([[8, 6, 16, 14]])
    x = torch.where(inside, 5.0, -1.0).expand(1, 3, HEIGHT, WIDTH)
    hulls = hulls_of(inside)
    for side in (4, 6, 11, 16):
        to = at_sizes_of(hulls, torch.tensor([[0.0, 0.0, side, side]]), (HEIGHT, WIDTH))
        altered = moved(x, inside, hulls, to, blur(x, inside))
        there = (altered[0, 0] - 5).abs() < 1e-4
        assert abs(int(there.sum()) - side**2) <= 2 * side
        torch.testing.assert_close(altered[0, 0][~there], torch.full_like(altered[0, 0][~there], -1.0))


def test_an_object_that_is_the_whole_picture_leaves_nothing() -> None:
    asked = trial(READER)
    asked.inside[0] = True
    for intervention in set(SWAPS) - {sharpness_swapped, compression_swapped}:  # which ask for no surroundings
        for picture in intervention(asked, donors=1).altered.values():
            assert picture.isnan().flatten(1).all(dim=1).tolist() == [True, False, False, False, False, False]
            assert not picture[1:].isnan().any()


def test_places_are_those_of_the_donors() -> None:
    asked = trial(READER)
    swap = placement_swapped(asked, donors=2)
    assert list(swap.altered) == ["other 1", "other 2", "same 1", "same 2"]
    height, width = (part.stop - part.start for part in OBJECT)
    for kind, turn in (("other", 1), ("same", 0)):
        for number, picture in enumerate(swap.altered[f"{kind} 1"]):
            x0, y0, x1, y1 = HULLS[(number + turn) % 2]
            top, left = round((y0 + y1 - height) / 2), round((x0 + x1 - width) / 2)
            found = picture[:, top : top + height, left : left + width]
            torch.testing.assert_close(found, asked.batch.x[number][:, OBJECT[0], OBJECT[1]], atol=1e-4, rtol=0)
    assert swap.notes["placement_swapped", "donor class 1"].tolist() == [1, 0] * 3
    assert bool((swap.notes["placement_swapped", "donor of same 1"] >= 100).all())


@pytest.mark.tor("TOR-100")
@pytest.mark.parametrize("swap", [placement_swapped, scale_swapped, object_shape_swapped])
def test_a_detector_is_asked_where_the_object_then_lies(swap: Intervention) -> None:
    """Two boxes that make up the object, and the object in a colour of its own: what has it lies in the moved boxes."""
    asked = trial(READER)
    (y0, y1), (x0, x1) = ((part.start, part.stop) for part in OBJECT)
    halves = torch.tensor([[x0, y0, (x0 + x1) / 2, y1], [(x0 + x1) / 2, y0, x1, y1]], dtype=torch.float32)
    x = asked.batch.x.clone()
    x[:, :, OBJECT[0], OBJECT[1]] = 9.0
    places = (halves,) * len(x)
    moved_objects = swap(replace(asked, batch=replace(asked.batch, x=x, places=places)))
    assert moved_objects.places.keys() == moved_objects.altered.keys()
    for variant, pictures in moved_objects.altered.items():
        for picture, boxes in zip(pictures, moved_objects.places[variant], strict=True):
            seen = hulls_of((picture[:1] > 5)[None])[0]
            hull = torch.cat([boxes[:, :2].amin(dim=0), boxes[:, 2:].amax(dim=0)])
            torch.testing.assert_close(seen, hull, atol=1.0, rtol=0)
            torch.testing.assert_close(boxes[0, 2], boxes[1, 0])
    assert not any(swap(asked).places.values()), "a classifier is asked about the whole picture"


def test_a_donor_of_the_same_size_changes_the_size_by_nothing() -> None:
    """The donors' hulls have the object's area."""
    asked = trial(READER)
    for picture in scale_swapped(asked, donors=1).altered.values():
        torch.testing.assert_close(
            picture[:, :, OBJECT[0], OBJECT[1]], asked.batch.x[:, :, OBJECT[0], OBJECT[1]], atol=1e-4, rtol=0
        )


@pytest.mark.tor("TOR-087")
def test_a_donor_of_the_same_aspect_changes_nothing_of_the_object_and_one_of_another_does() -> None:
    """Donors of class 0 are 8 wide and 10 high, as the objects are; those of class 1 are 10 wide and 8 high."""
    asked = trial(READER)
    swap = object_shape_swapped(asked).altered
    assert list(swap) == ["other 1", "same 1"]
    own = asked.batch.x[:, :, OBJECT[0], OBJECT[1]]
    for first, alike in ((0, "same 1"), (1, "other 1")):
        unlike = "other 1" if alike == "same 1" else "same 1"
        torch.testing.assert_close(swap[alike][first::2, :, OBJECT[0], OBJECT[1]], own[first::2], atol=1e-4, rtol=0)
        assert (swap[unlike][first::2, :, OBJECT[0], OBJECT[1]] - own[first::2]).abs().max() > 0.1


@pytest.mark.parametrize("intervention", SWAPS)
def test_what_has_no_donor_leaves_nothing(intervention: Intervention) -> None:
    swap = intervention(trial(READER, donors=lenders([1, 1])), donors=3)
    missing = {name: picture.isnan().flatten(1).all(dim=1).tolist() for name, picture in swap.altered.items()}
    assert missing["other 1"] == [False, True] * 3
    assert missing["same 2"] == [True, False] * 3
    assert missing["other 3"] == missing["same 3"] == [True] * 6


def test_a_batch_alters_as_its_pictures_alone() -> None:
    asked = trial(READER)
    for intervention in SWAPS:
        together = intervention(asked, donors=2).altered
        for number in range(3):
            alone = intervention(asked.some([number]), donors=2).altered
            for variant, picture in alone.items():
                torch.testing.assert_close(picture[0], together[variant][number], equal_nan=True)
    assert asked.batch.x.shape[2:] == (SIDE, SIDE)
