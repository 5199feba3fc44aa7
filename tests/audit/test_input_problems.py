"""Everything that is wrong with settings, their data and their model file is said at once."""

import ast
from pathlib import Path

import pytest
from torch import nn

from audit import registry
from audit.errors import AuditError
from audit.input_problems import input_problems
from audit.pipeline import read_settings, run
from audit.settings import load_settings
from fixtures.shapes import network as built
from fixtures.shapes import write_shapes

KINDS = "audit.models.kinds"


def changed(settings: Path, *changes: tuple[str, str]) -> Path:
    text = settings.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    settings.write_text(text)
    return settings


def network() -> nn.Module:
    """Counts how often it is asked for."""
    CALLS.append(1)
    return built()


CALLS: list[int] = []


@pytest.mark.tor("TOR-010", "TOR-122")
def test_what_is_wrong_in_five_places_is_said_in_one_message(tmp_path: Path) -> None:
    settings = changed(
        write_shapes(tmp_path / "data", 6),
        ('["dark", "light"]', '["dark", "bright"]'),
        ('images = "images"', 'images = "images"\ncluster = "flihgt"\nignore = ["lihgt"]'),
        ("samples = 2", "sample = 2"),
        ("[preprocessing]", "[judge]"),
        ("mean = [0.5, 0.5, 0.5]", 'profile = "defualt"'),
        ("std = [0.25, 0.25, 0.25]", ""),
    )
    with pytest.raises(AuditError) as error:
        run(settings, tmp_path / "out")
    said = str(error.value)
    for part in (
        "no option 'sample'; did you mean 'samples'?",
        "no profile 'defualt'; did you mean 'default'?",
        "no [preprocessing], and the kind 'factory' does not say how pictures are prepared; need it. Add",
        "data.ignore: 'lihgt' is not a label of the dataset; did you mean 'light'?",
        "1 of 2 labels name no class of the model: 'light' (nearest: 'bright')",
        "data.cluster = 'flihgt', which 6 of 6 samples do not state",
    ):
        assert part in said
    assert len(error.value.parts) == 6
    assert all(problem.seen and problem.needed for problem in error.value.parts)
    assert not (tmp_path / "out").exists()


@pytest.mark.tor("TOR-122")
def test_a_key_that_is_wrong_does_not_hide_what_the_data_lack(tmp_path: Path) -> None:
    settings = changed(
        write_shapes(tmp_path / "data", 6), ("batch_size", "batchsize"), ('["dark", "light"]', '["dark", "bright"]')
    )
    with pytest.raises(AuditError) as error:
        read_settings(settings)
    assert "did you mean 'batch_size'?" in str(error.value)
    assert "1 of 2 labels name no class" in str(error.value)


@pytest.mark.tor("TOR-122")
def test_a_data_set_that_cannot_be_read_does_not_hide_the_model(tmp_path: Path) -> None:
    settings = changed(
        write_shapes(tmp_path / "data", 6, model='kind = "torchscript"\npath = "model.pt"\n'),
    )
    (tmp_path / "data" / "boxes.csv").write_text("image;label\n")
    (tmp_path / "data" / "model.pt").write_bytes(b"no program")
    with pytest.raises(AuditError) as error:
        run(settings, tmp_path / "out")
    assert "boxes.csv line 1: no column 'image'" in str(error.value)
    assert "model.pt" in str(error.value)
    assert len(error.value.parts) == 2


@pytest.mark.tor("TOR-122")
def test_code_of_the_user_is_not_run_where_settings_are_wrong(tmp_path: Path) -> None:
    module = "tests.audit.test_input_problems"
    settings = changed(
        write_shapes(tmp_path / "data", 6, model=f'kind = "factory"\nfunction = "{module}:network"\n'),
        ("batch_size", "batchsize"),
    )
    CALLS.clear()
    with pytest.raises(AuditError, match="batch_size"):
        run(settings, tmp_path / "out")
    assert not CALLS


def test_a_single_problem_reads_as_before(tmp_path: Path) -> None:
    settings = changed(write_shapes(tmp_path / "data", 6), ('["dark", "light"]', '["dark", "bright"]'))
    with pytest.raises(AuditError, match=r"^data: 1 of 2 labels name no class of the model") as error:
        run(settings, tmp_path / "out")
    assert not error.value.parts


def test_what_is_right_has_no_problems(tmp_path: Path) -> None:
    loaded = load_settings(write_shapes(tmp_path / "data", 6))
    assert not input_problems(loaded, None).collected


def test_what_breaks_later_is_said_alone(tmp_path: Path) -> None:
    settings = changed(write_shapes(tmp_path / "data", 6), ('["dark", "light"]', '["dark", "light", "more"]'))
    with pytest.raises(AuditError, match="returns 2 classes, but 3 class names are given") as error:
        run(settings, tmp_path / "out")
    assert not error.value.parts


@pytest.mark.parametrize("name", registry.names(KINDS))
def test_kinds_say_whether_their_files_describe_them(name: str) -> None:
    """The source of a kind that does not declare it states neither classes nor a preprocessing."""
    kind = registry.resolve(KINDS, name)
    tree = ast.parse(Path(kind.__code__.co_filename).read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Model"]
    given = [word for call in calls for word in call.keywords if word.arg in ("classes", "preprocessing")]
    assert given
    silent = all(isinstance(word.value, ast.Constant) and word.value.value is None for word in given)
    assert silent != bool(kind.__globals__.get("DESCRIBES_ITSELF"))
