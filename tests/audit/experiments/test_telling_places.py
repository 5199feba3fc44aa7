"""Pieces of the frame, and places in drawn pictures that tell the label."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from audit.experiments.pieces import COUNT, PIECE, STRIP, box_of, connected, mask_of, quantities, with_neighbours
from audit.experiments.telling_places import LARGEST, Place, looks, telling_places
from audit.inspection.view import GRID, PER_CELL, THUMBNAIL

SIDE = 56
BOX = (20, 20, 36, 36)


def test_every_pixel_of_the_thumbnail_is_of_one_piece() -> None:
    """Against a plain loop."""
    names: dict[tuple[int, int, bool], int] = {}
    for row in range(THUMBNAIL):
        for column in range(THUMBNAIL):
            at_the_edge = min(row, column, THUMBNAIL - 1 - row, THUMBNAIL - 1 - column) < STRIP
            key = (row // PER_CELL, column // PER_CELL, at_the_edge)
            assert names.setdefault(key, int(PIECE[row, column])) == PIECE[row, column]
    assert sorted(names.values()) == list(range(COUNT))
    assert all(names[row, column, False] == row * GRID + column for row in range(GRID) for column in range(GRID))


def test_pieces_are_named_by_their_place() -> None:
    names = quantities("colour")
    assert len({quantity.name for quantity in names}) == COUNT
    assert names[0].name == "colour of cell 1,1 (top left)"
    assert names[0].region == (STRIP / THUMBNAIL, STRIP / THUMBNAIL, 1 / GRID, 1 / GRID)
    assert names[GRID**2].name == "colour of edge by cell 1,1 (top left)"
    assert names[GRID**2].region == (0, 0, 1 / GRID, 1 / GRID)


@settings(max_examples=30, deadline=None)
@given(height=st.integers(8, 300), width=st.integers(8, 300), pieces=st.sets(st.integers(0, COUNT - 1), max_size=9))
def test_pieces_and_the_others_fill_every_frame(height: int, width: int, pieces: set[int]) -> None:
    chosen = mask_of(pieces, (height, width))
    assert (chosen ^ mask_of(set(range(COUNT)) - pieces, (height, width))).all()
    if pieces and min(height, width) >= THUMBNAIL:
        assert chosen.any()


def test_what_hangs_together() -> None:
    assert connected([0, 1, 2, 30], 1) == (0, 1, 2)
    assert connected([0, GRID + 1], 0) == (0, GRID + 1), "over corners too"
    assert connected([30], 4) == (4,), "alone where it tells nothing itself"
    edges = range(GRID**2, COUNT)
    assert connected(edges, GRID**2) == tuple(edges)
    assert box_of(edges) == (0, 0, 1, 1)


def test_the_neighbours_of_a_piece_are_those_that_touch_it() -> None:
    """Against a plain loop."""
    for pieces in ((24,), (0, 1), (GRID**2,), (23, 24, 25)):
        touching = set(pieces)
        for row in range(THUMBNAIL):
            for column in range(THUMBNAIL):
                around = PIECE[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
                if np.isin(around, pieces).any():
                    touching.add(int(PIECE[row, column]))
        assert set(with_neighbours(pieces)) == touching
    assert with_neighbours((24,)) == (16, 17, 18, 23, 24, 25, 30, 31, 32)


def test_a_place_that_drifts_takes_its_neighbours_with_it() -> None:
    pixels, inside, label = pictures(90)
    for i, index in enumerate(label.tolist()):
        pixels[i, :, 2:6, 44:52] = 40 + 80 * index
    seen, apart = looks(pixels, inside), np.arange(len(label))
    (strict,) = telling_places(seen, label, apart, ["a", "b", "c"], 3)
    (drifting,) = telling_places(seen, label, apart, ["a", "b", "c"], 3, drifting=True)
    assert drifting.pieces == with_neighbours(strict.pieces)
    assert (drifting.best, drifting.told_by) == (strict.best, strict.told_by)


def pictures(n: int, seed: int = 0) -> tuple[Tensor, Tensor, np.ndarray]:
    """Noise, the mask of a box in the middle, and labels of three classes in turn."""
    rng = np.random.default_rng(seed)
    pixels = torch.from_numpy(rng.integers(0, 256, (n, 3, SIDE, SIDE)).astype(np.uint8))
    inside = torch.zeros(n, 1, SIDE, SIDE, dtype=torch.bool)
    inside[:, :, BOX[1] : BOX[3], BOX[0] : BOX[2]] = True
    return pixels, inside, np.arange(n) % 3


def told(pixels: Tensor, inside: Tensor, label: np.ndarray, most: int = 3) -> tuple[Place, ...]:
    return telling_places(looks(pixels, inside), label, np.arange(len(label)), ["a", "b", "c"], most)


def test_looks_are_those_of_a_plain_loop() -> None:
    pixels, inside, _ = pictures(2)
    seen, step = looks(pixels, inside), SIDE // THUMBNAIL
    x, luma = pixels.numpy().astype(float), pixels.numpy().astype(float).mean(axis=1)
    for i, row, column in ((0, 0, 0), (1, 5, 9), (0, 27, 27)):
        y0, x0 = row * step, column * step
        block = np.s_[y0 : y0 + step, x0 : x0 + step]
        np.testing.assert_allclose(seen.colour[i, :, row, column], x[i][:, *block].mean(axis=(1, 2)), rtol=1e-5)
        right = [
            abs(luma[i, y, min(across + 1, SIDE - 1)] - luma[i, y, across])
            for y in range(y0, y0 + step)
            for across in range(x0, x0 + step)
        ]
        assert seen.detail[i, 0, row, column] == pytest.approx(np.mean(right), rel=1e-4)
    grown = [[int(THUMBNAIL * edge / SIDE) for edge in (BOX[0] - 1, BOX[2])]] * 2
    free = np.ones((THUMBNAIL, THUMBNAIL), bool)
    free[grown[1][0] : grown[1][1] + 1, grown[0][0] : grown[0][1] + 1] = False
    assert (seen.free == free).all()


def test_a_mark_is_found_where_it_lies_and_nothing_else() -> None:
    pixels, inside, label = pictures(90)
    for i, index in enumerate(label.tolist()):
        pixels[i, :, 2:6, 44:52] = 40 + 80 * index
    place = told(pixels, inside, label)[0]
    assert place.best.pooled
    mask = mask_of(place.pieces, (SIDE, SIDE))
    assert mask[2:6, 44:52].all()
    assert mask.mean() < 0.06
    assert place.told_by == pytest.approx(mask_of(place.pieces).mean())
    assert len(told(pixels, inside, label)) == 1


def test_a_mark_of_one_class_is_told() -> None:
    pixels, inside, label = pictures(90)
    pixels[torch.from_numpy(label == 1), :, 50:56, 0:6] = 200
    place = told(pixels, inside, label)[0]
    assert "b" in [one.label for one in place.best.classes]
    assert mask_of(place.pieces, (SIDE, SIDE))[50:56, 0:6].mean() > 0.5


def test_two_marks_are_two_places() -> None:
    pixels, inside, label = pictures(90)
    for i, index in enumerate(label.tolist()):
        pixels[i, :, 0:8, 0:8] = pixels[i, :, 44:52, 44:52] = 40 + 80 * index
    places = told(pixels, inside, label)
    assert {place.pieces[0] < GRID for place in places} == {True, False}
    assert len(told(pixels, inside, label, most=1)) == 1


def test_a_frame_is_a_place_and_a_tint_of_everything_is_none() -> None:
    pixels, inside, label = pictures(90)
    framed, tinted = pixels.clone(), pixels // 2
    for i, index in enumerate(label.tolist()):
        framed[i, :, :2] = framed[i, :, -2:] = framed[i, :, :, :2] = framed[i, :, :, -2:] = 40 + 80 * index
        tinted[i, 0] += 40 * index
    (frame, *_) = told(framed, inside, label)
    assert set(frame.pieces) == set(range(GRID**2, COUNT)), "the strips, and nothing within"
    (tint,) = told(tinted, inside, label)
    assert len(tint.pieces) == 1
    assert tint.told_by > LARGEST


def test_where_nothing_tells_the_best_is_tried_and_said_to_tell_nothing() -> None:
    (place,) = told(*pictures(60, seed=1))
    assert not place.best.telling


def test_what_the_boxes_cover_is_no_place() -> None:
    pixels, inside, label = pictures(30)
    for i, index in enumerate(label.tolist()):
        pixels[i, :, 22:34, 22:34] = 40 + 80 * index
    (place,) = told(pixels, inside, label)
    assert not place.best.telling
    assert told(pixels, torch.ones_like(inside), label) == ()
