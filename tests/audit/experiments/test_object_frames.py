"""Objects in their own frames, and patches brought from object to object, against plain loops."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from audit.experiments.altered_batch import Donors
from audit.experiments.moved_objects import FINER, hulls_of
from audit.experiments.object_frames import looks_at_objects, region_of, region_of_objects_swapped
from audit.experiments.pieces import COUNT, PIECE, mask_of
from audit.experiments.swaps import Lenders, lenders
from audit.experiments.telling_places import LARGEST, Place, telling_places
from audit.inspection.view import GRID, THUMBNAIL
from fixtures.trials import OBJECT, SIDE, Reader, trial

MIDDLE = (GRID // 2) * (GRID + 1)
FRAME = 64


def bilinear(x: Tensor, row: float, column: float) -> np.ndarray:
    """(C,) at a place in pixels, the middle of the first being 0.5; what lies beyond the frame counts for nothing."""
    top, left = math.floor(row - 0.5), math.floor(column - 0.5)
    total, weights = np.zeros(x.shape[0]), 0.0
    for y in (top, top + 1):
        for across in (left, left + 1):
            weight = (1 - abs(row - 0.5 - y)) * (1 - abs(column - 0.5 - across))
            if 0 <= y < x.shape[1] and 0 <= across < x.shape[2]:
                total += weight * x[:, y, across].numpy()
                weights += weight
    return total / weights


def lent_pixel(x: Tensor, hull: list[float], to: list[float], row: int, column: int, finer: int) -> np.ndarray:
    """What a hull of x shows at a pixel of the hull that it is brought to."""
    scale = (hull[3] - hull[1]) / (to[3] - to[1]), (hull[2] - hull[0]) / (to[2] - to[0])
    places = [
        (hull[1] + (row + down - to[1]) * scale[0], hull[0] + (column + across - to[0]) * scale[1])
        for down in (np.arange(finer) + 0.5) / finer
        for across in (np.arange(finer) + 0.5) / finer
    ]
    return np.asarray(np.stack([bilinear(x, *place) for place in places]).mean(axis=0))


@pytest.mark.parametrize("pieces", [(0, 1, GRID), (MIDDLE,), tuple(range(COUNT))])
def test_a_patch_is_that_of_a_plain_loop(pieces: tuple[int, ...]) -> None:
    asked = trial(Reader(OBJECT), pictures=4)
    asked.inside[1, :, 12:16, 10:14] = False  # of several boxes, what lies between them
    asked.inside[2, :, 4:8, 0:9] = True
    hulls, own = hulls_of(asked.inside).tolist(), asked.batch.x
    (lent,) = lenders(asked, "other", 1)
    altered = region_of_objects_swapped(asked, pieces, lent)
    for i, (x0, y0, x1, y1) in enumerate(hulls):
        donor = lent.hulls[i].tolist()
        shrinks = donor[2] - donor[0] > x1 - x0 or donor[3] - donor[1] > y1 - y0
        expected = own[i].clone()
        for row in range(int(y0), int(y1)):
            for column in range(int(x0), int(x1)):
                at = int((row + 0.5 - y0) / (y1 - y0) * THUMBNAIL), int((column + 0.5 - x0) / (x1 - x0) * THUMBNAIL)
                if PIECE[at] in pieces and asked.inside[i, 0, row, column]:
                    shown = lent_pixel(lent.whole[i], donor, hulls[i], row, column, FINER if shrinks else 1)
                    expected[:, row, column] = torch.from_numpy(shown)
        torch.testing.assert_close(altered[i], expected, atol=1e-4, rtol=1e-4)
    assert not torch.equal(altered, own)


def test_what_touches_the_edge_of_the_lender_is_brought_whole() -> None:
    asked = trial(Reader(OBJECT), pictures=2)
    pool = asked.donors
    grey = Donors(
        **{**vars(pool), "whole": torch.ones_like(pool.whole), "hulls": pool.hulls * 0 + torch.tensor([0, 0, 5.0, 24])}
    )
    altered = region_of_objects_swapped(asked, tuple(range(COUNT)), Lenders(torch.tensor([0, 1]), grey))
    torch.testing.assert_close(altered[:, :, OBJECT[0], OBJECT[1]], torch.ones(2, 3, 10, 8))


def test_a_hull_that_is_the_frame_has_its_pieces() -> None:
    inside = torch.ones(1, 1, 50, 70, dtype=torch.bool)
    pieces = (0, 5, MIDDLE, GRID**2)
    assert (region_of(pieces, hulls_of(inside), inside)[0, 0].numpy() == mask_of(pieces, (50, 70))).all()


def test_a_hull_the_size_of_the_frame_looks_as_the_frame_does() -> None:
    pixels = torch.randint(0, 256, (2, 3, 2 * THUMBNAIL, 2 * THUMBNAIL), dtype=torch.uint8)
    seen = looks_at_objects(pixels, torch.ones(2, 1, 2 * THUMBNAIL, 2 * THUMBNAIL, dtype=torch.bool))
    blocks = pixels.float().reshape(2, 3, THUMBNAIL, 2, THUMBNAIL, 2).mean(dim=(3, 5))
    np.testing.assert_allclose(seen.colour, blocks.numpy(), atol=1e-3)
    assert seen.free.all()


def objects(n: int, seed: int = 0) -> tuple[Tensor, Tensor, np.ndarray]:
    """Noise with objects of noise at changing places and sizes, their boxes, and labels of three classes in turn."""
    rng = np.random.default_rng(seed)
    pixels = torch.from_numpy(rng.integers(0, 256, (n, 3, FRAME, FRAME)).astype(np.uint8))
    inside = torch.zeros(n, 1, FRAME, FRAME, dtype=torch.bool)
    for i in range(n):
        sides = rng.integers(20, 44, 2)
        top, left = rng.integers(0, FRAME - sides)
        inside[i, :, top : top + sides[0], left : left + sides[1]] = True
    return pixels, inside, np.arange(n) % 3


def told(pixels: Tensor, inside: Tensor, label: np.ndarray) -> tuple[Place, ...]:
    return telling_places(
        looks_at_objects(pixels, inside), label, np.arange(len(label)), ["a", "b", "c"], 2, drifting=True
    )


def test_a_tag_on_the_object_is_found_where_it_lies_on_it() -> None:
    pixels, inside, label = objects(90)
    for i, (x0, y0, x1, y1) in enumerate(hulls_of(inside).int().tolist()):
        top, left, low, right = y0, x0 + (x1 - x0) // 3, y0 + (y1 - y0) // 4, x0 + 2 * (x1 - x0) // 3
        pixels[i, :, top:low, left:right] = 40 + 80 * int(label[i])
    (place, *_) = told(pixels, inside, label)
    assert place.best.pooled
    rows, columns = mask_of(place.pieces).nonzero()
    assert rows.max() < THUMBNAIL / 2
    assert columns.min() <= THUMBNAIL // 3
    assert columns.max() >= 2 * THUMBNAIL // 3 - 1, "all of it"
    assert mask_of(place.pieces).mean() <= 0.4


def test_an_object_that_tells_its_class_throughout_has_no_place_but_its_best() -> None:
    pixels, inside, label = objects(90)
    shade = torch.from_numpy(40 + 80 * label).to(torch.uint8).view(-1, 1, 1, 1)
    (place,) = told(torch.where(inside, shade, pixels), inside, label)
    assert len(place.pieces) == 1
    assert place.told_by > LARGEST


def test_the_lender_is_as_it_was_with_its_object() -> None:
    asked = trial(Reader(OBJECT), pictures=2)
    (lent,) = lenders(asked, "same", 1)
    assert not torch.equal(lent.whole[:, :, OBJECT[0], OBJECT[1]], lent.x[:, :, OBJECT[0], OBJECT[1]])
    outside = torch.ones(SIDE, SIDE, dtype=torch.bool)
    outside[OBJECT[0], OBJECT[1]] = False
    assert torch.equal(lent.whole[..., outside], lent.x[..., outside])
