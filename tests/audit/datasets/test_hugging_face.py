"""Hugging Face datasets as an imagefolder: boxes and categories in every shape, splits, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from audit.datasets.discover import look
from audit.datasets.formats.hugging_face import hugging_face
from audit.errors import AuditError


def written(folder: Path, *lines: dict[str, Any] | str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    (folder / "metadata.jsonl").write_text(text, encoding="utf-8")
    return folder / "metadata.jsonl"


def line(objects: Any, file: str = "a.png", **more: Any) -> dict[str, Any]:
    return {"file_name": file, "objects": objects, **more}


COLUMNS = {"bbox": [[1, 2, 10, 20], [3.5, 4, 5, 6]], "categories": ["dog", "cat"]}


@pytest.mark.tor("TOR-093")
@pytest.mark.parametrize(
    "objects",
    [
        COLUMNS,
        {"bbox": COLUMNS["bbox"], "category": ["dog", "cat"], "id": [7, 8]},
        [{"bbox": [1, 2, 10, 20], "label": "dog"}, {"bbox": [3.5, 4, 5, 6], "label": " cat "}],
        {"bbox": COLUMNS["bbox"], "category": [1, 0]},
    ],
)
def test_objects_in_every_shape(objects: Any, tmp_path: Path) -> None:
    path = written(tmp_path, line(objects, width=48, height=40, camera="left", blurred=True, tags=["x"]))
    dataset = hugging_face(path, tmp_path, names=("cat", "dog"))
    assert not dataset.exclusions
    assert {sample.label: sample.boxes for sample in dataset.samples} == {
        "dog": ((1, 2, 11, 22),),
        "cat": ((3.5, 4, 8.5, 10),),
    }
    assert {sample.size for sample in dataset.samples} == {(48, 40)}
    assert dataset.samples[0].metadata == {"camera": "left", "blurred": "True"}


def test_a_number_without_names_is_a_label_as_it_stands(tmp_path: Path) -> None:
    path = written(tmp_path, line({"bbox": [[1, 2, 3, 4]], "category": [2]}))
    assert [sample.label for sample in hugging_face(path, tmp_path).samples] == ["2"]


@pytest.mark.tor("TOR-002")
@pytest.mark.tor("TOR-006")
def test_what_cannot_be_used_excludes_its_own_sample(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        line(COLUMNS, "fine.png"),
        line(None, "none.png"),
        line({"bbox": [], "categories": []}, "empty.png"),
        line({"bbox": [[1, 2, 3, 4]], "categories": []}, "torn.png"),
        line({"bbox": [[1, 2, 3]], "categories": ["dog"]}, "short.png"),
        line({"bbox": [[1, 2, 0, 4]], "categories": ["dog"]}, "flat.png"),
        line({"bbox": [[1, 2, 3, 4]], "categories": [9]}, "number.png"),
        line({"bbox": [[1, 2, 3, 4]], "categories": ["dog"]}, "../secret.png"),
    )
    dataset = hugging_face(path, tmp_path, names=("cat", "dog"))
    assert {sample.image for sample in dataset.samples} == {"fine.png"}
    gone = {exclusion.image: (str(exclusion.reason), exclusion.detail) for exclusion in dataset.exclusions}
    assert gone["torn.png"] == (
        "broken annotation",
        "metadata.jsonl line 4: objects are {'bbox': [[1, 2, 3, 4]], 'categories': []}; need lists bbox and categories"
        " of one length.",
    )
    assert gone["short.png"][0] == "broken box" and "need four numbers x, y, width, height" in gone["short.png"][1]
    assert gone["flat.png"][0] == "broken box"
    assert gone["number.png"] == (
        "unknown label",
        "metadata.jsonl line 7 objects[0]: category 9; need a number below 2, of which there are names.",
    )
    assert gone["../secret.png"][0] == "path outside the dataset"
    assert len(gone) == 5


def test_splits_are_found_and_said(tmp_path: Path) -> None:
    for split in ("train", "test"):
        written(tmp_path / split, line(COLUMNS, f"{split}.png"))
        Image.new("RGB", (48, 40)).save(tmp_path / split / f"{split}.png")
    found = look(tmp_path)
    assert (found.format, found.annotations, found.images, found.present) == ("hugging_face", tmp_path, tmp_path, 4)
    assert {(sample.image, sample.metadata["split"]) for sample in found.dataset.samples} == {
        ("train/train.png", "train"),
        ("test/test.png", "test"),
    }


@pytest.mark.tor("TOR-003")
@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (['{"file_name": "a.png"}'], r"metadata\.jsonl: nowhere says 'objects'"),
        ([line(COLUMNS), '{"file_name": "a.png", "objects"'], r"metadata\.jsonl line 2: not JSON .*Was it saved"),
        ([{"objects": COLUMNS}], r"metadata\.jsonl line 1: .*need an object with file_name"),
        ([line(None)], r"metadata\.jsonl: no annotation; need at least one box"),
    ],
)
def test_a_file_that_cannot_be_read_as_a_whole(lines: list[Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=message):
        hugging_face(written(tmp_path, *lines), tmp_path)


ARROW = r"holds its pictures inside, as Arrow; need each picture in a file\. Write it as Parquet \(dataset\.to_parquet"
PARQUET = r"holds its pictures inside, as Parquet; need data\.format = \"parquet\"\. Name its folder as data\.images"


@pytest.mark.parametrize(("file", "message"), [("data-00000-of-00001.arrow", ARROW), ("train-00000.parquet", PARQUET)])
def test_pictures_inside_arrow_files_are_refused_with_the_way_out(file: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / file).write_bytes(b"ARROW1")
    for place in (tmp_path, tmp_path / "train", tmp_path / "train" / file):
        with pytest.raises(AuditError, match=message):
            hugging_face(place, tmp_path)
    why = r"parquet: .*(is no Parquet|install)" if message == PARQUET else rf"hugging_face: {file}: holds its pictures"
    with pytest.raises(AuditError, match=why):
        look(tmp_path)
    with pytest.raises(AuditError, match=r"no metadata\.jsonl in this folder"):
        (tmp_path / "empty").mkdir()
        hugging_face(tmp_path / "empty", tmp_path)
