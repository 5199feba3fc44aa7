"""What the settings name and is not there is said at once, and nothing is run to learn it."""

from pathlib import Path

from audit.engine.named_things import name_problems
from audit.settings import parse_settings


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
