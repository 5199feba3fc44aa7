"""Only what the settings name is imported from beside them, and nothing there stands in for what is installed."""

import importlib
import py_compile
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.errors import AuditError
from audit.importing import import_function, importable
from audit.models.kinds.factory import factory

RAN = "from pathlib import Path\nPath(__file__).with_suffix('.ran').touch()\n"


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("beside_") or name == "tabnanny":
            del sys.modules[name]


def write(folder: Path, **modules: str) -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    for name, source in modules.items():
        (folder / f"{name}.py").write_text(source)
    return folder


@pytest.mark.tor("TOR-007")
def test_a_file_beside_the_settings_shadows_nothing_installed(tmp_path: Path) -> None:
    write(tmp_path, tabnanny=RAN, beside_nets="import tabnanny\ndef build():\n    return tabnanny.__file__\n")
    sys.modules.pop("tabnanny", None)
    with importable(tmp_path):
        import tabnanny  # noqa: PLC0415 what a library does while an audit runs

        assert not Path(tabnanny.__file__).is_relative_to(tmp_path)
    assert not (tmp_path / "tabnanny.ran").exists()


@pytest.mark.tor("TOR-007")
def test_a_file_that_the_settings_do_not_name_cannot_be_imported(tmp_path: Path) -> None:
    write(tmp_path, beside_optional=RAN)
    with importable(tmp_path), pytest.raises(ModuleNotFoundError):
        importlib.import_module("beside_optional")
    assert not (tmp_path / "beside_optional.ran").exists()


def test_a_named_module_and_what_it_imports_beside_it_are_found(tmp_path: Path) -> None:
    write(tmp_path, beside_help="x = 3\n", beside_nets="import beside_help\ndef build():\n    return beside_help.x\n")
    with importable(tmp_path):
        assert import_function("beside_nets:build")() == 3
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("beside_nothing")


def test_compiled_copies_are_not_run(tmp_path: Path) -> None:
    """A copy that says of itself that nobody need check it against its source."""
    write(tmp_path / "beside_parts", __init__="", nets="def build():\n    return 'source'\n")
    write(tmp_path, beside_nets="def build():\n    return 'source'\n")
    for source in (tmp_path / "beside_nets.py", tmp_path / "beside_parts" / "nets.py"):
        intact = source.read_text()
        source.write_text(intact.replace("source", "forged"))
        py_compile.compile(str(source), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
        source.write_text(intact)
    with importable(tmp_path):
        assert import_function("beside_nets:build")() == "source"
        assert import_function("beside_parts.nets:build")() == "source"


def test_a_module_without_its_source_is_refused(tmp_path: Path) -> None:
    write(tmp_path, beside_bare="def build():\n    return 1\n")
    py_compile.compile(str(tmp_path / "beside_bare.py"), cfile=str(tmp_path / "beside_bare.pyc"))
    (tmp_path / "beside_bare.py").unlink()
    with importable(tmp_path), pytest.raises(ImportError, match="is compiled code; need a source file"):
        import_function("beside_bare:build")


def test_a_package_without_init_that_is_installed_is_not_shadowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "site" / "beside_space", inner="x = 1\n")
    write(tmp_path / "home" / "beside_space", __init__="def build():\n    return 1\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    with importable(tmp_path / "home"), pytest.raises(ImportError, match="lies beside the settings file and in"):
        import_function("beside_space:build")


def test_a_named_package_is_found_with_its_parts(tmp_path: Path) -> None:
    write(tmp_path / "beside_package", small="def build():\n    return 1\n")
    with importable(tmp_path):
        assert import_function("beside_package.small:build")() == 1


@pytest.mark.tor("TOR-007")
@pytest.mark.parametrize("name", ["tabnanny", "sympy", "sys", "torch"])
def test_a_named_module_that_is_installed_too_is_refused(name: str, tmp_path: Path) -> None:
    write(tmp_path, **{name: RAN})
    with importable(tmp_path), pytest.raises(AuditError, match=f"'{name}' lies beside the settings file and in"):
        factory(function=f"{name}:build")
    assert not (tmp_path / f"{name}.ran").exists()


@pytest.mark.tor("TOR-007")
def test_a_helper_that_is_installed_too_is_refused(tmp_path: Path) -> None:
    write(tmp_path, tabnanny=RAN, beside_nets="import tabnanny\n")
    sys.modules.pop("tabnanny", None)
    with importable(tmp_path), pytest.raises(AuditError, match="'tabnanny' lies beside the settings file and in"):
        factory(function="beside_nets:build")


def test_another_folder_has_its_own_module_of_the_same_name(tmp_path: Path) -> None:
    for number in (1, 2):
        folder = write(tmp_path / str(number), beside_nets=f"def build():\n    return {number}\n")
        with importable(folder):
            assert import_function("beside_nets:build")() == number


@pytest.mark.tor("TOR-007")
@pytest.mark.parametrize("place", ["library", "home/.venv/site-packages"])
@pytest.mark.parametrize("name", ["beside_lazy.py", "beside_lazy/__init__.py", "beside_lazy/x.py", "beside_lazy.so"])
def test_an_optional_import_of_a_library_finds_nothing_beside_the_settings(
    name: str, place: str, tmp_path: Path
) -> None:
    library = write(
        tmp_path / place,
        beside_lib="try:\n    import beside_lazy\nexcept ImportError:\n    pass\n",
    )
    (tmp_path / "home" / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "home" / name).write_text(RAN)
    write(tmp_path / "home", beside_nets="import beside_lib\ndef build():\n    return 1\n")
    sys.path.append(str(library))
    try:
        with importable(tmp_path / "home"):
            assert import_function("beside_nets:build")() == 1
            assert "beside_lazy" not in sys.modules
    finally:
        sys.path.remove(str(library))


@pytest.mark.tor("TOR-007")
@pytest.mark.parametrize("loaded", [False, True])
def test_what_is_installed_in_an_environment_inside_the_folder_is_not_shadowed(loaded: bool, tmp_path: Path) -> None:
    library = write(tmp_path / ".venv" / "site-packages", beside_lib="def build():\n    return 1\n")
    write(tmp_path, beside_lib=RAN)
    sys.path.append(str(library))
    try:
        if loaded:
            importlib.import_module("beside_lib")
        with importable(tmp_path), pytest.raises(ImportError, match="lies beside the settings file and in"):
            import_function("beside_lib:build")
        assert not (tmp_path / "beside_lib.ran").exists()
    finally:
        sys.path.remove(str(library))
