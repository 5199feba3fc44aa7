"""Forbidden pixels: they go with the picture, their relevance is measured on its own, and hiding them is asked of."""

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from audit.choices import Interpolation
from audit.datasets.content import Content
from audit.datasets.displayed_boxes import displayed_forbidden
from audit.datasets.loader import Loaded
from audit.datasets.perceptual_hash import NO_HASH
from audit.datasets.picture_files import open_picture
from audit.datasets.preprocessing import Preprocessing
from audit.datasets.sample import Box, Sample
from audit.engine.measure import measure
from audit.experiments.altered_batch import answers
from audit.experiments.fills import blur, mean
from audit.experiments.forbidden_pixels import forbidden_pixels, mass_on
from audit.experiments.interventions.forbidden_hidden import forbidden_hidden
from audit.experiments.runner import ask
from audit.record.record import Record
from audit.settings import load_settings
from fixtures.lard import write_lard
from fixtures.networks import in_place, ready
from fixtures.shapes import write_shapes
from fixtures.trials import BAND, CORNER, OBJECT, Reader, trial

BANDS: tuple[Box, ...] = ((0, 0, 90, 12), (0, 48, 90, 60))
INTERPOLATIONS: tuple[Interpolation, ...] = ("nearest", "bilinear", "bicubic")
PREPARED = (
    Preprocessing(),
    Preprocessing(resize=40),
    Preprocessing(resize=150),
    Preprocessing(resize=(50, 50)),
    Preprocessing(letterbox=(64, 64), fill=0),
    Preprocessing(resize=48, crop=(40, 40)),
    Preprocessing(crop=(64, 100)),
)


def framed(prepared: Preprocessing, boxes: tuple[Box, ...], forbidden: tuple[Box, ...]) -> Loaded:
    """A black picture of 90 x 60 with white forbidden pixels."""
    pixels = np.zeros((60, 90, 3), np.uint8)
    for x0, y0, x1, y1 in forbidden:
        pixels[int(y0) : int(y1), int(x0) : int(x1)] = 255
    return Loaded(0, prepared.frame(Image.fromarray(pixels), boxes, forbidden), "", Content("", NO_HASH), (90, 60))


def covered(loaded: Loaded) -> torch.Tensor:
    """(1, 1, H, W) bool: the boxes, pixel by pixel."""
    height, width = loaded.framed.pixels.shape[1:]
    found = torch.zeros(1, 1, height, width, dtype=torch.bool)
    for x0, y0, x1, y1 in loaded.framed.boxes.tolist():
        for y in range(height):
            for x in range(width):
                found[0, 0, y, x] |= x0 <= x + 0.5 < x1 and y0 <= y + 0.5 < y1
    return found


@st.composite
def bands(draw: st.DrawFn) -> tuple[Box, ...]:
    top, bottom = draw(st.integers(1, 25)), draw(st.integers(35, 59))
    return (0, 0, 90, top), (0, bottom, 90, 60)


@pytest.mark.slow
@pytest.mark.tor("TOR-072")
@given(
    st.builds(
        Preprocessing,
        resize=st.none() | st.integers(17, 200) | st.tuples(st.integers(17, 200), st.integers(17, 200)),
        letterbox=st.none() | st.tuples(st.integers(17, 200), st.integers(17, 200)),
        crop=st.none() | st.tuples(st.integers(30, 90), st.integers(30, 90)),
        fill=st.just(0),
        interpolation=st.sampled_from(INTERPOLATIONS),
    ),
    bands(),
)
@example(Preprocessing(resize=130, interpolation="nearest"), ((0, 0, 90, 21), (0, 35, 90, 60)))
@example(Preprocessing(resize=17, letterbox=(21, 31), interpolation="nearest"), ((0, 0, 90, 1), (0, 36, 90, 60)))
@example(Preprocessing(resize=(15, 16)), ((0, 0, 90, 24), (0, 48, 90, 60)))
@settings(max_examples=100, deadline=None)
def test_no_forbidden_pixel_leaks_into_one_that_is_not(prepared: Preprocessing, forbidden: tuple[Box, ...]) -> None:
    """Neither a bright band on black nor a dark one on white is seen anywhere else."""
    loaded = framed(prepared, (), forbidden)
    mask = forbidden_pixels([loaded], covered(loaded))
    height, width = loaded.framed.pixels.shape[1:]
    hidden = torch.zeros(height, width, dtype=torch.bool) if mask is None else mask[0, 0]
    plain = prepared.frame(Image.new("RGB", (90, 60)), ()).pixels
    assert torch.equal(loaded.framed.pixels[:, ~hidden], plain[:, ~hidden])
    assert bool((loaded.framed.forbidden[:, 2:] >= loaded.framed.forbidden[:, :2]).all())


@pytest.mark.tor("TOR-072")
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("prepared", PREPARED)
def test_forbidden_pixels_are_the_paint_and_the_reach_of_the_interpolation(
    prepared: Preprocessing, interpolation: Interpolation
) -> None:
    prepared = replace(prepared, interpolation=interpolation)
    loaded = framed(prepared, (), BANDS)
    moved = prepared.frame(Image.new("RGB", (90, 60)), BANDS).boxes
    whole = replace(prepared, crop=None)
    height, width = whole.frame(Image.new("RGB", (90, 60)), ()).pixels.shape[1:]
    if prepared.letterbox:
        height, width = 43, 64  # of the picture within
    support = {"nearest": 0, "bilinear": 1, "bicubic": 2}[interpolation]
    reach = 0.0 if (height, width) == (60, 90) else support * max(1.0, height / 60)
    paint = loaded.framed.pixels[0] >= 128
    mask = forbidden_pixels([loaded], covered(loaded))
    assert mask is not None
    assert bool(paint.any())
    assert bool(mask[0, 0][paint].all()), "at least the band"
    y = torch.arange(loaded.framed.pixels.shape[1]) + 0.5
    near = ((y >= moved[:, 1, None] - reach - 1) & (y < moved[:, 3, None] + reach + 1)).any(dim=0)
    assert not bool(mask[0, 0][~near].any()), "at most the band, the reach and a pixel"
    if prepared.resize is None and prepared.letterbox is None:
        assert torch.equal(loaded.framed.forbidden, moved), "nothing is resized"


@pytest.mark.tor("TOR-072")
def test_boxes_that_are_not_forbidden_do_not_grow() -> None:
    prepared = Preprocessing(resize=(30, 45))
    frame = prepared.frame(Image.new("RGB", (90, 60)), ((20, 20, 40, 40),), ((20, 20, 40, 40), (0, 0, 90, 12)))
    assert frame.boxes.tolist() == [[10, 10, 20, 20]]
    assert frame.forbidden.tolist() == [[9, 9, 21, 21], [0, 0, 45, 7]]
    across = replace(prepared, resize=(60, 180)).frame(Image.new("RGB", (90, 60)), (), ((20, 20, 40, 40),))
    assert across.forbidden.tolist() == [[38, 20, 82, 40]], "along the side that is resized, by two pixels of the frame"


@pytest.mark.tor("TOR-072")
@pytest.mark.parametrize("orientation", range(1, 9))
def test_they_turn_with_the_picture(tmp_path: Path, orientation: int) -> None:
    pixels = np.zeros((60, 90, 3), np.uint8)
    pixels[:12] = pixels[48:] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    opened = open_picture(tmp_path / "a.png", tmp_path)
    sample = Sample("a.png", "x", ((20, 20, 30, 30),), forbidden=BANDS, size=(90, 60))
    shown = np.zeros(opened.picture.size[::-1], bool)
    for x0, y0, x1, y1 in displayed_forbidden(sample, opened.header):
        shown[int(y0) : int(y1), int(x0) : int(x1)] = True
    np.testing.assert_array_equal(shown, np.asarray(opened.picture)[..., 0] == 255)
    beyond = replace(sample, forbidden=((-5.0, -5.0, 200.0, 12.0), (100.0, 0.0, 120.0, 9.0)))
    assert len(displayed_forbidden(beyond, opened.header)) == 1


@pytest.mark.slow
@pytest.mark.tor("TOR-072")
def test_what_a_box_covers_is_object_and_not_forbidden() -> None:
    loaded = framed(Preprocessing(), ((30, 6, 60, 30),), BANDS)
    mask = forbidden_pixels([loaded], covered(loaded))
    assert mask is not None
    expected = np.zeros((60, 90), bool)
    expected[:12] = expected[48:] = True
    expected[6:12, 30:60] = False
    np.testing.assert_array_equal(mask[0, 0].numpy(), expected)
    everything = framed(Preprocessing(), ((0, 0, 90, 60),), BANDS)
    assert forbidden_pixels([everything], covered(everything)) is None
    cropped_away = framed(Preprocessing(crop=(30, 90)), ((30, 20, 60, 30),), BANDS)
    assert forbidden_pixels([cropped_away], covered(cropped_away)) is None
    none = framed(Preprocessing(), ((30, 6, 60, 30),), ())
    assert forbidden_pixels([none], covered(none)) is None


@pytest.mark.tor("TOR-072")
@given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 2**31))
@settings(max_examples=40)
def test_mass_on_is_a_sum_over_a_sum(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    relevance, pixels = rng.exponential(size=(3, height, width)), rng.random((3, height, width)) < 0.4
    relevance[0] *= 10.0 ** rng.integers(-20, 20)
    found = mass_on(torch.tensor(relevance), torch.tensor(pixels))
    for n in range(3):
        inside = sum(relevance[n, y, x] for y in range(height) for x in range(width) if pixels[n, y, x])
        assert found[n].item() == pytest.approx(inside / relevance[n].sum())
    dead = torch.stack([torch.zeros(2, 2), torch.full((2, 2), torch.nan), torch.full((2, 2), torch.inf)])
    assert bool(mass_on(dead, torch.ones(3, 2, 2, dtype=torch.bool)).isnan().all())


@pytest.mark.tor("TOR-072")
def test_the_forbidden_pixels_are_hidden_and_nothing_else() -> None:
    asked = trial(Reader(CORNER))
    assert asked.forbidden is not None
    x, hidden = asked.batch.x, asked.forbidden
    altered = forbidden_hidden(asked).altered
    assert sorted(altered) == ["blur", "blur elsewhere", "mean", "mean elsewhere"]
    assert torch.equal(altered["mean"], mean(x, hidden))
    assert torch.equal(altered["blur"], blur(x, hidden))
    other = (altered["mean elsewhere"] != x).any(dim=1, keepdim=True)
    assert not bool((other & (hidden | asked.inside)).any())
    assert (other.sum(dim=(1, 2, 3)) <= hidden.sum(dim=(1, 2, 3))).all()
    assert (other.sum(dim=(1, 2, 3)) >= hidden.sum(dim=(1, 2, 3)) / 2).all()
    assert list(forbidden_hidden(asked, fills=("blur",)).altered) == ["blur", "blur elsewhere"]


@pytest.mark.tor("TOR-073")
@pytest.mark.parametrize(("place", "moves"), [(CORNER, True), (OBJECT, False)])
def test_who_reads_them_is_seen(place: tuple[slice, slice], moves: bool) -> None:
    asked = trial(Reader(place))
    before = answers(asked.batch.logits, asked.batch.target).log_odds
    for variant, altered in forbidden_hidden(asked).altered.items():
        moved = (ask(asked, altered).log_odds - before).abs()
        assert bool((moved > 3).all() if moves and "elsewhere" not in variant else (moved < 1e-6).all()), variant


def test_pictures_without_them_leave_no_answer() -> None:
    asked = trial(Reader(CORNER))
    none = forbidden_hidden(replace(asked, forbidden=None)).altered
    assert list(none) == ["mean", "blur", "mean elsewhere", "blur elsewhere"]
    assert all(bool(altered.isnan().all()) for altered in none.values())
    assert asked.forbidden is not None
    some = asked.forbidden.clone()
    some[::2] = False
    for altered in forbidden_hidden(replace(asked, forbidden=some)).altered.values():
        assert altered.isnan().flatten(1).all(dim=1).tolist() == [True, False] * 3
    crowded = torch.ones_like(some) & ~asked.inside
    found = forbidden_hidden(replace(asked, forbidden=crowded)).altered
    assert bool(found["mean elsewhere"].isnan().all())
    assert not bool(found["mean"].isnan().any())


def test_a_part_of_a_trial_keeps_its_own() -> None:
    asked = trial(ready(in_place()))
    assert asked.forbidden is not None
    asked.forbidden[3] = False
    found = asked.some([3, 1]).forbidden
    assert found is not None
    assert found.flatten(1).any(dim=1).tolist() == [False, True]
    assert found[1, 0, BAND[0], BAND[1]].all()
    assert replace(asked, forbidden=None).some([1]).forbidden is None


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(path)
    found = connection.execute(query).fetchall()
    connection.close()
    return found


@pytest.mark.slow
def test_a_run_measures_the_share_of_every_source(tmp_path: Path) -> None:
    more = '\n[experiments]\ninterventions = ["forbidden_hidden"]\ncontrols = []\nsearches = []\n'
    path = measure(write_lard(tmp_path / "data", 5, 2, network="cheating", more=more), tmp_path / "out")
    sources = {source for (source,) in rows(path, "SELECT DISTINCT source FROM forbidden")}
    assert sources == {"gradient", "uniform", "centre", "edges", "random_model"}
    synthetic = rows(path, "SELECT id FROM sample WHERE metadata LIKE '%earth_studio%' ORDER BY 1")
    assert len(synthetic) == 10
    for table in ("forbidden", "answer"):
        assert rows(path, f"SELECT DISTINCT sample FROM {table} ORDER BY 1") == synthetic
    assert rows(path, "SELECT DISTINCT round(area_share, 9) FROM forbidden") == [(0.2,)]
    uniform = rows(path, "SELECT DISTINCT round(mass, 6) FROM forbidden WHERE source = 'uniform'")
    assert uniform == [(0.2,)], "chance"
    cheating = [mass for (mass,) in rows(path, "SELECT mass FROM forbidden WHERE source = 'gradient'")]
    assert min(cheating) > 0.999
    with Record.open(path) as record:
        assert record.meta("experiments") == {"forbidden_hidden": {"fills": ["mean", "blur"]}}


@pytest.mark.slow
def test_data_without_them_cost_nothing(tmp_path: Path) -> None:
    settings_file = write_shapes(tmp_path / "data", pictures=6)
    interventions = 'interventions = ["forbidden_hidden"]'
    settings_file.write_text(settings_file.read_text().replace("interventions = []", interventions))
    plain = load_settings(write_shapes(tmp_path / "plain", pictures=6))
    asked, bare = measure(settings_file, tmp_path / "out"), measure(plain, tmp_path / "bare")
    for path in (asked, bare):
        assert rows(path, "SELECT * FROM forbidden") == []
        assert rows(path, "SELECT * FROM answer") == []
    passes = "SELECT sum(forward), sum(backward) FROM passes"
    assert rows(asked, passes) == rows(bare, passes)
