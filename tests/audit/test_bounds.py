"""What no machine could carry out is refused where the settings state it, and not hours later."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from torch import nn

from audit import bounds, registry
from audit.datasets.labels import class_names
from audit.datasets.preprocessing import Preprocessing
from audit.engine.measure import measure
from audit.errors import AuditError
from audit.frame_size import check_frame
from audit.models.model import Model
from audit.pipeline import run
from audit.settings import Settings, parse_settings
from docs.settings import FILE

DATA = {"format": "csv", "annotations": "boxes.csv", "images": "."}
INDICES = {"labels"}
"""Settings in which a number is a name."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "boxes.csv").write_text("image,label,x0,y0,x1,y1\na.png,cat,1,1,5,5\n")
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def integers(name: str, schema: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every whole number at any depth of a schema, with the property that it belongs to."""
    if isinstance(schema, list):
        for part in schema:
            yield from integers(name, part)
    elif isinstance(schema, dict):
        if schema.get("type") == "integer":
            yield name, schema
        for key, part in schema.items():
            named = isinstance(part, dict) and key in ("properties", "$defs")
            for inner, value in part.items() if named else [(name, part)]:
                yield from integers(inner, value)


@pytest.mark.tor("TOR-010")
def test_every_whole_number_of_the_settings_has_an_upper_bound() -> None:
    functions = {
        f"{package}.{name}": registry.resolve(package, name)
        for package in registry.packages("audit", "checks")
        for name in registry.names(package)
    }
    schemas = {name: {"properties": dict(registry.option_schemas(f))} for name, f in functions.items()}
    schemas["settings"] = Settings.model_json_schema()
    numbers = [(where, *found) for where, schema in schemas.items() for found in integers("", schema)]
    assert len(numbers) > 20
    bounding = {"maximum", "exclusiveMaximum", "enum"}
    without = [f"{where} {name}" for where, name, schema in numbers if not schema.keys() & bounding]
    assert not [entry for entry in without if entry.split()[-1] not in INDICES]


@pytest.mark.tor("TOR-010")
def test_what_no_machine_carries_out_is_said_at_once(folder: Path) -> None:
    raw = {
        "data": DATA,
        "preprocessing": {"letterbox": 10_000, "resize": [10_000, 10_000]},
        "run": {"batch_size": 10**8, "workers": 10**6},
        "experiments": {"donors": 10**9, "controls": [{"name": "planted_cue", "pictures": 10**8}]},
        "saliency": {
            "methods": [
                {"name": "smoothgrad", "samples": 10**8},
                {"name": "integrated_gradients", "steps": 10**8, "draws": 10**8},
            ]
        },
    }
    with pytest.raises(AuditError) as caught:
        run(raw, folder / "out")
    problems = [str(problem).partition("less than or equal to ")[::2] for problem in caught.value.parts]
    assert problems == [
        ("settings: preprocessing.resize = 10000: Input should be ", "4096."),
        ("settings: preprocessing.letterbox = 10000: Input should be ", "4096."),
        ("settings: experiments.donors = 1000000000: Input should be ", "10000."),
        ("settings: run.batch_size = 100000000: Input should be ", "4096."),
        ("settings: run.workers = 1000000: Input should be ", "256."),
        ("saliency method 'smoothgrad': samples = 100000000: Input should be ", "1000."),
        ("saliency method 'integrated_gradients': steps = 100000000: Input should be ", "1000."),
        ("saliency method 'integrated_gradients': draws = 100000000: Input should be ", "100."),
        ("control 'planted_cue': pictures = 100000000: Input should be ", "1000000."),
    ]


def test_a_batch_that_no_machine_holds_is_refused_by_the_settings_alone(folder: Path) -> None:
    raw = {
        "data": DATA,
        "preprocessing": {"letterbox": 4096},
        "run": {"batch_size": 64},
        "experiments": {"donors": 900},
    }
    with pytest.raises(AuditError) as caught:
        run(raw, folder / "out")
    assert [str(problem) for problem in caught.value.parts] == [
        "settings: run.batch_size = 64: 64 pictures of 4096x4096 are 1,074 megapixels; need at most 67. "
        "Set it to 4 at most, or make the pictures smaller in [preprocessing].",
        "settings: experiments.donors = 900: 900 pictures of 4096x4096 are 15,099 megapixels; need at most 2,147. "
        "Set it to 128 at most, or make the pictures smaller in [preprocessing].",
    ]


def test_pictures_that_come_as_they_are_make_a_batch_of_a_bounded_size(folder: Path) -> None:
    settings = parse_settings({"data": DATA, "run": {"batch_size": 64}}, folder)
    check_frame(settings, (9_000, 7_000), 1)
    with pytest.raises(
        AuditError, match=r"run\.batch_size = 64: 2 pictures of 7000x9000 are 126 megapixels; .* to 1 at"
    ):
        check_frame(settings, (9_000, 7_000), 2)
    with pytest.raises(
        AuditError, match=r"are 100 megapixels; need at most 67\. Lower it, or make the pictures smaller"
    ):
        check_frame(settings, (10_000, 10_000), 1)


def test_a_run_looks_at_the_size_of_the_first_picture(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.frame_size.MOST_IN_BATCH", 63)
    network = Model(nn.Sequential(nn.Flatten(), nn.Linear(192, 2)), class_names(["cat", "dog"]), Preprocessing())
    with pytest.raises(AuditError, match=r"1 pictures of 8x8 are 0 megapixels"):
        measure(parse_settings({"data": DATA}, folder), folder / "out", model=network)


@pytest.mark.parametrize("sides", [{"resize": 0}, {"letterbox": (64, 5_000)}, {"crop": (10**9, 1)}, {"resize": 10**9}])
def test_preprocessing_from_python_has_the_same_bounds(sides: dict[str, Any]) -> None:
    with pytest.raises(AuditError, match=r"preprocessing: \w+ = .*; need sides from 1 to 4,096 pixels"):
        Preprocessing(**sides)


def test_every_bound_stands_in_the_reference() -> None:
    page = FILE.read_text(encoding="utf-8")
    assert not [name for name, value in vars(bounds).items() if name.isupper() and f"| {value:,} |" not in page]
