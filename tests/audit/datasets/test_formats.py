"""The dataset formats: one scene, the same samples; boxes convert exactly; nothing escapes as another error."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from audit.datasets.displayed_boxes import displayed_boxes
from audit.datasets.formats.coco import coco
from audit.datasets.formats.csv import csv
from audit.datasets.formats.lard import lard
from audit.datasets.formats.voc import voc
from audit.datasets.formats.yolo import yolo
from audit.datasets.picture_files import open_picture
from audit.datasets.sample import Box, Dataset
from audit.errors import AuditError
from audit.registry import names, resolve
from fixtures.lard import COLUMNS
from fixtures.scene import OBJECTS, TURNED, Scene, as_shown, write_scene

FORMATS = (
    *(
        "coco",
        "csv",
        "cvat",
        "dota",
        "fiftyone",
        "gtsrb",
        "hugging_face",
        "imagenet",
        "label_studio",
        "labelme",
        "lard",
    ),
    *("open_images", "voc", "yolo"),
)
SEVERAL_FILES = {"dota": 4, "labelme": 4, "voc": 4, "yolo": 5}
SHARDS = ("parquet", "webdataset")
"""Hold their pictures themselves: test_shards.py tests them."""
ONE_OBJECT = "oxford_pet"
"""Labels pictures by their names, and has one object on each: it cannot state the scene."""
OPTIONS: dict[str, dict[str, str]] = {"lard": {"label_column": "runway"}}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return write_scene(tmp_path_factory.mktemp("scene"))


def read(scene: Scene, name: str) -> Dataset:
    dataset: Dataset = resolve("audit.datasets.formats", name)(
        scene.annotations[name], scene.images, **OPTIONS.get(name, {})
    )
    return dataset


def test_the_scene_covers_every_format(scene: Scene) -> None:
    assert sorted(scene.annotations) == list(FORMATS)
    assert {*names("audit.datasets.formats")} - {*FORMATS} == {"image_folder", ONE_OBJECT, *SHARDS}, "no boxes; or one"


@pytest.mark.tor("TOR-001")
@pytest.mark.tor("TOR-093")
@pytest.mark.parametrize("name", FORMATS)
def test_same_scene_equal_samples(scene: Scene, name: str) -> None:
    dataset, reference = read(scene, name), read(scene, "csv")
    assert not dataset.exclusions
    assert len(reference.samples) == 7
    bare = [replace(sample, metadata={}).without_masks() for sample in dataset.samples]
    assert [s for s in bare if s.image != TURNED] == [s for s in reference.samples if s.image != TURNED]


@pytest.mark.tor("TOR-001")
@pytest.mark.tor("TOR-093")
@pytest.mark.parametrize("name", FORMATS)
def test_shown_boxes_are_the_drawn_ones(scene: Scene, name: str) -> None:
    """Also of the turned picture, whose boxes COCO, CSV, ImageNet and LARD state as stored, all others as shown."""
    for sample in read(scene, name).samples:
        boxes, others = displayed_boxes(sample, open_picture(scene.images / sample.image, scene.images).header)
        drawn = [(label, as_shown(image, box)) for image, label, box in OBJECTS if image == sample.image]
        assert boxes == tuple(box for label, box in drawn if label == sample.label)
        assert sorted(others) == sorted(box for label, box in drawn if label != sample.label)


@pytest.mark.tor("TOR-057")
@pytest.mark.parametrize("name", FORMATS)
def test_the_files_that_were_read_are_named(scene: Scene, name: str) -> None:
    files = read(scene, name).files
    assert len(files) == SEVERAL_FILES.get(name, 1)
    assert all(file.is_file() for file in files)


def test_one_voc_file_alone(scene: Scene) -> None:
    dataset = voc(scene.annotations["voc"] / "one.xml", scene.images)
    assert [(s.image, s.label, s.boxes) for s in dataset.samples] == [("one.png", "disc", ((8, 16, 40, 48),))]


def test_stated_sizes(scene: Scene) -> None:
    sizes = {name: {s.image: s.size for s in read(scene, name).samples}[TURNED] for name in FORMATS}
    stored = {"coco": (64, 32), "csv": None, "dota": None, "imagenet": None, "lard": (64, 32)}
    assert sizes == {name: stored.get(name, (32, 64)) for name in FORMATS}


SPAN = st.tuples(st.integers(0, 400), st.integers(0, 400)).map(lambda ends: (min(ends), max(ends) + 1))
CORNERS = st.tuples(SPAN, SPAN).map(lambda spans: (spans[0][0], spans[1][0], spans[0][1], spans[1][1]))
CATEGORIES = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]


def coco_file(folder: Path, *annotations: object, **image: object) -> Path:
    path = folder / "coco.json"
    images = [{"id": 1, "file_name": "a.jpg", **image}]
    document = {"images": images, "categories": CATEGORIES, "annotations": list(annotations)}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def only_box(dataset: Dataset) -> Box:
    (sample,) = dataset.samples
    (box,) = sample.boxes
    return box


@pytest.mark.slow
@given(CORNERS)
def test_round_trips(tmp_path_factory: pytest.TempPathFactory, box: tuple[int, int, int, int]) -> None:
    folder = tmp_path_factory.getbasetemp()
    x0, y0, x1, y1 = box
    (folder / "a.csv").write_text(f"image,label,x0,y0,x1,y1\na.jpg,cat,{x0},{y0},{x1},{y1}\n", encoding="utf-8")
    assert only_box(csv(folder / "a.csv", folder)) == box
    entry = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [x0, y0, x1 - x0, y1 - y0]}
    assert only_box(coco(coco_file(folder, entry), folder)) == box
    corners = f"<xmin>{x0 + 1}</xmin><ymin>{y0 + 1}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax>"
    entries = f"<object><name>cat</name><bndbox>{corners}</bndbox></object>"
    (folder / "a.xml").write_text(f"<annotation><filename>a.jpg</filename>{entries}</annotation>", encoding="utf-8")
    assert only_box(voc(folder / "a.xml", folder)) == box


@pytest.mark.slow
@given(CORNERS, st.tuples(st.integers(401, 999), st.integers(401, 999)))
def test_yolo_round_trip_at_six_digits(
    tmp_path_factory: pytest.TempPathFactory, box: tuple[int, int, int, int], size: tuple[int, int]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "yolo"
    folder.mkdir(exist_ok=True)
    (x0, y0, x1, y1), (width, height) = box, size
    Image.new("1", size).save(folder / "a.png")
    shares = (x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height
    (folder / "a.txt").write_text("0 " + " ".join(f"{share:.6f}" for share in shares), encoding="utf-8")
    (folder / "data.yaml").write_text("names: {0: cat}", encoding="utf-8")
    assert only_box(yolo(folder / "data.yaml", folder)) == pytest.approx(box, abs=2e-3)


def test_coco_floats_and_metadata(tmp_path: Path) -> None:
    entry = {"id": 1, "image_id": 1, "category_id": 2, "bbox": [1.5, 2.25, 10, 20.5]}
    image: dict[str, Any] = {"width": 64, "height": 48, "license": 3, "site": "north", "night": True, "more": [1]}
    (sample,) = coco(coco_file(tmp_path, entry, **image), tmp_path).samples
    assert sample.boxes == ((1.5, 2.25, 11.5, 22.75),)
    assert sample.metadata == {"site": "north", "night": "True"}
    assert sample.size == (64, 48)


def test_csv_metadata_of_several_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    lines = ["label,image, x0,y0,x1,y1,site,id", "cat,a.jpg,0,0,9,9,north,1", "cat,./a.jpg,1,1,5,5,north,2", ""]
    path.write_text("\ufeff" + "\r\n".join(lines), encoding="utf-8")
    (sample,) = csv(path, tmp_path).samples
    assert sample.image == "a.jpg"
    assert sample.boxes == ((0, 0, 9, 9), (1, 1, 5, 5))
    assert sample.metadata == {"site": "north", "id": "1|2"}


def test_a_crowd_excludes_its_sample_and_no_other(tmp_path: Path) -> None:
    first = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5], "iscrowd": 1}
    second = {"id": 2, "image_id": 1, "category_id": 2, "bbox": [0, 0, 5, 5], "iscrowd": 0}
    dataset = coco(coco_file(tmp_path, first, second), tmp_path)
    assert [(e.label, e.reason) for e in dataset.exclusions] == [("cat", "crowd region")]
    assert [(s.label, s.other_boxes) for s in dataset.samples] == [("dog", ())]


def test_yolo_labels_beside_the_pictures_and_pictures_without_objects(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        Image.new("L", (8, 8)).save(tmp_path / name)
    (tmp_path / "a.txt").write_text("1 0.5 0.5 0.5 0.5\n", encoding="utf-8")
    (tmp_path / "b.txt").write_text("\n", encoding="utf-8")
    (tmp_path / "data.yaml").write_text("names: [cat, dog]", encoding="utf-8")
    dataset = yolo(tmp_path / "data.yaml", tmp_path)
    assert [(s.image, s.label, s.boxes) for s in dataset.samples] == [("a.png", "dog", ((2, 2, 6, 6),))]
    assert not dataset.exclusions
    assert [file.name for file in dataset.files] == ["data.yaml", "a.txt", "b.txt"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ENTRY = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("id", "image_id", "category_id", "bbox", "iscrowd", "width", "file_name", "name"), JSON),
)


@pytest.mark.slow
@pytest.mark.tor("TOR-003")
@given(st.lists(ENTRY | JSON, max_size=3), ENTRY, ENTRY)
def test_no_json_escapes_as_another_error(
    tmp_path_factory: pytest.TempPathFactory,
    annotations: list[object],
    image: dict[str, object],
    good: dict[str, object],
) -> None:
    folder = tmp_path_factory.getbasetemp()
    known = {"id": 1, "file_name": "a.jpg"}
    document = {
        "images": [known, {**image, "id": 2}],
        "categories": CATEGORIES,
        "annotations": [*annotations, {"id": "x", "image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5], **good}],
    }
    path = folder / "fuzz.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    try:
        dataset = coco(path, folder)
    except AuditError as error:
        assert "fuzz.json" in str(error)
    else:
        assert len(dataset.samples) + len(dataset.exclusions) >= 1
        assert all(x0 < x1 and y0 < y1 for s in dataset.samples for x0, y0, x1, y1 in s.boxes)


@pytest.mark.slow
@pytest.mark.tor("TOR-003")
@given(st.binary(max_size=200))
def test_no_bytes_escape_as_another_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.getbasetemp() / "bytes"
    folder.mkdir(exist_ok=True)
    lard_header = (";".join(COLUMNS) + "\n").encode()
    starts = ((coco, b""), (csv, b"image,label,x0,y0,x1,y1\n"), (lard, lard_header), (voc, b"<annotation>"))
    for form, start in (*starts, (yolo, b"names: ")):
        path = folder / "annotations"
        path.write_bytes(start + data)
        try:
            form(path, folder)
        except AuditError as error:
            assert str(error)


@pytest.mark.tor("TOR-003")
def test_deep_nesting_is_an_error(tmp_path: Path) -> None:
    for form, text in ((coco, "[" * 200_000), (yolo, "names: " + "[" * 1_000)):
        path = tmp_path / "deep"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(AuditError, match="deep"):
            form(path, tmp_path)


def two_splits(folder: Path, yaml: str) -> Path:
    """Two pictures to train on and one to validate, each with a cat."""
    for place, stems in (("train", "ab"), ("val", "c")):
        for name in stems:
            for kind in ("images", "labels"):
                (folder / kind / place).mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8)).save(folder / "images" / place / f"{name}.png")
            (folder / "labels" / place / f"{name}.txt").write_text("0 .5 .5 .2 .2\n")
    (folder / "data.yaml").write_text(f"names: [cat]\n{yaml}")
    return folder / "data.yaml"


@pytest.mark.parametrize("prefix", ["", "./", "../"])
def test_yolo_says_of_each_picture_from_which_split_it_comes(tmp_path: Path, prefix: str) -> None:
    described = two_splits(tmp_path / "d", f"path: .\ntrain: {prefix}images/train\nval:\n- {prefix}images/val\n")
    samples = yolo(described, tmp_path / "d" / "images").samples
    assert {sample.image: sample.metadata for sample in samples} == {
        "train/a.png": {"split": "train"},
        "train/b.png": {"split": "train"},
        "val/c.png": {"split": "val"},
    }
    chosen = yolo(described, tmp_path / "d" / "images", split="val").samples
    assert [(sample.image, sample.metadata) for sample in chosen] == [("val/c.png", {})]


def test_yolo_of_one_split_has_no_column_for_it(tmp_path: Path) -> None:
    described = two_splits(tmp_path, "train: images/train\nval: images/val\n")
    assert all(not sample.metadata for sample in yolo(described, tmp_path / "images" / "train").samples)
    described.write_text("names: [cat]\ntrain: images\nval: 7\ntest: [[x], '']\n")
    assert all(not sample.metadata for sample in yolo(described, tmp_path / "images").samples)


def test_yolo_refuses_a_split_that_it_cannot_tell(tmp_path: Path) -> None:
    described = two_splits(tmp_path, "train: images/train\nval: images/val\ntest: images/none\n")
    with pytest.raises(AuditError, match=r"data.yaml: names no split 'vall' by a folder; did you mean 'val'\?"):
        yolo(described, tmp_path / "images", split="vall")
    with pytest.raises(AuditError, match=r"no picture below data.images lies in the folder of the split 'test'"):
        yolo(described, tmp_path / "images", split="test")
