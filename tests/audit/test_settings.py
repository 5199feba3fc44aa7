"""Settings: validated as a whole, with errors that name the key and suggest the right one."""

from pathlib import Path
from typing import Any

import pytest

from audit.errors import AuditError
from audit.settings import intact_settings, load_settings, parse_settings

DATA = {"format": "csv", "annotations": "boxes.csv", "images": "images"}


@pytest.mark.tor("TOR-010")
@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({}, r"settings: data is missing\."),
        (
            {"data": {"format": "csv", "anotations": "boxes.csv", "images": "images"}},
            r"settings: data\.annotations is missing; there is 'anotations': did you mean 'annotations'\?$",
        ),
        (
            {"data": {"images": "images", "annotations": "a", "max_box_share": 1}},
            r"settings: data\.format is missing\.$",
        ),
        ({"data": DATA, "model": {"knd": "factory"}}, r"model\.kind is missing; there is 'knd': did you mean 'kind'\?"),
        (
            {"data": DATA, "saliency": {"methods": ["gradient", {"nmae": "smoothgrad"}]}},
            r"saliency\.methods\.1\.name is missing; there is 'nmae': did you mean 'name'\?",
        ),
        ({"data": DATA, "salency": {}}, r"settings: no key 'salency'; did you mean 'saliency'\?"),
        ({"data": DATA, "saliency": {"reducton": "l2"}}, r"no key 'saliency\.reducton'; did you mean 'reduction'\?"),
        ({"data": DATA, "preprocessing": {"croop": 3}}, r"no key 'preprocessing\.croop'; did you mean 'crop'\?"),
        ({"data": DATA, "saliency": {"methods": []}}, r"saliency\.methods = \[\]: .* at least 1 item"),
        ({"data": DATA, "saliency": {"methods": ["gradient", "gradient"]}}, "'gradient' appears twice"),
        ({"data": DATA, "run": {"batch_size": 0}}, r"run\.batch_size = 0: Input should be greater than 0"),
        ({"data": DATA, "saliency": {"score": "logits"}}, r"saliency\.score = 'logits': Input should be"),
        ({"data": {**DATA, "max_box_share": 1.5}}, r"data\.max_box_share = 1\.5"),
    ],
)
def test_what_is_wrong_is_named(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(AuditError, match=message):
        parse_settings(raw)


@pytest.mark.tor("TOR-010")
def test_files_that_cannot_be_settings(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=r"none\.toml: no such file; need a settings file\. Write one"):
        load_settings(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[data\n")
    with pytest.raises(AuditError, match=r"broken\.toml: cannot be read \(.*line 1"):
        load_settings(broken)
    broken.write_text('folder = "x"\n')
    with pytest.raises(AuditError, match="no key 'folder'"):
        load_settings(broken)


def test_a_name_is_a_method_and_a_label_defaults_to_it() -> None:
    settings = parse_settings(
        {"data": DATA, "saliency": {"methods": ["gradient", {"name": "gradient", "label": "again", "score": "logit"}]}}
    )
    assert [(entry.name, entry.label) for entry in settings.saliency.methods] == [
        ("gradient", "gradient"),
        ("gradient", "again"),
    ]
    assert [entry.label for entry in settings.saliency.null_maps] == ["uniform", "centre", "edges", "random_model"]


@pytest.mark.tor("TOR-057")
def test_the_record_keeps_no_host_path_and_no_worker_count(tmp_path: Path) -> None:
    raw = {"data": {**DATA, "images": str(tmp_path / "images")}, "model": {"kind": "x", "weights": "/a/b/w.pth"}}
    kept = parse_settings(raw).recorded()
    assert kept["data"]["images"] == "images"
    assert kept["model"]["weights"] == "w.pth"
    assert "workers" not in kept["run"]
    assert "folder" not in kept


@pytest.mark.tor("TOR-010")
def test_all_that_is_wrong_is_said_at_once() -> None:
    raw = {
        "titel": "x",
        "data": {**DATA, "max_box_share": 2},
        "model": {"knd": "factory"},
        "preprocessing": {"resize": [1, "a"], "croop": 3, "mean": "x"},
        "saliency": {"methods": ["gradient", {"nmae": "smoothgrad"}], "score": "logits"},
        "run": {"batch_size": 0, "seed": -1},
    }
    with pytest.raises(AuditError) as caught:
        parse_settings(raw)
    lines = str(caught.value).splitlines()
    assert lines[0] == "settings: 10 problems:"
    assert [line.partition(": ")[2] for line in lines[1:]] == [
        "model.kind is missing; there is 'knd': did you mean 'kind'?",
        "data.max_box_share = 2: Input should be less than or equal to 1.",
        "preprocessing.resize = 'a': Input should be a valid integer, unable to parse string as an integer.",
        "preprocessing.mean: 'x'; need a number, or a list of them.",
        "no key 'preprocessing.croop'; did you mean 'crop'?",
        "saliency.methods.1.name is missing; there is 'nmae': did you mean 'name'?",
        "saliency.score = 'logits': Input should be 'log_probability', 'probability' or 'logit'.",
        "run.batch_size = 0: Input should be greater than 0.",
        "run.seed = -1: Input should be greater than or equal to 0.",
        "no key 'titel'; did you mean 'title'?",
    ]
    assert len(caught.value.parts) == 10


def test_what_is_right_beside_what_is_wrong_is_kept() -> None:
    raw = {"data": {**DATA, "min_visible": 7}, "run": 3, "judge": {"profile": "mine.toml"}, "nothing": {}}
    intact = intact_settings(raw)
    assert intact is not None
    assert (intact.data.min_visible, intact.judge.profile) == (0.25, "mine.toml")
    assert intact_settings({"run": {"seed": 1}}) is None
    assert intact_settings({"data": 3}) is None


@pytest.mark.parametrize(
    ("table", "mean", "std"),
    [
        ({"mean": 0.5, "std": 1}, (0.5,) * 3, (1.0,) * 3),
        ({"mean": 0.5, "std": [0.1, 0.2, 0.3]}, (0.5,) * 3, (0.1, 0.2, 0.3)),
        ({"channels": 1, "mean": 0.5, "std": [0.2]}, (0.5,), (0.2,)),
    ],
)
def test_one_number_stands_for_every_channel(table: dict[str, Any], mean: object, std: object) -> None:
    preprocessing = parse_settings({"data": DATA, "preprocessing": table}).preprocessing
    assert preprocessing is not None
    built = preprocessing.built()
    assert (built.mean, built.std, built.channels) == (mean, std, len(built.mean))


@pytest.mark.tor("TOR-010")
@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"channels": 1}, "preprocessing: no mean for channels = 1; need one, or one for each channel"),
        ({"channels": 1, "mean": 0.5}, "no std for channels = 1"),
        ({"mean": [0.5, 0.5]}, "2 numbers in mean for channels = 3"),
        ({"channels": 2, "mean": 0.5}, r"preprocessing\.channels = 2: Input should be 1 or 3"),
        ({"std": 0}, r"preprocessing\.std = 0: Input should be greater than 0"),
    ],
)
def test_channels_that_do_not_fit(table: dict[str, Any], message: str) -> None:
    with pytest.raises(AuditError, match=message):
        parse_settings({"data": DATA, "preprocessing": table})


def test_the_tolerance_is_a_share_of_the_frame() -> None:
    with pytest.raises(AuditError, match=r"pointing_tolerance = 15: Input should be less than or equal to 0\.5"):
        parse_settings({"data": DATA, "saliency": {"pointing_tolerance": 15}})
    assert parse_settings({"data": DATA}).saliency.pointing_tolerance * 375 == 15


def test_very_many_problems_are_counted_and_not_all_listed() -> None:
    keys = {f"k{number}": 1 for number in range(3000)}
    with pytest.raises(AuditError) as caught:
        parse_settings({"data": DATA, "run": keys})
    lines = str(caught.value).splitlines()
    assert (lines[0], len(lines), lines[-1]) == ("settings: 1,000 problems:", 52, "- and 950 more.")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({1: 2}, "1 = 1: Keys should be strings"),
        ({"data": "x"}, "data = 'x': Input should be a valid table"),
        (
            {"data": DATA, "saliency": {"methods": "gradient"}},
            "saliency.methods = 'gradient': Input should be a valid list",
        ),
        ({"data": DATA, "saliency": {"methods": [3]}}, r"saliency\.methods\.0 = 3: Input should be a valid table"),
    ],
)
def test_values_of_another_kind_are_named(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(AuditError, match=message):
        parse_settings({"data": DATA, **raw})


def test_a_byte_order_mark_is_no_part_of_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "audit.toml"
    file.write_text('[data]\nformat = "csv"\nannotations = "boxes.csv"\nimages = "images"\n', encoding="utf-8-sig")
    assert load_settings(file).data.format == "csv"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"channels": True, "mean": 0.5, "std": 0.5}, r"preprocessing\.channels: true; need a number\.$"),
        ({"mean": True}, r"preprocessing\.mean: true; need a number\.$"),
        ({"std": [1.0, True, 1.0]}, r"preprocessing\.std: true; need a number\.$"),
    ],
)
def test_true_is_no_number(table: dict[str, Any], message: str) -> None:
    with pytest.raises(AuditError, match=message):
        parse_settings({"data": DATA, "preprocessing": table})
