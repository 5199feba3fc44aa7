"""What the settings name and is not there is said at once, and nothing is run to learn it."""

from pathlib import Path
from typing import Any

import pytest

from audit.engine.named_things import name_problems
from audit.models.open_model import kind_of
from audit.settings import parse_settings
from audit.settings_tables import ModelTable


def said(tmp_path: Path, function: str) -> list[str]:
    raw = {
        "data": {"format": "csv", "annotations": "boxes.csv", "images": "images"},
        "model": {"kind": "factory", "function": function, "classes": "classes.txt"},
    }
    return [str(problem) for problem in name_problems(parse_settings(raw, tmp_path))]


def test_a_module_that_is_not_there_is_among_the_problems(tmp_path: Path) -> None:
    problems = said(tmp_path, "nomod.nets:x")
    assert len(problems) == 4
    assert any(
        problem.startswith("nomod.nets:x: cannot be imported (No module named 'nomod'); need") for problem in problems
    )


def test_a_module_beside_the_settings_is_found_and_not_run(tmp_path: Path) -> None:
    (tmp_path / "nets_that_stay.py").write_text("raise RuntimeError('this ran')")
    assert not any("imported" in problem for problem in said(tmp_path, "nets_that_stay:x"))


def test_an_installed_module_is_found(tmp_path: Path) -> None:
    assert not any("imported" in problem for problem in said(tmp_path, "torch.nn:Linear"))


@pytest.mark.parametrize(
    ("options", "is_a_file"),
    [
        ({"kind": "torchvision", "name": "resnet18"}, False),
        ({"kind": "torchvision", "name": "resnet18", "weights": "IMAGENET1K_V2"}, False),
        ({"kind": "torchvision", "name": "resnet18", "weights": "own.PTH"}, True),
        ({"kind": "torchvision", "name": "resnet18", "weights": "below/own"}, True),
        ({"kind": "torchvision", "name": "resnet18", "weights": "there"}, True),
        ({"kind": "timm", "name": "resnet18", "weights": "own"}, True),
        ({"kind": "keras", "path": "own"}, True),
        ({"kind": "transformers", "path": "a_folder"}, True),
    ],
    ids=str,
)
def test_what_an_option_says_is_a_file_unless_its_kind_takes_names(
    options: dict[str, Any], is_a_file: bool, tmp_path: Path
) -> None:
    (tmp_path / "there").touch()
    key = "path" if "path" in options else "weights"
    given = Path(options.get(key, "DEFAULT"))
    assert kind_of(ModelTable.model_validate(options), tmp_path)[1][key] == (tmp_path / given if is_a_file else given)
    raw = {"data": {"format": "csv", "annotations": "boxes.csv", "images": "images"}, "model": options}
    problems = [str(problem) for problem in name_problems(parse_settings(raw, tmp_path))]
    missing = f"{given.name}: no such file or folder; need the file of the model."
    assert (missing in problems) == (is_a_file and given.name != "there")
