"""The file that `init` writes: every key there is, and what stands there is what would be without it."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from audit import registry
from audit.datasets.discover import Found, look
from audit.datasets.preprocessing import Preprocessing
from audit.settings import Settings, parse_settings
from audit.settings_tables import PreprocessingTable
from audit.starter.keys import keys_of, table_of
from audit.starter.model_start import ModelStart, keys_of_preprocessing, named_start
from audit.starter.settings_text import MOST_CLASSES, settings_text
from fixtures.scene import write_scene
from fixtures.shapes import write_shapes

TABLES = {name: table for name, field in Settings.model_fields.items() if (table := table_of(field))}


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder = tmp_path_factory.mktemp("starter")
    write_shapes(folder / "data", 6)
    return look(folder / "data" / "boxes.csv")


def uncommented(text: str) -> dict[str, Any]:
    """What the file would say with the # of every key and table taken away."""
    names = {key.name for table in TABLES.values() for key in keys_of(table)} | {"split", "names"}
    lines, inside = [], False
    for line in text.splitlines():
        bare = line.removeprefix("# ")
        is_key = bare.partition(" = ")[0] in names and " = " in bare
        inside = inside or (is_key and bare.endswith("= ["))
        if is_key or inside or bare == "[preprocessing]" or not line.startswith("#"):
            lines.append(bare)
        inside = inside and bare != "]"
    return tomllib.loads("\n".join(lines))


@pytest.mark.tor("TOR-120")
def test_every_key_stands_there_with_a_value_that_is_one(shapes: Found, tmp_path: Path) -> None:
    raw = uncommented(settings_text(shapes, tmp_path))
    for name, table in TABLES.items():
        assert {key.name for key in keys_of(table)} <= raw[name].keys()
    assert raw["title"] == Settings.model_fields["title"].default
    del raw["preprocessing"]["letterbox"]  # a picture is resized or letterboxed
    parse_settings(raw, tmp_path)


@pytest.mark.tor("TOR-120")
def test_what_is_commented_out_is_the_default(shapes: Found, tmp_path: Path) -> None:
    text = settings_text(shapes, tmp_path)
    raw, stated = uncommented(text), tomllib.loads(text)
    compared = 0
    for name, table in TABLES.items():
        fields = table.model_fields
        examples = {key for key, field in fields.items() if field.examples or field.is_required()}
        shown = {key: value for key, value in raw[name].items() if key in fields.keys() - examples}
        needed = {key: raw[name][key] for key in fields if fields[key].is_required()}
        without = table.model_validate(needed).model_dump(mode="json")
        uncommented_too = table.model_validate({**needed, **shown}).model_dump(mode="json")
        assert {key: uncommented_too[key] for key in shown} == {key: without[key] for key in shown}, name
        compared += len(shown)
    assert compared > 20
    assert stated["saliency"] == stated["experiments"] == stated["run"] == {}, "the profile may still complete them"


def test_every_key_that_has_no_default_has_an_example() -> None:
    without = [
        f"{name}.{key.name}"
        for name, table in TABLES.items()
        for key in keys_of(table)
        if key.example in (None, (), "", {}) and not table.model_fields[key.name].is_required()
    ]
    assert not without, "state examples=[...] in the settings' model"


def test_explanations_are_one_sentence(shapes: Found, tmp_path: Path) -> None:
    for table in TABLES.values():
        for key in keys_of(table):
            assert key.explanation.endswith(".") and len(key.explanation) < 140, key
    assert max(map(len, settings_text(shapes, tmp_path).splitlines())) <= 120


def test_the_file_as_written_is_settings_and_the_run_asks_for_the_rest(shapes: Found, tmp_path: Path) -> None:
    stated = parse_settings(tomllib.loads(settings_text(shapes, tmp_path)), tmp_path)
    assert stated.preprocessing is None, "nobody guesses how pictures are prepared"
    assert stated.model is not None and stated.model.classes == ("dark", "light")
    assert stated.path(stated.data.images) == tmp_path / stated.data.images


@pytest.mark.tor("TOR-120")
def test_classes_come_in_the_order_of_the_annotations(tmp_path: Path) -> None:
    scene = write_scene(tmp_path)
    for name in ("yolo", "coco", "csv"):
        stated = tomllib.loads(settings_text(look(scene.annotations[name]), tmp_path))
        assert stated["model"]["classes"] == ["disc", "square", "wedge"]
    names = scene.annotations["yolo"]
    names.write_text(names.read_text().replace("disc", "zebra"))
    assert tomllib.loads(settings_text(look(names), tmp_path))["model"]["classes"] == ["zebra", "square", "wedge"]


@pytest.mark.parametrize(
    ("labels", "expected"), [(["10", "9", "2"], ["2", "9", "10"]), (["b", "10", "a"], ["10", "a", "b"])]
)
def test_numbers_are_ordered_as_numbers(labels: list[str], expected: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    rows = "".join(f"a.png,{label},{n},0,{n + 5},5\n" for n, label in enumerate(labels))
    (tmp_path / "a.csv").write_text(f"image,label,x0,y0,x1,y1\n{rows}")
    assert tomllib.loads(settings_text(look(tmp_path / "a.csv"), tmp_path))["model"]["classes"] == expected


@pytest.mark.parametrize("labels", [[f"c{n}" for n in range(MOST_CLASSES + 1)], ["a\u202eb", "c"], ["x" * 41, "y"]])
def test_classes_that_nobody_could_check_are_left_to_a_file(labels: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    rows = "".join(f"a.png,{label},0,0,5,5\n" for label in labels)
    (tmp_path / "a.csv").write_text(f"image,label,x0,y0,x1,y1\n{rows}", encoding="utf-8")
    text = settings_text(look(tmp_path / "a.csv"), tmp_path)
    assert "classes" not in tomllib.loads(text)["model"]
    assert f"# {len(labels)} classes: write their names to a file" in text


def test_options_of_the_format_are_keys_too(tmp_path: Path) -> None:
    scene = write_scene(tmp_path)
    for name in ("yolo", "voc", "open_images", "hugging_face"):
        read = registry.resolve("audit.datasets.formats", name)
        text = settings_text(look(scene.annotations[name]), tmp_path)
        for option in registry.option_schemas(read):
            assert f"# {option} = " in text


PUBLISHED: Mapping[str, Any] = {"kind": "torchvision", "name": "densenet201"}


@pytest.mark.tor("TOR-120")
def test_published_weights_say_how_pictures_are_prepared_without_a_download(shapes: Found, tmp_path: Path) -> None:
    start = named_start("torchvision:densenet201", None, tmp_path)
    assert (start.keys, start.names_classes, start.problem) == (PUBLISHED, True, None)
    stated = parse_settings(tomllib.loads(settings_text(shapes, tmp_path, start)), tmp_path)
    assert stated.preprocessing is not None
    assert stated.preprocessing.built() == Preprocessing(resize=256, crop=(224, 224))
    assert stated.model is not None and stated.model.classes is None


@pytest.mark.parametrize(
    "prepared",
    [
        Preprocessing(resize=(32, 48), mean=(0.5,) * 3, std=(0.25,) * 3),
        Preprocessing(letterbox=(64, 64), fill=0, interpolation="bicubic"),
        Preprocessing(resize=256, crop=(224, 224), mean=(0.5,), std=(0.5,)),
    ],
)
def test_a_preprocessing_comes_back_as_it_was(prepared: Preprocessing, shapes: Found, tmp_path: Path) -> None:
    start = ModelStart({"kind": "onnx", "path": Path("m.onnx")}, preprocessing=keys_of_preprocessing(prepared))
    raw = tomllib.loads(settings_text(shapes, tmp_path, start))
    assert PreprocessingTable.model_validate(raw["preprocessing"]).built() == prepared
    assert raw["model"]["path"] == "m.onnx"


def test_a_model_that_cannot_be_opened_is_named_all_the_same(shapes: Found, tmp_path: Path) -> None:
    start = named_start(f"torchscript:{tmp_path / 'none.pt'}", None, tmp_path)
    assert start.problem is not None and "none.pt" in str(start.problem)
    raw = tomllib.loads(settings_text(shapes, tmp_path, start))
    assert raw["model"] == {"kind": "torchscript", "path": "none.pt", "classes": ["dark", "light"]}
