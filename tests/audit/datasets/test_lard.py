"""LARD: what becomes of a line, and which pixels its watermark takes."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from audit.datasets.discover import look
from audit.datasets.displayed_boxes import displayed_boxes
from audit.datasets.exclusions import Rejected
from audit.datasets.formats.lard import lard
from audit.datasets.picture_files import open_picture
from audit.datasets.sample import Box, Dataset, Sample
from audit.errors import AuditError
from fixtures.lard import BAND, COLUMNS, HEIGHT, WIDTH, corners_of, corners_of_box, write_lard, write_rows

POINT = st.tuples(st.integers(0, 90), st.integers(0, 70))


def one(folder: Path, label_column: str | None = None, **cells: str) -> Sample:
    """The sample of one line that is whole but for these cells."""
    (sample,) = read(folder, cells, label_column=label_column).samples
    return sample


def read(folder: Path, *lines: dict[str, str], label_column: str | None = None) -> Dataset:
    whole = {"image": "a.png", "width": "100", "height": "80", **corners_of_box((10, 20, 30, 40))}
    path = write_rows(folder / "lard.csv", [{**whole, **cells} for cells in lines])
    return lard(path, folder, label_column=label_column)


def test_there_are_29_columns() -> None:
    assert len(COLUMNS) == 29


@pytest.mark.slow
@pytest.mark.tor("TOR-071")
@given(st.lists(POINT, min_size=4, max_size=4, unique=True), st.permutations(range(4)))
def test_the_box_encloses_the_corners_in_whatever_order(
    tmp_path_factory: pytest.TempPathFactory, points: list[tuple[int, int]], order: list[int]
) -> None:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    if np.linalg.matrix_rank(np.array(points) - points[0]) < 2:  # on one line, which encloses nothing
        return
    cells = corners_of(points)
    for name, place in zip("ABCD", order, strict=True):
        cells[f"x_{name}"], cells[f"y_{name}"] = (str(value) for value in points[place])
    for stated in (cells, corners_of(points)):
        assert one(tmp_path_factory.getbasetemp(), **stated).boxes == ((min(xs), min(ys), max(xs), max(ys)),)


def test_every_line_is_a_runway_unless_a_column_says_what(tmp_path: Path) -> None:
    stated = {"airport": "LFBO", "runway": "32L", "lateral_path_angle": "-2.5", "scenario": "LFBO_32L_50"}
    assert one(tmp_path, **stated).label == "runway"
    assert one(tmp_path, label_column="runway", **stated).label == "32L"
    assert one(tmp_path, label_column="lateral path band", **stated).label == "-4 to -1°"
    with pytest.raises(AuditError, match=r"settings: data\.label_column = 'runwai'; did you mean 'runway'"):
        one(tmp_path, label_column="runwai", **stated)
    dataset = read(tmp_path, {"runway": ""}, {"image": "b.png", "runway": "14"}, label_column="runway")
    assert [sample.image for sample in dataset.samples] == ["b.png"]
    assert "line 2: names no label" in dataset.exclusions[0].detail


DISTANCES = {
    **{"0.07": "under 0.08 NM", "0.08": "0.08 to 1.35 NM", "1.34": "0.08 to 1.35 NM", "1.35": "1.35 to 2.43 NM"},
    **{"2.43": "2.43 to 3 NM", "3.0": "2.43 to 3 NM", "3.01": "over 3 NM"},
    **dict.fromkeys(("", "nan", "far"), "unknown"),
}
LATERAL = {"-4.1": "under -4°", "-4": "-4 to -1°", "-1": "-1 to 1°", "4": "1 to 4°", "": "unknown"}
VERTICAL = {"2.2": "2.2 to 2.8°", "3": "2.8 to 3.2°", "3.8": "3.2 to 3.8°", "3.9": "over 3.8°"}
LIGHT = {"True": "night", "1.0": "night", "False": "day", "0": "day", "": "unknown", "dusk": "unknown"}


@pytest.mark.tor("TOR-071")
@pytest.mark.parametrize(
    ("column", "band", "values"),
    [
        ("slant_distance", "distance band", DISTANCES),
        ("lateral_path_angle", "lateral path band", LATERAL),
        ("vertical_path_angle", "vertical path band", VERTICAL),
        ("night", "light", LIGHT),
    ],
)
def test_bands(tmp_path: Path, column: str, band: str, values: dict[str, str]) -> None:
    assert {text: one(tmp_path, **{column: text}).metadata[band] for text in values} == values


@pytest.mark.tor("TOR-071")
def test_metadata_are_the_file_s_own_and_what_follows_from_them(tmp_path: Path) -> None:
    stated = {"type": "real", "scenario": "s", "weather": "rain", "watermark_height": "5"}
    metadata = one(tmp_path, **stated).metadata
    bands = {"distance band", "lateral path band", "vertical path band", "light"}
    assert metadata == {"type": "real", "scenario": "s", "weather": "rain", **dict.fromkeys(bands, "unknown")}


@pytest.mark.tor("TOR-071")
def test_several_runways_of_one_picture_are_several_boxes_of_one_sample(tmp_path: Path) -> None:
    cells = {"scenario": "s", "watermark_height": "6"}
    dataset = read(tmp_path, cells, {**cells, **corners_of_box((50, 20, 60, 40)), "runway": "2"})
    (sample,) = dataset.samples
    assert sample.boxes == ((10, 20, 30, 40), (50, 20, 60, 40))
    assert len(sample.forbidden) == 2
    by_name = read(tmp_path, {**cells, "runway": "1"}, {**cells, "runway": "2"}, label_column="runway").samples
    assert [(s.label, s.other_boxes) for s in by_name] == [("1", ((10, 20, 30, 40),)), ("2", ((10, 20, 30, 40),))]
    assert len({s.forbidden for s in by_name}) == 1, "what is forbidden is so in the whole picture"


@pytest.mark.tor("TOR-071")
@pytest.mark.parametrize("label_column", ["runway", None])
@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"height": "60"}, "line 3: size 100x60, forbidden (0, 0, 100, 6) and (0, 54, 100, 60); need lines that agree"),
        ({"watermark_height": "19"}, "line 3: size 100x80, forbidden (0, 0, 100, 19) and (0, 61, 100, 80)"),
        ({"watermark_height": ""}, "line 3: size 100x80, no forbidden pixels"),
        ({"watermark_height": "", "x_A": "nan"}, "line 3: size 100x80, no forbidden pixels"),
    ],
)
def test_lines_of_one_picture_that_contradict_each_other_exclude_it(
    tmp_path: Path, other: dict[str, str], said: str, label_column: str | None
) -> None:
    lines = {"watermark_height": "6", "runway": "1"}, {"watermark_height": "6", "runway": "2", **other}
    whole = {"image": "b.png", "watermark_height": "3", "runway": "1"}
    dataset = read(tmp_path, *lines, whole, label_column=label_column)
    assert [sample.image for sample in dataset.samples] == ["b.png"]
    found = [exclusion for exclusion in dataset.exclusions if exclusion.reason == "broken annotation"]
    assert len(found) == (0 if "x_A" in other and not label_column else len(dataset.exclusions) - ("x_A" in other))
    for exclusion in found:
        assert "lard.csv line 2: size 100x80, forbidden (0, 0, 100, 6) and (0, 74, 100, 80), but" in exclusion.detail
        assert said in exclusion.detail


@pytest.mark.tor("TOR-071")
@pytest.mark.parametrize("height", ["6", "6.0", " 6 "])
def test_the_watermark_takes_the_top_and_the_bottom(tmp_path: Path, height: str) -> None:
    expected: tuple[Box, ...] = ((0, 0, 100, 6), (0, 74, 100, 80))
    assert one(tmp_path, watermark_height=height).forbidden == expected


@pytest.mark.parametrize("height", ["", "0", "0.0"])
def test_no_watermark_no_forbidden_pixels(tmp_path: Path, height: str) -> None:
    assert one(tmp_path, watermark_height=height).forbidden == ()


@pytest.mark.tor("TOR-071")
def test_a_picture_whose_bands_were_cut_off_is_excluded_and_not_misread(tmp_path: Path) -> None:
    Image.new("RGB", (100, 68)).save(tmp_path / "a.png")
    sample = one(tmp_path, watermark_height="6")
    with pytest.raises(Rejected, match="the annotation says 100x80, the file is 100x68"):
        displayed_boxes(sample, open_picture(tmp_path / "a.png", tmp_path).header)


def test_the_drawn_set_is_found_and_read(tmp_path: Path) -> None:
    write_lard(tmp_path / "first", 8, 2)
    write_lard(tmp_path / "again", 8, 2)
    files = [sorted(p for p in (tmp_path / name).rglob("*") if p.is_file()) for name in ("first", "again")]
    assert [p.read_bytes() for p in files[0]] == [p.read_bytes() for p in files[1]]
    found = look(tmp_path / "first")
    assert (found.format, found.annotations.name, found.images.name) == ("lard", "lard.csv", "first")
    assert found.present == len(found.dataset.samples) == 20
    samples = found.dataset.samples
    for sample in samples:
        displayed_boxes(sample, open_picture(found.images / sample.image, found.images).header)
        real = sample.metadata["type"] == "real"
        high = HEIGHT + 2 * BAND
        assert sample.forbidden == (() if real else ((0, 0, WIDTH, BAND), (0, high - BAND, WIDTH, high)))
        assert (sample.metadata["distance band"] == "unknown") == real
    assert {len(sample.boxes) for sample in samples} == {1, 2}
    assert {"day", "unknown"} <= {sample.metadata["light"] for sample in samples}
