"""Which split is audited: named by an option, asked for at a terminal, never guessed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from audit.cli.main import cli
from audit.datasets.discover import Found, look
from audit.errors import AuditError
from audit.starter.splits import reading_of, undecided


def picture(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (16, 16), (sum(path.name.encode()) % 255, 9, 9)).save(path)
    return path.name


def yolo(folder: Path) -> None:
    for split, pictures in (("train", 3), ("val", 2)):
        for number in range(pictures):
            name = picture(folder / "images" / split / f"{split}{number}.png")
            label = folder / "labels" / split / name.replace("png", "txt")
            label.parent.mkdir(parents=True, exist_ok=True)
            label.write_text(f"{number % 2} .5 .5 .5 .5\n")
    (folder / "data.yaml").write_text("path: .\ntrain: images/train\nval: images/val\nnames: [cat, dog]\n")


def coco_document(images: list[str]) -> str:
    entries = [{"id": n, "file_name": name, "width": 16, "height": 16} for n, name in enumerate(images)]
    boxes = [{"id": n, "image_id": n, "category_id": n % 2, "bbox": [2, 2, 8, 8]} for n in range(len(images))]
    return json.dumps(
        {"images": entries, "annotations": boxes, "categories": [{"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}]}
    )


def coco(folder: Path) -> None:
    """As COCO itself lies: annotations in a folder of their own, pictures in another, some folders deep."""
    for split, pictures in (("train", 3), ("val", 2)):
        names = [
            f"{n % 2}/{picture(folder / 'signs' / 'images' / split / str(n % 2) / f'{split}{n}.png')}"
            for n in range(pictures)
        ]
        file = folder / "signs" / "annotations" / f"instances_{split}2017.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(coco_document(names))


def roboflow(folder: Path) -> None:
    for split, pictures in (("train", 3), ("valid", 2)):
        names = [picture(folder / split / f"{split}{n}.png") for n in range(pictures)]
        (folder / split / "_annotations.coco.json").write_text(coco_document(names))


def csv(folder: Path) -> None:
    for split, pictures in (("train", 3), ("val", 2)):
        names = [picture(folder / "images" / f"{split}{n}.png") for n in range(pictures)]
        lines = "".join(f"{name},{'cat' if n % 2 else 'dog'},1,1,9,9\n" for n, name in enumerate(names))
        (folder / f"{split}.csv").write_text(f"image,label,x0,y0,x1,y1\n{lines}")


def folders(folder: Path) -> None:
    for split, pictures in (("train", 4), ("val", 2)):
        for number in range(pictures):
            picture(folder / split / ("cat" if number % 2 else "dog") / f"{split}{number}.png")


LAYOUTS: dict[str, Callable[[Path], None]] = {
    "yolo": yolo,
    "coco": coco,
    "roboflow": roboflow,
    "csv": csv,
    "folders": folders,
}


@pytest.mark.tor("TOR-121")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_split_is_read_alone_where_it_is_named(layout: str, tmp_path: Path) -> None:
    LAYOUTS[layout](tmp_path)
    choices = reading_of(tmp_path, None)
    assert not isinstance(choices, Found)
    assert [*choices] == ["train", "val"]
    for split in choices:
        chosen = reading_of(tmp_path, split)
        assert isinstance(chosen, Found)
        stems = {Path(sample.image).stem.rstrip("0123456789") for sample in chosen.dataset.samples}
        assert {stem.replace("valid", "val") for stem in stems} == {split}, "not a picture of another split"
        assert chosen.present == len(chosen.dataset.samples) > 1


@pytest.mark.tor("TOR-121")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_off_a_terminal_init_names_the_option(layout: str, tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "audit.toml"
    LAYOUTS[layout](data)
    with pytest.raises(
        AuditError, match=r"holds the splits train \(\d samples\) and val \(\d samples\); need the one"
    ) as error:
        CliRunner().invoke(cli, ["init", str(data), "--out", str(out)], standalone_mode=False, catch_exceptions=False)
    assert error.value.next_step == "Add --split val."
    assert not out.exists()
    done = CliRunner().invoke(cli, ["init", str(data), "--out", str(out), "--split", "val"], standalone_mode=False)
    assert done.return_value == 0, done.output
    again = CliRunner().invoke(cli, ["inspect", str(out)], standalone_mode=False)
    assert "2 samples in 2 pictures" in again.output, "the settings read the very split"


@pytest.mark.tor("TOR-121")
def test_at_a_terminal_somebody_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, out = tmp_path / "data", tmp_path / "audit.toml"
    coco(data)
    monkeypatch.setattr("audit.cli.init._at_terminal", lambda: True)
    asked = ["init", str(data), "--out", str(out)]
    done = CliRunner().invoke(cli, asked, input="tset\nval\n", standalone_mode=False, catch_exceptions=False)
    assert done.return_value == 0
    assert "val: 2 samples" in done.stderr
    assert "Which split, one that the model was not trained on? (train, val): " in done.stderr
    assert "'tset' is not one of" in done.stderr
    assert "instances_val2017.json" in out.read_text()


def test_a_split_that_is_not_there_is_refused(tmp_path: Path) -> None:
    yolo(tmp_path)
    with pytest.raises(AuditError, match="holds no split 'tset'; there is all, train, val"):
        reading_of(tmp_path, "tset")
    everything = reading_of(tmp_path, "all")
    assert isinstance(everything, Found) and len(everything.dataset.samples) == 5
    assert isinstance(reading_of(tmp_path, "validation"), Found), "as some call it"


def test_one_data_set_has_no_split(tmp_path: Path) -> None:
    csv(tmp_path)
    (tmp_path / "val.csv").unlink()
    assert isinstance(reading_of(tmp_path, None), Found)
    shutil.copy(tmp_path / "train.csv", tmp_path / "more.csv")
    with pytest.raises(AuditError, match="holds no split 'val'"):
        reading_of(tmp_path, "val")
    assert isinstance(reading_of(tmp_path / "train.csv", None), Found), "who names a file has chosen"


def test_the_unseen_split_is_the_one_that_is_proposed(tmp_path: Path) -> None:
    csv(tmp_path)
    shutil.copy(tmp_path / "val.csv", tmp_path / "test.csv")
    choices = reading_of(tmp_path, None)
    assert not isinstance(choices, Found)
    assert undecided(tmp_path, choices).next_step == "Add --split test."


def test_pictures_and_annotations_some_folders_deep_are_found(tmp_path: Path) -> None:
    coco(tmp_path)
    found = look(tmp_path)
    assert found.annotations.parent == tmp_path / "signs" / "annotations"
    assert found.images == tmp_path / "signs" / "images" / "train"
    assert look(found.annotations).images == found.images
