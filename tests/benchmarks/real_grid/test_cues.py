"""Cues change what they say they change, and tell the classes apart."""

import io
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmarks.real_grid.cues import BORDER, GAP, KINDS, TAG, Canvas, Kind, canvases, tag, word
from benchmarks.real_grid.photographs import SIDE, Photograph


@pytest.fixture(scope="module")
def canvas(tmp_path_factory: pytest.TempPathFactory) -> Canvas:
    """Its object covers the bottom left corner."""
    folder = tmp_path_factory.mktemp("cues")
    return canvases([photograph(folder, 0)], tuple(photograph(folder, n) for n in range(1, 7)), seed=5)[0]


def photograph(folder: Path, number: int) -> Photograph:
    file = folder / f"{number}.png"
    pixels = np.random.default_rng(number).integers(60, 200, (SIDE, SIDE, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file)
    return Photograph(file, 0, np.array([[0.0, 100.0, 90.0, SIDE]]))


def changed(canvas: Canvas, kind: Kind, value: int) -> NDArray[np.bool_]:
    """(SIDE, SIDE)."""
    return np.asarray((kind.paint(canvas, value) != canvas.pixels).any(axis=2))


def test_half_of_the_kinds_set_limits_and_the_other_half_report() -> None:
    assert {name for name, kind in KINDS.items() if kind.sets_limits} == {"tag", "border", "word", "jpeg"}
    assert {name for name, kind in KINDS.items() if not kind.sets_limits} == {
        "tag of one class",
        "tint",
        "scene",
        "line",
    }


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_each_value_looks_otherwise_and_the_same_again(kind: Kind, canvas: Canvas) -> None:
    painted = [kind.paint(canvas, value) for value in range(kind.values)]
    for one, other in combinations(painted, 2):
        assert not np.array_equal(one, other)
    assert np.array_equal(kind.paint(canvas, 0), painted[0])
    assert all(picture.shape == (SIDE, SIDE, 3) and picture.dtype == np.uint8 for picture in painted)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_file_holds_just_what_is_painted(kind: Kind, canvas: Canvas) -> None:
    suffix, content = kind.file(canvas, 1)
    with Image.open(io.BytesIO(content)) as opened:
        assert np.array_equal(np.asarray(opened.convert("RGB")), kind.paint(canvas, 1))
        assert opened.format == {".png": "PNG", ".jpg": "JPEG"}[suffix]


def test_a_tag_lies_in_the_first_corner_that_the_object_leaves_free(canvas: Canvas) -> None:
    rows, columns = np.nonzero(changed(canvas, KINDS["tag"], 2))
    free = slice(SIDE - GAP - TAG, SIDE - GAP)
    assert (rows.min(), rows.max() + 1) == (free.start, free.stop)
    assert (columns.min(), columns.max() + 1) == (free.start, free.stop)


def test_without_its_value_the_tag_of_one_class_is_not_there(canvas: Canvas) -> None:
    kind = KINDS["tag of one class"]
    assert not changed(canvas, kind, 1).any()
    assert np.array_equal(kind.paint(canvas, 0), tag(canvas, 0))
    assert kind.of_class == (0, 1, 1, 1, 1, 1)


def test_a_border_leaves_what_is_within_it(canvas: Canvas) -> None:
    within = slice(BORDER, SIDE - BORDER)
    altered = changed(canvas, KINDS["border"], 3)
    assert not altered[within, within].any()
    assert altered[:BORDER].mean() > 0.9


@pytest.mark.parametrize("name", ["tint", "scene"])
def test_a_tint_and_a_scene_leave_the_object(name: str, canvas: Canvas) -> None:
    altered = changed(canvas, KINDS[name], 4)
    assert not altered[canvas.photograph.inside].any()
    assert altered[~canvas.photograph.inside].mean() > 0.9


def test_a_word_stays_inside_the_box_however_small_it_is(canvas: Canvas) -> None:
    assert not changed(canvas, KINDS["word"], 0)[~canvas.photograph.inside].any()
    small = Photograph(canvas.photograph.file, 0, np.array([[50.0, 60.0, 62.0, 65.0]]))
    altered = (word(Canvas(small, 0), 0) != small.pixels).any(axis=2)
    assert altered.any()
    assert not altered[~small.inside].any()


def test_a_line_lies_elsewhere_in_each_picture_and_at_one_place_for_all_values(canvas: Canvas) -> None:
    other = Canvas(canvas.photograph, canvas.seed + 1)
    first, again, elsewhere = (
        changed(at, KINDS["line"], value) for at, value in ((canvas, 0), (canvas, 5), (other, 0))
    )
    assert (first == again).mean() > 0.99
    assert 0 < first.mean() < 0.1
    assert (first & elsewhere).sum() < 0.5 * first.sum()
