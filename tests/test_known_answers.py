"""The answers that were derived by hand, and that their comparison can fail."""

import math
from typing import Any

import pytest

from docs.qualification import known_answers
from docs.qualification.known_answers import ANSWERS, agrees, compared, known, main


@pytest.mark.tor("TOR-070")
@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_the_answer_is_the_one_that_was_derived(name: str) -> None:
    row = compared(name, known()[name])
    assert row.holds, (row.expected, row.found)


def test_every_derivation_is_asked_for() -> None:
    assert list(known()) == sorted(ANSWERS)
    assert all(entry["derivation"].strip() and entry["expected"] for entry in known().values())


@pytest.mark.tor("TOR-070")
@pytest.mark.parametrize(
    ("found", "expected", "holds"),
    [
        ([1.0], [1.0], True),
        ([1.0, 2.05], [1.0, 2.0], True),
        ([1.0, 2.2], [1.0, 2.0], False),
        ([], [1.0], False),
        ([1.0], [1.0, 1.0], False),
        ([math.nan], [1.0], False),
        ([1.0], [math.nan], False),
        ([math.nan], [math.nan], True),
        ([math.inf], [1.0], False),
    ],
)
def test_agreement_fails_closed(found: list[float], expected: list[float], holds: bool) -> None:
    assert agrees(found, expected, 0.1) is holds


@pytest.mark.tor("TOR-070")
def test_one_wrong_answer_is_shown_and_leaves_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main() == 0
    assert f"{len(ANSWERS)} of {len(ANSWERS)} as derived by hand" in capsys.readouterr().out
    altered: dict[str, Any] = dict(ANSWERS) | {"KA-15": lambda: [20], "KA-20": lambda: None}
    monkeypatch.setattr(known_answers, "ANSWERS", altered)
    assert main() == 1
    out = capsys.readouterr().out
    assert "DIFFERS KA-15" in out
    assert "found    [20.0]" in out
    assert f"{len(ANSWERS) - 2} of {len(ANSWERS)} as derived by hand" in out
