"""The one direction: audit <- checks <- reports, and only `audit` needs torch."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENTRY = ("audit.__main__", "audit.cli", "audit.pytest_plugin")
"""The command line and the pytest plugin, which nothing imports: they alone may import all three."""
WITHOUT_TORCH = {
    "audit.record.record",
    "audit.errors",
    "audit.hashing",
    "audit.registry",
    "audit.datasets.sample",
    "audit.files",
}
FORBIDDEN = {"audit": {"checks", "reports"}, "checks": {"reports"}, "reports": set[str]()}


def modules(package: str) -> dict[str, Path]:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files, f"no modules below {package}"
    return {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file for file in files}


def imports(file: Path, module: str) -> Iterator[str]:
    """Every module that the file names in an import, at its top or in a function: `from a import b` is a and a.b."""
    package = module.split(".") if file.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def is_entry(name: str) -> bool:
    return any(within(name, entry) for entry in ENTRY)


def test_imports_sees_every_form(tmp_path: Path) -> None:
    file = tmp_path / "x.py"
    file.write_text("import a.b\nfrom . import c\nfrom ..d import e\ndef f():\n    from g import h\n")
    assert set(imports(file, "p.q.x")) == {"a.b", "p.q", "p.q.c", "p.d", "p.d.e", "g", "g.h"}


@pytest.mark.parametrize("package", FORBIDDEN)
def test_no_package_imports_one_that_comes_after_it(package: str) -> None:
    wrong = [
        f"{module} imports {name}"
        for module, file in modules(package).items()
        if not is_entry(module)
        for name in imports(file, module)
        if any(within(name, later) for later in FORBIDDEN[package]) or is_entry(name)
    ]
    assert not wrong


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


def test_importing_what_needs_no_torch_imports_neither_torch_nor_pyplot() -> None:
    """One process for all: what is once imported is there to be seen."""
    command = [sys.executable, "-c", IMPORTING, *sorted(WITHOUT_TORCH), "checks", "reports", "reports.result.build"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
