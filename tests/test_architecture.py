"""The one direction: audit <- checks <- reports, and only `audit` needs torch."""

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENTRY = ("audit.__main__", "audit.cli", "audit.pytest_plugin", "audit.pipeline", "audit.preflight", "audit.result")
"""The whole job, its pre-flight, what it returns, the command line and the pytest plugin: they alone import all three.

None of the three imports them; `audit` offers `run` and `Result` by their names, which are looked up on use.
"""
RECORD = "audit.record"
"""The only room that knows SQL."""
WITHOUT_TORCH = {
    *(
        f"audit.record.{name}"
        for name in (
            "record",
            "authentic",
            "repeat_rows",
            "schema",
            "seal",
            "writer",
            "dtypes",
            "class_logits",
            "place",
            "planted_copies",
            "training_copies",
            "altered_layers",
        )
    ),
    *(f"audit.record.{name}_readers" for name in ("sample", "map", "experiment")),
    "audit.bounds",
    "audit.demo.slider_frame",
    "audit.errors",
    "audit.draws",
    "audit.hashing",
    "audit.ledger",
    "audit.phrases",
    "audit.registry",
    "audit.sampling",
    *(f"audit.datasets.{name}" for name in ("perceptual_hash", "picture_header", "picture_structure")),
    "audit.validation",
    "audit.datasets.exclusions",
    "audit.datasets.sample",
    "audit.files",
    "audit.garbage",
    "audit.holm",
    "audit.inspection.findings",
    "audit.starter.data_facts",
}
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 300, 50
FORBIDDEN = {"audit": {"checks", "reports"}, "checks": {"reports"}, "reports": set[str]()}


def modules(package: str) -> dict[str, Path]:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files, f"no modules below {package}"
    return {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file for file in files}


def statements(file: Path, module: str) -> Iterator[tuple[str, list[str]]]:
    """Every import in the file, at its top or in a function: the module it names, and what it takes from there."""
    package = module.split(".") if file.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            yield source, [f"{source}.{alias.name}" for alias in node.names]


def imports(file: Path, module: str) -> Iterator[str]:
    """Every module that the file may name in an import: `from a import b` is a and a.b."""
    for source, names in statements(file, module):
        yield from (source, *names)


def dependencies(module: str, known: Mapping[str, Path]) -> set[str]:
    """The known modules that it imports: of `from a import b` a.b where that is a module, else a."""
    found: set[str] = set()
    for source, names in statements(known[module], module):
        inner = {name for name in names if name in known}
        found |= inner | ({source} & known.keys() if len(inner) < len(names) or not names else set())
    return found - {module}


def in_cycles(graph: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """What is left when modules that import none of the rest, or that none of the rest imports, are taken out."""
    left = {module: set(needs) for module, needs in graph.items()}
    while True:
        imported = set[str]().union(*left.values())
        ends = {module for module, needs in left.items() if not needs or module not in imported}
        if not ends:
            return left
        left = {module: needs - ends for module, needs in left.items() if module not in ends}


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def is_entry(name: str) -> bool:
    return any(within(name, entry) for entry in ENTRY)


def strings(file: Path) -> Iterator[str]:
    """Every string constant of the file, and every constant part of its f-strings."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_imports_sees_every_form(tmp_path: Path) -> None:
    file = tmp_path / "x.py"
    file.write_text("import a.b\nfrom . import c\nfrom ..d import e\ndef f():\n    from g import h\n")
    assert set(imports(file, "p.q.x")) == {"a.b", "p.q", "p.q.c", "p.d", "p.d.e", "g", "g.h"}


@pytest.mark.slow
@pytest.mark.parametrize("package", FORBIDDEN)
def test_no_package_imports_one_that_comes_after_it(package: str) -> None:
    wrong = [
        f"{module} imports {name}"
        for module, file in modules(package).items()
        if not is_entry(module)
        for name in imports(file, module)
        if any(within(name, later) for later in FORBIDDEN[package]) or (is_entry(name) and module != "audit")
    ]
    assert not wrong


@pytest.mark.slow
@pytest.mark.parametrize("package", ["checks", "reports"])
def test_judging_and_telling_need_no_torch(package: str) -> None:
    wrong = []
    for module, file in modules(package).items():
        found = set(imports(file, module))
        allowed = {"audit", *WITHOUT_TORCH}
        for name in found:
            looks = within(name, "audit") and name not in allowed and name.rpartition(".")[0] not in WITHOUT_TORCH
            if looks or within(name, "torch") or within(name, "torchvision"):
                wrong.append(f"{module} imports {name}")
    assert not wrong


IMPORTING = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
    if wrong := {"torch", "torchvision", "matplotlib.pyplot"} & set(sys.modules):
        sys.exit(f"{name} imports {sorted(wrong)}")
"""


@pytest.mark.slow
def test_importing_what_needs_no_torch_imports_neither_torch_nor_pyplot() -> None:
    """One process for all: what is once imported is there to be seen."""
    command = [sys.executable, "-c", IMPORTING, *sorted(WITHOUT_TORCH), "checks", "reports", "reports.result.build"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_run_of_a_classifier_does_not_wait_for_torchvision() -> None:
    code = "import sys, audit.engine.measure, audit.explanation; sys.exit('torchvision' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_command_line_loads_no_library_before_it_knows_what_is_asked() -> None:
    code = (
        "import sys, audit.cli.main; sys.exit(str({'torch', 'numpy', 'pydantic', 'jinja2', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.stderr.strip() == "set()"


@pytest.mark.slow
@pytest.mark.parametrize("package", FORBIDDEN)
def test_only_the_record_knows_sql(package: str) -> None:
    outside = {module: file for module, file in modules(package).items() if not within(module, RECORD)}
    drivers = [module for module, file in outside.items() if "sqlite3" in set(imports(file, module))]
    statements = [
        f"{module}: {text}"
        for module, file in outside.items()
        for text in strings(file)
        if text.lstrip().startswith(("SELECT ", "INSERT ", "UPDATE ", "DELETE "))
    ]
    assert not drivers
    assert not statements


def test_strings_sees_every_form(tmp_path: Path) -> None:
    file = tmp_path / "x.py"
    file.write_text('a = "SELECT 1" " FROM b"\nc = f"DELETE FROM {a}"\n')
    assert set(strings(file)) == {"SELECT 1 FROM b", "DELETE FROM "}


def test_a_cycle_is_seen() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set[str](), "e": {"b"}}
    assert in_cycles(graph) == {"b": {"c"}, "c": {"b"}}
    assert in_cycles({"a": {"b"}, "b": {"c"}, "c": set()}) == {}


@pytest.mark.slow
def test_no_import_leads_back_to_where_it_stands() -> None:
    """Imports in functions and under TYPE_CHECKING count. A package counts where something is taken from its file."""
    known = {name: file for package in FORBIDDEN for name, file in modules(package).items()}
    assert in_cycles({module: dependencies(module, known) for module in known}) == {}


@pytest.mark.slow
@pytest.mark.parametrize("package", FORBIDDEN)
def test_files_and_functions_stay_small(package: str) -> None:
    long_files, long_functions = [], []
    for module, file in modules(package).items():
        text = file.read_text(encoding="utf-8")
        if len(text.splitlines()) > MOST_LINES:
            long_files.append(module)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                long_functions += [f"{module}:{node.name}"] if lines > MOST_LINES_OF_A_FUNCTION else []
    assert not long_files
    assert not long_functions


def plug_in_folders() -> list[str]:
    """Packages that say in their NOUN what each of their files is."""
    everything = {name: file for package in FORBIDDEN for name, file in modules(package).items()}
    return [
        name
        for name, file in everything.items()
        if file.name == "__init__.py" and "\nNOUN = " in file.read_text(encoding="utf-8")
    ]


@pytest.mark.parametrize("package", plug_in_folders())
def test_a_plug_in_folder_holds_plug_ins_only(package: str) -> None:
    """`x.py` defines the function `x` for everybody, and nothing else that another file imports."""
    everything = {name: file for other in FORBIDDEN for name, file in modules(other).items()}
    members = [name for name in everything if name.rpartition(".")[0] == package]
    assert members
    for member in members:
        name = member.rpartition(".")[2]
        tree = ast.parse(everything[member].read_text(encoding="utf-8"))
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in functions, f"{member} does not define {name}"


def test_every_plug_in_folder_is_found() -> None:
    assert len(plug_in_folders()) == 12
