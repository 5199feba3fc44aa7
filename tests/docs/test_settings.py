"""The reference of the settings cannot drift from the code."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from audit import registry
from audit.settings import Settings
from audit.starter.keys import described
from docs.settings import FILE, PLUGINS, reference

ROOT = Path(__file__).parents[2]


def test_the_page_is_that_of_the_code() -> None:
    assert FILE.read_text(encoding="utf-8") == reference(), "run python -m docs.settings"


def tables() -> list[type[BaseModel]]:
    annotated = [field.annotation for field in Settings.model_fields.values()]
    inner = [kind for annotation in annotated for kind in (annotation, *getattr(annotation, "__args__", ()))]
    return [Settings, *(kind for kind in inner if isinstance(kind, type) and issubclass(kind, BaseModel))]


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.__name__)
def test_every_key_is_explained(table: type[BaseModel]) -> None:
    keys = {name for name in table.model_fields if table is not Settings or name == "title"}
    assert keys <= described(table).keys()
    assert table.__doc__
    page = FILE.read_text(encoding="utf-8")
    assert not [name for name in keys if f"| `{name}` |" not in page]
    assert not [name for name in Settings.model_fields.keys() - {"title", "folder"} if f"## `[{name}]`" not in page]


def test_every_plug_in_that_settings_name_is_there() -> None:
    page = FILE.read_text(encoding="utf-8")
    packages = {package for packages in PLUGINS.values() for package in packages}
    brought = {"audit.inspection.descriptors", *registry.LIBRARIES.values()}
    assert packages == set(registry.packages("audit")) - brought, "all are used, none is chosen"
    for package in packages:
        assert not [name for name in registry.names(package) if f"| `{name}` |" not in page]


def test_readme_links_it() -> None:
    assert re.search(r"\(docs/settings\.md\)", (ROOT / "README.md").read_text(encoding="utf-8"))
