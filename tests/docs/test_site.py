"""The reference is that of the code, and the site leaves out no page."""

import re
import tomllib
from importlib import import_module
from pathlib import Path

import audit
from docs.reference import PAGE, reference
from fixtures.guide import PAGES

ROOT = Path(__file__).parents[2]


def test_the_reference_is_that_of_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run python -m docs.reference"


def test_every_page_is_in_the_navigation_once() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    named = re.findall(r": (\S+\.(?:md|ipynb))$", navigation, re.MULTILINE)
    files = (file for kind in ("*.md", "*.ipynb") for file in (ROOT / "docs").rglob(kind))
    pages = {str(page.relative_to(ROOT / "docs")) for page in files if ".ipynb_checkpoints" not in page.parts}
    assert sorted(named) == sorted(pages)


def test_the_readme_and_the_first_page_lead_to_every_page_of_the_guide() -> None:
    for start, folder in (("README.md", "docs/"), ("docs/index.md", "")):
        text = (ROOT / start).read_text(encoding="utf-8")
        linked = set(re.findall(r"\]\((\S+?\.md)\)", text))
        assert {page.replace("docs/", folder) for page in PAGES[1:]} <= linked
        assert {f"{folder}{page}" for page in ("settings.md", "reference.md", "performance.md")} <= linked


def test_every_public_name_has_its_place_among_the_api() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    named = re.findall(r"^::: ([\w.]+)$", page, re.MULTILINE)
    assert sorted(name.rpartition(".")[2] for name in named) == sorted(audit.__all__)
    for path in named:
        home, _, name = path.rpartition(".")
        assert getattr(import_module(home), name) is getattr(audit, name)


def test_the_readme_is_one_screen() -> None:
    words = len((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert words < 900, f"{words} words: how to do things is in docs/guide"


def test_what_builds_the_site_is_an_extra() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert any(line.startswith("mkdocs-material") for line in extras["docs"])
