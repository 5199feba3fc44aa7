"""What the program says of the machine, and of what is missing."""

import json
import sys
from typing import Any

import pytest

from audit.cli import doctor as command
from audit.cli import installation
from audit.cli.installation import Extra, Missing, extras, missing_packages
from audit.cli.main import main

DECLARED = [
    "numpy>=2.0",
    "absent-package>=1.0",
    'onnx>=1.21; extra == "onnx"',
    'timm>=99; extra == "timm"',
    "elsewhere>=2; sys_platform == 'nowhere' and extra == \"tf\"",
    'numpy>=1; extra == "tf"',
    'saliency-audit[onnx,timm]; extra == "models"',
    'pytest>=8; extra == "test"',
]
INSTALLED = {"numpy": "2.3.0", "timm": "1.0.31", "pytest": "9.0"}


@pytest.fixture(autouse=True)
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "requires", lambda _: DECLARED)
    monkeypatch.setattr(installation, "installed_version", lambda package: INSTALLED.get(package, ""))


def told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["saliency-audit", "doctor", *words])
    with pytest.raises(SystemExit) as stop:
        main()
    return int(stop.value.code or 0), capsys.readouterr().out


def test_what_is_missing_is_told_apart_from_what_is_too_old_and_from_what_another_system_takes() -> None:
    assert missing_packages() == (Missing("absent-package", "absent-package>=1.0", ""),)
    assert extras() == (
        Extra("onnx", (Missing("onnx", "onnx>=1.21", ""),)),
        Extra("timm", (Missing("timm", "timm>=99", "1.0.31"),)),
        Extra("tf", ()),
    )


def test_without_a_package_that_all_need_it_leaves_with_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, text = told(capsys, monkeypatch)
    assert code == 2
    assert "Nothing works without absent-package>=1.0. pip install 'absent-package>=1.0'" in text
    assert "For timm: pip install 'saliency-audit[timm]'" in text
    assert "missing: timm>=99 (here: 1.0.31)" in text
    assert "pytest" not in text
    monkeypatch.setattr(installation, "requires", lambda _: DECLARED[:1])
    code, text = told(capsys, monkeypatch)
    assert code == 0
    assert "missing" not in text


def test_machines_get_the_same_as_json(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr(command, "devices", lambda: {"torch": "2.14", "threads": 1, "cuda": ["H200"]})
    code, text = told(capsys, monkeypatch, "--json")
    found: dict[str, Any] = json.loads(text)
    assert (code, found["cuda"], found["chromium"], found["extras"]["tf"]) == (2, ["H200"], None, [])
    assert found["missing"] == [{"package": "absent-package", "asked": "absent-package>=1.0", "installed": ""}]
    assert found["cores"] >= 1
    assert found["free_disk_gib"] > 0


def test_without_torch_the_rest_is_still_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "requires", lambda _: ["torch>=2.6"])
    monkeypatch.setattr(command, "devices", lambda: pytest.fail("torch is missing"))
    code, text = told(capsys, monkeypatch)
    assert code == 2
    assert "Nothing works without torch>=2.6." in text
    assert "GPU" in text
    assert "unknown" in text
