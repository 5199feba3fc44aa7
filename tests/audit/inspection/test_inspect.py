"""Planted leaks are found and named, honest data tell nothing, and broken data say so."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from audit import registry
from audit.cli.main import cli
from audit.datasets.picture_files import Opened
from audit.datasets.picture_header import Header
from audit.datasets.sample import Sample
from audit.engine.progress import silent
from audit.errors import AuditError
from audit.inspection.findings import Inspection
from audit.inspection.inspect import inspect
from audit.inspection.readings import DESCRIPTORS
from audit.inspection.source import source
from audit.inspection.view import Canvas, View
from fixtures.leaks import Pixels, write_leaks


def looked_at(place: Path) -> Inspection:
    given = source(place)
    return inspect(given.folder, given.samples, given.excluded, given.cluster, 1, silent)


def first(inspection: Inspection) -> str:
    return inspection.telling[0].quantity.name if inspection.telling else ""


def tag(pixels: Pixels, label: int) -> None:
    pixels[50:55, 1:6] = (250, 200, 0) if label else (0, 80, 250)


def tag_of_class_0(pixels: Pixels, label: int) -> None:
    if label == 0:
        pixels[1:7, 49:55] = (250, 0, 250)


def edge(pixels: Pixels, label: int) -> None:
    for side in (pixels[:2], pixels[-2:], pixels[:, :2], pixels[:, -2:]):
        side[:] = 220 * label


def line(pixels: Pixels, label: int) -> None:
    pixels[:, 0] = (255 * label, 0, 120)


def darker(pixels: Pixels, label: int) -> None:
    pixels[:] = pixels * (0.4 + 0.5 * label)


PLANTED: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "tag": ({"paint": tag}, ("colour of cell 7,1 (bottom left)",)),
    "border": ({"paint": edge}, ("border ring 1 (of 1/28 of the side)", "outermost line of pixels")),
    "line": ({"paint": line}, ("outermost line of pixels",)),
    "brightness": ({"paint": darker}, ("brightness outside the boxes",)),
    "place": ({"box": lambda rng, c: (16 + 12 * c, 20, 28 + 12 * c, 32)}, ("position of the boxes",)),
    "size": ({"box": lambda rng, c: (20, 20, 29 + 6 * c, 29 + 6 * c)}, ("size of the boxes",)),
    "aspect": ({"box": lambda rng, c: (20, 20, 29 + 5 * c, 34 - 5 * c)}, ("aspect of the boxes",)),
    "quality": ({"save": lambda c: {"format": "JPEG", "quality": 60 + 30 * c}}, ("JPEG quality of the file",)),
    "column": ({"columns": lambda i, c: {"camera": "ab"[c], "shift": "xyz"[i % 3]}}, ("column 'camera'",)),
}


SLOW = {"border", "line", "brightness", "size", "aspect"}


@pytest.mark.parametrize(
    "leak", [pytest.param(leak, marks=[pytest.mark.slow] if leak in SLOW else []) for leak in PLANTED]
)
def test_a_planted_leak_is_found_and_named(leak: str, tmp_path: Path) -> None:
    how, expected = PLANTED[leak]
    inspection = looked_at(write_leaks(tmp_path / "data", **how))
    told = {finding.quantity.name: finding for finding in inspection.telling}
    assert first(inspection) in expected or told[expected[0]].share >= inspection.telling[0].share - 0.05
    best = told[expected[0]]
    assert best.share > 0.9 and best.critical is not None and best.share > best.critical > best.chance
    assert "column 'shift'" not in told


@pytest.mark.slow
def test_jpeg_traces_are_seen_in_a_file_that_is_none(tmp_path: Path) -> None:
    folder = write_leaks(tmp_path / "data", save=lambda c: {"format": "JPEG", "quality": 30 + 60 * c})
    for file in (folder / "images").iterdir():  # named .jpeg still: what a file is, its first bytes say
        Image.open(file).convert("RGB").save(file, format="PNG")
    names = {finding.quantity.name for finding in looked_at(folder).telling}
    assert "JPEG quality of the file" not in names
    assert names & {"JPEG blocks outside the boxes", "sharpness and noise outside the boxes"}


@pytest.mark.slow
def test_honest_data_tell_nothing(tmp_path: Path) -> None:
    inspection = looked_at(write_leaks(tmp_path / "data"))
    assert inspection.telling == () and len(inspection.undecided) < len(inspection.findings)


@pytest.mark.slow
def test_the_object_itself_is_not_looked_at(tmp_path: Path) -> None:
    """Black against white objects in one box: the label is told by nothing else."""
    inspection = looked_at(write_leaks(tmp_path / "data", box=lambda rng, label: (16, 16, 40, 40)))
    assert inspection.telling == ()


@pytest.mark.slow
def test_a_tag_of_one_class_in_six_names_the_class(tmp_path: Path) -> None:
    inspection = looked_at(write_leaks(tmp_path / "data", pictures=72, classes=6, paint=tag_of_class_0))
    assert first(inspection) == "colour of cell 1,7 (top right)"
    assert [one.label for one in inspection.telling[0].classes] == ["class 0"]
    assert inspection.telling[0].share < 0.5 < inspection.telling[0].classes[0].share


@pytest.mark.slow
def test_over_many_draws_honest_data_hardly_ever_tell(tmp_path: Path) -> None:
    alarms = [looked_at(write_leaks(tmp_path / str(seed), seed=seed)).telling != () for seed in range(40)]
    assert sum(alarms) <= 6  # 2 are expected at the stated level; 7 or more have a probability of 0.003


@pytest.mark.slow
def test_frames_of_a_film_are_copies_of_each_other_and_count_once(tmp_path: Path) -> None:
    folder = write_leaks(tmp_path / "data", pictures=4)
    lines = (folder / "boxes.csv").read_text().splitlines()
    rng = np.random.default_rng(0)
    for line_ in lines[1:]:
        name, rest = line_.split(",", 1)
        pixels = np.asarray(Image.open(folder / "images" / name)).astype(int)
        for frame in range(15):
            noisy = np.clip(pixels + rng.normal(0, 3, pixels.shape), 0, 255).astype(np.uint8)
            Image.fromarray(noisy).save(folder / "images" / f"{frame}-{name}")
            lines.append(f"{frame}-{name},{rest}")
    (folder / "boxes.csv").write_text("\n".join(lines))
    inspection = looked_at(folder)
    assert (inspection.samples, inspection.independent) == (64, 4)
    assert inspection.copies is not None and inspection.copies.count == 64
    assert inspection.telling == () and len(inspection.undecided) == len(inspection.findings)


@pytest.mark.slow
def test_a_cluster_s_members_are_no_neighbours(tmp_path: Path) -> None:
    """Four films, two of each class, each with its own light and size of objects."""

    def of_film(number: int, label: int) -> dict[str, str]:
        return {"film": str(number % 4), "camera": str(number % 4)}

    folder = write_leaks(tmp_path / "data", columns=of_film)
    assert first(looked_at(folder)) in {"column 'film'", "column 'camera'"}
    (folder / "audit.toml").write_text(
        '[data]\nformat = "csv"\nannotations = "boxes.csv"\nimages = "images"\ncluster = "film"\n'
    )
    inspection = looked_at(folder / "audit.toml")
    assert inspection.cluster == "film" and inspection.independent == 4 and inspection.telling == ()
    assert "column 'film'" not in {finding.quantity.name for finding in inspection.findings}


def test_settings_join_and_ignore_labels(tmp_path: Path) -> None:
    folder = write_leaks(tmp_path / "data", pictures=12, classes=4)
    table = '[data]\nformat = "csv"\nannotations = "boxes.csv"\nimages = "images"\nignore = ["class 3"]\n'
    (folder / "audit.toml").write_text(f'{table}[data.labels]\n"class 2" = "class 1"\n')
    inspection = looked_at(folder / "audit.toml")
    assert inspection.labels == {"class 1": 6, "class 0": 3}
    assert {exclusion.label for exclusion in inspection.exclusions} == {"class 3"}
    (folder / "audit.toml").write_text(table.replace("class 3", "clas 3"))
    with pytest.raises(AuditError, match="'clas 3' is not a label of the dataset; did you mean 'class"):
        looked_at(folder / "audit.toml")


def test_one_label_and_unreadable_pictures_are_errors(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="all pictures have one label, 'class 0'; need pictures of two labels"):
        looked_at(write_leaks(tmp_path / "one", classes=1, pictures=4))
    folder = write_leaks(tmp_path / "broken", pictures=4)
    for file in (folder / "images").iterdir():
        file.write_bytes(b"no picture")
    with pytest.raises(AuditError, match=r"no picture can be read; 4 samples excluded, first 000.png: not a picture"):
        looked_at(folder)


def test_two_pictures_say_nothing_and_a_broken_one_is_counted(tmp_path: Path) -> None:
    folder = write_leaks(tmp_path / "data", pictures=3, paint=tag)
    (folder / "images" / "002.png").write_bytes(b"")
    inspection = looked_at(folder)
    assert inspection.samples == 2 and len(inspection.exclusions) == 1
    assert inspection.telling == () and len(inspection.undecided) == len(inspection.findings)


@pytest.mark.slow
def test_numbers_that_are_none_are_words(tmp_path: Path) -> None:
    odd = ("nan", "inf", "1e999", "7", "\x1b[31m")
    inspection = looked_at(write_leaks(tmp_path / "data", columns=lambda i, c: {"odd": odd[i % 5]}))
    assert {f.quantity.name: f.n for f in inspection.findings}["column 'odd'"] == 48
    assert inspection.telling == ()


@pytest.mark.parametrize("name", registry.names(DESCRIPTORS))
def test_a_descriptor_takes_any_picture(name: str, tmp_path: Path) -> None:
    """One pixel, a line, a box over everything: numbers or nothing, and the same each time."""

    describe = registry.resolve(DESCRIPTORS, name)
    for size, box in (
        ((1, 1), (0, 0, 1, 1)),
        ((300, 2), (5, 0, 9, 1)),
        ((40, 40), (0, 0, 40, 40)),
        ((40, 40), (9, 9, 20, 20)),
    ):
        opened = Opened(Image.new("RGB", size, (9, 200, 30)), "", Header(size, 1), None)
        view = View(Sample("a.png", "x", (box,), metadata={"site": "north"}), Canvas(opened, (box,)), (box,))
        for quantity, value in describe(view).items():
            assert quantity.name and (isinstance(value, str) or np.isfinite(value).all())


def test_what_lies_in_a_box_never_enters(tmp_path: Path) -> None:
    """Other pixels in the box leave every value as it was, but those of the box's own measures, which are the same."""

    rng, box = np.random.default_rng(0), (11, 13, 29, 33)
    pixels = rng.integers(0, 255, (56, 56, 3), dtype=np.uint8)
    other = pixels.copy()
    other[13:33, 11:29] = rng.integers(0, 255, (20, 18, 3))
    for name in registry.names(DESCRIPTORS):
        measured = []
        for shown in (pixels, other):
            opened = Opened(Image.fromarray(shown), "", Header((56, 56), 1), None)
            view = View(Sample("a.png", "x", (box,)), Canvas(opened, (box,)), (box,))
            measured.append(registry.resolve(DESCRIPTORS, name)(view))
        assert measured[0].keys() == measured[1].keys()
        assert all(np.array_equal(measured[0][key], measured[1][key]) for key in measured[0]), name


@pytest.mark.slow
def test_the_command_prints_a_table_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_leaks(tmp_path / "data", paint=tag)
    assert cli.main(["inspect", str(folder)], standalone_mode=False) == 0
    text = capsys.readouterr().out
    assert (
        "colour of cell 7,1 (bottom left)" in text and "judges nothing" in text and "Next: Look at these places" in text
    )
    assert cli.main(["inspect", str(folder), "--json"], standalone_mode=False) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["findings"][0]["telling"] and result["samples"] == 48
    assert any(f["quantity"]["region"] == [0.0, 6 / 7, 1 / 7, 1.0] and f["telling"] for f in result["findings"])


def test_nothing_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="no such file or folder"):
        source(tmp_path / "none")
