"""Settings: validated as a whole, with errors that name the key and suggest the right one."""

from pathlib import Path
from typing import Any

import pytest

from audit.errors import AuditError
from audit.settings import load_settings, parse_settings

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
