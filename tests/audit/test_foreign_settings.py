"""Settings and class files that no person writes are refused, in a moment and without a traceback."""

import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.datasets.discover import Found, look
from audit.datasets.formats.csv import csv
from audit.datasets.formats.voc import voc
from audit.datasets.formats.yolo import yolo
from audit.datasets.labels import ClassName, map_labels, read_classes
from audit.datasets.sample import Dataset
from audit.errors import AuditError
from audit.files import write_text
from audit.models.weights import check_file
from audit.settings import load_settings, parse_settings
from audit.starter.settings_text import settings_text

DATA = '[data]\nformat = "csv"\nannotations = "boxes.csv"\nimages = "images"\n'
SETTINGS = {
    "a decimal of 5,000 digits": f"[run]\nseed = {'9' * 5000}\n",
    "a hexadecimal of 9,000 digits": f"[run]\nseed = 0x{'f' * 9000}\n",
    "an array of arrays of arrays": f"title = {'[' * 5000}{']' * 5000}\n",
    "an array that tomllib still reads": f"title = {'[' * 200}{']' * 200}\n",
    "tables in tables": f"a = {'{b = ' * 3000}1{'}' * 3000}\n",
    "a NUL in a path": DATA.replace("boxes.csv", "boxes\\u0000.csv"),
    "a NUL in a key": DATA + '[data.labels]\n"a\\u0000" = 1\n',
    "a dotted key": f"{'.'.join('a' * 20_000)} = 1\n",
    "a dotted key in quotes": ".".join(['"a"'] * 10_000) + " = 1\n",
    "a table of a dotted key": f"[{'.'.join('a' * 20_000)}]\n",
    "more than any settings": "# " + "x" * 300_000,
    "no text": "\x00\x01",
}


@pytest.mark.tor("TOR-003")
@pytest.mark.parametrize("case", SETTINGS)
def test_settings_that_no_person_writes_are_refused(case: str, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(SETTINGS[case])
    start = time.monotonic()
    with pytest.raises(AuditError):
        load_settings(tmp_path / "a.toml")
    assert time.monotonic() - start < 5


def test_a_number_from_python_has_the_same_bound() -> None:
    with pytest.raises(AuditError, match=r"run\.seed is a number of more than 64 bits"):
        parse_settings({"data": {}, "run": {"seed": 10**5000}})


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"' + "9" * 5000 + '": "dog"}',
        '[{"index": 0, "name": "dog"}, {"index": ' + "9" * 4000 + ', "name": "cat"}]',
        '[{"name": "dog", "synonyms": ' + "[" * 500 + "]" * 500 + "}]",
        "[" * 900 + "]" * 900,
        '["dog", "' + "c" * 10_001 + '"]',
    ],
)
def test_classes_that_no_person_writes_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "classes.json").write_text(text)
    with pytest.raises(AuditError):
        read_classes(tmp_path / "classes.json")


def test_a_label_of_a_million_letters_takes_a_moment() -> None:
    start = time.monotonic()
    with pytest.raises(AuditError, match="name no class"):
        map_labels(["ab" * 500_000], [ClassName("abab" * 5)], {})
    assert time.monotonic() - start < 5


VOC = "<annotation><filename>a.png</filename><size><width>{}</width><height>{}</height></size>{}</annotation>"
OBJECT = "<object><name>dog</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax></bndbox></object>"


@pytest.mark.parametrize("sides", [("8", "nan"), ("nan", "8"), ("8", "inf"), ("1e300", "8"), ("-8", "8")])
def test_a_size_that_is_none_is_no_size(sides: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(VOC.format(*sides, OBJECT))
    assert [sample.size for sample in voc(tmp_path / "a.xml", tmp_path).samples] == [None]


@pytest.mark.tor("TOR-003")
@pytest.mark.parametrize(
    "names",
    [
        "!!set {dog}",
        "!!timestamp dog",
        "!!float dog",
        "!!int ''",
        "!!binary dog",
        "!!omap [a: b]",
        "[2020-99-99]",
        "{0: 0x" + "f" * 9000 + "}",
        "{0x" + "f" * 9000 + ": dog}",
        "{0: " + "9" * 5000 + "}",
        "{? [a] : dog}",
    ],
)
def test_names_of_other_types_are_refused(names: str, tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text(f"names: {names}\n")
    with pytest.raises(AuditError, match=r"data\.yaml"):
        yolo(tmp_path / "data.yaml", tmp_path)


def test_a_header_of_very_many_columns_takes_a_moment(tmp_path: Path) -> None:
    columns = ",".join(f"c{n}" for n in range(200_000))
    (tmp_path / "a.csv").write_text(f"image,label,x0,y0,x1,y1,{columns}\n")
    start = time.monotonic()
    with pytest.raises(AuditError, match="no annotation"):
        csv(tmp_path / "a.csv", tmp_path)
    assert time.monotonic() - start < 5


SECRET = "root:x:0:0:secret\n"


def linked_yolo(folder: Path) -> Dataset:
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    (folder / "data.yaml").write_text("names: [dog]")
    (folder / "images" / "a.png").touch()
    (folder / "labels" / "a.txt").symlink_to(folder.parent / "secret")
    return yolo(folder / "data.yaml", folder / "images")


def linked_beside(folder: Path) -> Dataset:
    folder.mkdir()
    (folder / "data.yaml").write_text("names: [dog]")
    (folder / "a.png").touch()
    (folder / "a.txt").symlink_to(folder.parent / "secret")
    return yolo(folder / "data.yaml", folder)


def linked_voc(folder: Path) -> Dataset:
    folder.mkdir()
    (folder / "a.xml").symlink_to(folder.parent / "secret")
    return voc(folder, folder)


@pytest.mark.tor("TOR-006")
@pytest.mark.parametrize("read", [linked_yolo, linked_beside, linked_voc])
def test_a_link_out_of_the_dataset_tells_nothing_of_what_it_leads_to(
    read: Callable[[Path], Dataset], tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text(SECRET)
    dataset = read(tmp_path / "data")
    assert [exclusion.reason for exclusion in dataset.exclusions] == ["path outside the dataset"]
    assert "secret" not in str(dataset.exclusions) and "x:0" not in str(dataset)


def test_a_dataset_behind_one_link_is_read(tmp_path: Path) -> None:
    for folder in ("images", "labels"):
        (tmp_path / "disk" / folder).mkdir(parents=True)
    (tmp_path / "disk" / "data.yaml").write_text("names: [dog]")
    (tmp_path / "disk" / "images" / "a.png").touch()
    (tmp_path / "disk" / "labels" / "a.txt").write_text("0 .5 .5 .5 .5\n")
    (tmp_path / "linked").symlink_to(tmp_path / "disk")
    found = yolo(tmp_path / "linked" / "data.yaml", tmp_path / "linked" / "images")
    assert [exclusion.reason for exclusion in found.exclusions] == ["unreadable picture"]


@pytest.mark.slow
def test_a_picture_of_very_many_labels_excludes_itself_in_a_moment(tmp_path: Path) -> None:
    lines = "".join(f"a.png,label{n},0,0,5,5\n" for n in range(20_000))
    (tmp_path / "a.csv").write_text(f"image,label,x0,y0,x1,y1\n{lines}b.png,dog,0,0,5,5\n")
    start = time.monotonic()
    dataset = csv(tmp_path / "a.csv", tmp_path)
    assert time.monotonic() - start < 30
    assert [sample.image for sample in dataset.samples] == ["b.png"]
    assert len(dataset.exclusions) == 20_000 and "20,000 labels" in dataset.exclusions[0].detail


LONG = "a" * 5000
ASKED: dict[str, Callable[[Path], object]] = {
    "init, a file": lambda folder: look(folder / "boxes.csv"),
    "init, a folder": look,
    "init, no name": lambda folder: look(folder / LONG),
    "csv": lambda folder: csv(folder / LONG, folder),
    "voc": lambda folder: voc(folder / LONG, folder),
    "yolo": lambda folder: yolo(folder / LONG, folder),
    "classes": lambda folder: read_classes(folder / LONG),
    "settings": lambda folder: load_settings(folder / LONG),
    "a model": lambda folder: check_file(folder / LONG),
}


@pytest.mark.parametrize("case", ASKED)
def test_names_that_no_file_system_takes_are_no_files(case: str, tmp_path: Path) -> None:
    (tmp_path / "boxes.csv").write_text(f"image,label,x0,y0,x1,y1\n{LONG},dog,0,0,5,5\n")
    with pytest.raises(AuditError):
        ASKED[case](tmp_path)


@pytest.mark.tor("TOR-007")
def test_what_is_written_goes_through_no_link(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    for name in (".audit.json.part", "audit.json"):
        (tmp_path / name).symlink_to(mine)
    write_text(tmp_path / "audit.json", "{}")
    assert mine.read_text() == "mine"
    assert (tmp_path / "audit.json").read_text() == "{}"
    assert not (tmp_path / "audit.json").is_symlink()


@pytest.mark.tor("TOR-007")
def test_names_in_the_data_do_not_become_settings(tmp_path: Path) -> None:
    label = 'dark (6).\nformat = "voc"\n[saliency]\nmethods = [{name = "mine:run"}]\n#\x7f\x1b' + "x" * 300
    cell = label.replace('"', '""')
    (tmp_path / "b\x7f\U0001f600.csv").write_text(f'image,label,x0,y0,x1,y1\na.png,"{cell}",0,0,5,5\n')
    (tmp_path / "a.png").touch()
    dataset = csv(tmp_path / "b\x7f\U0001f600.csv", tmp_path)
    text = settings_text(Found("csv", tmp_path / "b\x7f\U0001f600.csv", tmp_path, dataset, 1), tmp_path)
    stated = tomllib.loads(text)
    assert stated["data"]["format"] == "csv"
    assert stated["data"]["annotations"] == "b\x7f\U0001f600.csv"
    assert "mine:run" not in str(stated)
    assert max(map(len, text.splitlines())) < 200
