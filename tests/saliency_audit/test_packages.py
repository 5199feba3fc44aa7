"""A user's repository with its own `audit`, `checks` and `reports`: nothing of it is mistaken for the product."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from audit.importing import import_function, importable
from fixtures.shapes import SETTINGS, write_shapes

ROOT = Path(__file__).parents[2]
NAMES = ("audit", "checks", "reports")


def repository(folder: Path, names: tuple[str, ...] = NAMES) -> Path:
    """Packages of the user's, each with a module `compared`."""
    for name in names:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("")
        (folder / name / "compared.py").write_text("WHOSE = 'theirs'\n")
    return folder


def python(folder: Path, *arguments: str, path: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Python as it is started in `folder`, which it searches before `path`, where the product lies."""
    environment = {**os.environ, "PYTHONPATH": str(path), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, env=environment)


BOTH = """
import sys
{before}
from saliency_audit import own_packages
with own_packages():
    import audit.errors, checks.reasons, reports.json_diff
    ours = checks.reasons
    assert not hasattr(audit, "WHOSE")
import audit.compared, checks.compared, reports.compared
assert audit.compared.WHOSE == checks.compared.WHOSE == reports.compared.WHOSE == "theirs"
with own_packages():
    with own_packages():
        import audit.phrases, checks.reasons
    assert checks.reasons is ours is sys.modules["checks.reasons"]
    assert "checks.compared" not in sys.modules
theirs = sys.modules["checks.compared"]
assert not hasattr(sys.modules["checks"], "reasons")
import checks.compared
assert checks.compared is theirs
"""


@pytest.mark.slow
@pytest.mark.parametrize("before", ["", "import audit, checks.compared, reports"], ids=["not yet", "imported"])
def test_both_are_found_side_by_side(before: str, tmp_path: Path) -> None:
    done = python(repository(tmp_path), "-c", BOTH.format(before=before))
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_nothing_makes_room_where_there_is_no_other(tmp_path: Path) -> None:
    kept = "from saliency_audit import own_packages\nimport sys\nwith own_packages():\n import checks.reasons\n"
    done = python(tmp_path, "-c", f"{kept}assert 'checks.reasons' in sys.modules")
    assert done.returncode == 0, done.stderr


def test_python_says_which_folder_hides_which_package(tmp_path: Path) -> None:
    asked = "try:\n audit._imported('checks.nothing')\nexcept audit.AuditError as error:\n print(error)"
    done = python(repository(tmp_path, ("checks",)), "-c", f"import audit\n{asked}")
    seen = f"audit: {tmp_path / 'checks'} hides the package 'checks' of saliency-audit"
    assert done.stdout.startswith(f"{seen}; need the latter. Rename checks, or ")


def test_a_network_that_needs_a_hidden_package_says_so(tmp_path: Path) -> None:
    importlib.import_module("checks")
    (tmp_path / "nets_of_hidden.py").write_text("from checks.compared import WHOSE\n")
    message = r"No module named 'checks\.compared'; 'checks' is a package of saliency-audit here, which hides yours"
    with importable(tmp_path), pytest.raises(ImportError, match=message):
        import_function("nets_of_hidden:WHOSE")


@pytest.mark.slow
@pytest.mark.parametrize("names", [("checks", "reports"), NAMES])
def test_the_commands_work_inside_such_a_repository(names: tuple[str, ...], tmp_path: Path) -> None:
    write_shapes(tmp_path / "data", 6)
    folder = repository(tmp_path / "data", names)
    door = "saliency_audit" if "audit" in names else "audit"
    done = python(folder, "-m", door, "run", "audit.toml", "--out", "out")
    assert done.returncode == 2, done.stderr
    assert done.stdout.startswith("INVALID")
    assert (folder / "out/report.html").stat().st_size
    assert "fits" in python(folder, "-m", door, "verify", "out", "--json").stdout


TESTS = """
import checks.compared
from torch import nn

DATA = {"data": {"format": "csv", "annotations": "boxes.csv", "images": "images"}, "preprocessing": {"resize": 24}}


def test_theirs(saliency_audit):
    layers = nn.Conv2d(3, 4, 5), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    audited = saliency_audit(nn.Sequential(*layers), DATA, classes=["dark", "light"], profile="quick")
    assert audited.verdict("run_is_whole") is None
    import audit.compared, reports.compared
    assert audit.compared.WHOSE == checks.compared.WHOSE == reports.compared.WHOSE == "theirs"
"""


def installed(site: Path) -> Path:
    """The product as if it were installed in `site`, with what pyproject.toml says of its doors."""
    described = site / "saliency_audit-0.dist-info"
    described.mkdir(parents=True)
    for name in (*NAMES, "saliency_audit", "fixtures"):
        (site / name).symlink_to(ROOT / name)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: saliency-audit\nVersion: 0\n")
    (described / "entry_points.txt").write_text("[pytest11]\nsaliency-audit = saliency_audit.pytest_plugin\n")
    return site


@pytest.mark.slow
def test_pytest_works_inside_such_a_repository(tmp_path: Path) -> None:
    write_shapes(tmp_path / "data", 3)
    folder = repository(tmp_path / "data")
    (folder / "conftest.py").write_text("import audit.compared\n")
    (folder / "test_theirs.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    (folder / "audit.toml").write_text(SETTINGS)
    done = python(folder, "-m", "pytest", "-q", "audit.toml", "test_theirs.py", path=installed(tmp_path / "site"))
    assert "1 failed" not in done.stdout.splitlines()[-1]
    assert "FAILED test_theirs" not in done.stdout, done.stdout
    assert "audit.toml: INVALID" in done.stdout or "audit.toml: INCONCLUSIVE" in done.stdout, done.stdout + done.stderr
    assert "could not be evaluated" not in done.stdout


INTERRUPTED = """
import sys
from saliency_audit.__main__ import main
class Stop:
    def find_spec(self, name, path=None, target=None):
        if name == "audit.cli.main":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Stop())
main()
"""


def test_an_interruption_while_importing_is_one_line(tmp_path: Path) -> None:
    done = python(tmp_path, "-c", INTERRUPTED)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "stopped\n")


def test_the_doors_are_those_that_are_tested() -> None:
    described = (ROOT / "pyproject.toml").read_text()
    assert 'saliency-audit = "saliency_audit.__main__:main"' in described
    assert 'saliency-audit = "saliency_audit.pytest_plugin"' in described
