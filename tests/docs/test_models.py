"""What the documents say of the kinds of model is what they do, and every kind's maps are those of torch."""

from pathlib import Path

import pytest

from audit import registry
from docs.models import FILE, LEAST, METHODS, NUMBER, cells, reason, row
from fixtures.twins import DETECTORS, KINDS, missing

PAGE = FILE.read_text(encoding="utf-8")
ROOT = Path(__file__).parents[2]


def test_the_page_has_every_kind_and_every_method_and_readme_links_it() -> None:
    kinds = registry.names("audit.models.kinds")
    assert sorted([*KINDS, *DETECTORS]) == kinds, "a kind without twins: see fixtures/twins.py"
    assert [kind for kind in KINDS if f"\n| `{kind}` | " not in PAGE] == []
    assert [kind for kind in DETECTORS if f"`{kind}`" not in PAGE] == [], "run python -m docs.models"
    assert "| kind | " + " | ".join(f"`{name}`" for name in METHODS) in PAGE
    assert "(docs/models.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.tor("TOR-096")
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_maps_are_those_of_torch_and_the_page_says_so(kind: str) -> None:
    if gone := missing(kind):
        pytest.skip(f"{', '.join(gone)} not installed")
    measured = cells(kind)
    apart = {method: cell for method, cell in measured.items() if not isinstance(cell, str)}
    assert all(cell <= 1 - LEAST for cell in apart.values()), apart
    lines = [row(kind, measured), *filter(None, reason(kind, measured).split("\n"))]
    written = [line for line in PAGE.splitlines() if line.startswith(f"| `{kind}` |")]
    assert [NUMBER.sub("#", line) for line in lines] == [NUMBER.sub("#", line) for line in written]


def test_no_number_on_the_page_is_larger_than_it_may_be() -> None:
    numbers = [float(number) for number in NUMBER.findall(PAGE) if number != "exact"]
    assert numbers
    assert max(numbers) <= 1 - LEAST
