"""Settings as TOML, read again by the standard library."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.page.toml_text import dumps

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | TEXT
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))


@pytest.mark.slow
@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_it_reads_as_it_was(table: dict[str, Any]) -> None:
    assert tomllib.loads(dumps(table)) == table


def test_null_is_left_out_and_tables_are_named() -> None:
    text = dumps({"title": "x", "model": None, "saliency": {"methods": [{"name": "a", "score": None}, {"name": "b"}]}})
    assert text == 'title = "x"\n\n[saliency]\n\n[[saliency.methods]]\nname = "a"\n\n[[saliency.methods]]\nname = "b"\n'
