"""`init` tries every format on every file: the right one takes it, and no other claims it."""

import json
import shutil
import time
from pathlib import Path

import pytest

from audit import registry
from audit.datasets import annotation_files, discover
from audit.datasets.discover import Found, look
from audit.errors import AuditError
from audit.files import read_regular
from audit.starter.settings_text import settings_text
from fixtures.scene import Scene, write_scene

CSV = ("csv", "gtsrb", "imagenet", "lard", "open_images")
JSON = ("coco", "fiftyone", "label_studio", "labelme")
KINDS = registry.names("audit.models.kinds")
OTHERS = {"image_folder", "oxford_pet", "parquet", "webdataset"}
FORMATS = [name for name in registry.names("audit.datasets.formats") if name not in OTHERS]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return write_scene(tmp_path_factory.mktemp("scene"))


def attempts(place: Path) -> list[object]:
    return list(discover._attempts(place, discover._candidates(place)))


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_found_and_claimed_by_no_other(scene: Scene, name: str) -> None:
    place = scene.annotations[name]
    found = look(place)
    assert (found.format, found.annotations, found.images) == (name, place, scene.images)
    assert found.present == (7 if name != "lard" else 4)  # without its option LARD knows one label
    assert {attempt.format for attempt in attempts(place) if isinstance(attempt, Found)} == {name}


def test_the_settings_name_every_kind_of_model_there_is(scene: Scene, tmp_path: Path) -> None:
    text = settings_text(look(scene.annotations["csv"]), tmp_path)
    comment = text[text.index("A model kind, as") : text.index("# Most networks of PyTorch")].replace("\n# ", " ")
    listing = comment.partition("shows it: ")[2].rstrip("\n.").replace(" and ", ", ")
    assert listing.split(", ") == KINDS
    assert max(map(len, text.splitlines())) <= 120


def test_imagenet_s_xml_is_found_as_such(tmp_path: Path) -> None:
    scene = write_scene(tmp_path)
    place = scene.annotations["voc"]
    (place / "below" / "many.xml").unlink()  # its path would be in the XML alone
    for path in place.glob("*.xml"):
        path.write_text(path.read_text().replace(".png</filename>", "</filename>").replace(".jpg</f", "</f"))
    assert (look(place).format, look(place).present) == ("imagenet", 4)
    assert {attempt.format for attempt in attempts(place) if isinstance(attempt, Found)} == {"imagenet"}


def test_a_folder_is_tried_however_many_files_it_holds(tmp_path: Path) -> None:
    for number in range(discover.LOOKED_AT + 1):
        shape = {"label": "cat", "points": [[0, 0], [2, 2]], "shape_type": "rectangle"}
        (tmp_path / f"{number:03}.json").write_text(json.dumps({"shapes": [shape], "imagePath": f"{number:03}.png"}))
        (tmp_path / f"{number:03}.png").touch()
    found = look(tmp_path)
    assert (found.format, found.annotations, found.present) == ("labelme", tmp_path, discover.LOOKED_AT + 1)


def test_what_no_folder_of_pictures_would_change_is_read_once_a_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        (tmp_path / f"images{number}").mkdir()
        (tmp_path / f"images{number}" / "a.png").touch()
    (tmp_path / "a.json").write_text('{"images": []}')
    read: list[Path] = []

    def reading(path: Path, most: int) -> bytes:
        read.append(path)
        return read_regular(path, most)

    monkeypatch.setattr(annotation_files, "read_regular", reading)
    with pytest.raises(AuditError, match="no format reads a dataset here"):
        look(tmp_path / "a.json")
    assert len(read) <= len(FORMATS)
    (tmp_path / "b.csv").write_text("x\n")
    read.clear()
    with pytest.raises(AuditError, match="no format reads a dataset here"):
        look(tmp_path)
    files = [path.name for path in read if path.is_file()]
    assert files.count("a.json") == len(JSON) + 1, "LabelMe reads the folder too"
    assert files.count("b.csv") == len(CSV)
    assert len(files) == len(JSON) + 1 + len(CSV)


def test_a_large_file_of_another_kind_is_refused_at_once(tmp_path: Path) -> None:
    numbers = ",".join(map(str, range(3_000_000)))
    (tmp_path / "coco.json").write_text(f'{{"annotations": [{numbers}]}}')
    for name in ("label_studio", "labelme", "fiftyone"):
        start = time.process_time()
        with pytest.raises(AuditError, match=r"coco\.json: (nowhere says|starts with)"):
            registry.resolve("audit.datasets.formats", name)(tmp_path / "coco.json", tmp_path)
        assert time.process_time() - start < 1, name


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "lard"])
def test_each_format_is_found_some_folders_deep(name: str, tmp_path: Path) -> None:
    home = tmp_path / "top" / "first" / "second"
    scene = write_scene(home)
    kept = {scene.images, scene.annotations[name], home / "labels"} | {scene.annotations[name].parent} - {home}
    for entry in home.iterdir():
        if entry not in kept:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    found = look(tmp_path / "top")
    assert (found.format, found.present) == (name, 7)
    again = registry.resolve("audit.datasets.formats", name)(found.annotations, found.images)
    assert again.samples == found.dataset.samples, "the settings read the same"
