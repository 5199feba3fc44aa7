"""The operational design domain: cells, coverage, and what a cell without pictures means."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import AuditError
from checks.domain import Parameter
from checks.profile import fingerprint, load_profile
from checks.rules.evidence_is_complete import evidence_is_complete
from checks.slice_verdicts import EMPTY_SLICE, slices_hold
from checks.table.domain import EMPTY_CELLS, NO_DOMAIN_COLUMN, domain_findings
from checks.table.domain_cells import OUTSIDE, UNSTATED, placed
from checks.table.evidence import Evidence
from checks.table.slices import columns, slices
from checks.verdict import Finding, Outcome, RequiredSlices
from fixtures.evidence import bare_profile, make_evidence
from reports.result.domain import Domain, domain_coverage

PASS, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.INVALID
N = 80
WEATHER = Parameter(name="weather", column="weather", values=("clear", "rain", "fog"))
DISTANCE = Parameter(name="distance", column="slant", ranges=((0.0, 1.0), (1.0, 3.0)), unit="NM", source="OD-4")
LIMITS: dict[str, Any] = {"max_excluded": 0.1, "max_dead": 0.01, "max_duplicates": 0.01, "min_pictures": 59}


def evidence(*parameters: Parameter, weather: Any = ("clear", "rain"), slant: Any = ("0.5", "2")) -> Evidence:
    """The weather changes with every picture, the distance with every second."""
    found = make_evidence({"gradient": np.full(N, 0.5)}, classes=4)
    metadata = {
        "weather": np.array([weather[i % len(weather)] for i in range(N)], dtype=object),
        "slant": np.array([slant[(i // 2) % len(slant)] for i in range(N)], dtype=object),
    }
    return replace(found, metadata=metadata, profile=bare_profile().model_copy(update={"domain": parameters}))


def findings(found: Evidence) -> dict[str, Finding]:
    return {finding.key: finding for finding in domain_findings(found)}


def coverage(found: Evidence) -> Domain:
    domain = domain_coverage(found)
    assert domain is not None
    return domain


@pytest.mark.tor("TOR-109")
def test_a_cell_without_pictures_is_a_finding_that_decides() -> None:
    found = evidence(WEATHER, DISTANCE)
    said = findings(found)
    assert [*said] == ["domain/weather", "domain/distance", "domain/weather × distance"]
    weather = said["domain/weather"]
    assert (weather.outcome, weather.reason, weather.value, weather.limit) == (INCONCLUSIVE, EMPTY_CELLS, 1, 0)
    assert weather.details["empty"] == ["fog"]
    assert (weather.details["counts"], weather.exact, weather.advisory) == ([40, 40, 0], True, False)
    assert (said["domain/distance"].outcome, said["domain/distance"].founded) == (PASS, True)
    verdict = evidence_is_complete(found, **LIMITS)
    assert (verdict.outcome, verdict.decided_by) == (INCONCLUSIVE, "domain/weather")
    covered = evidence(WEATHER, DISTANCE, weather=("clear", "rain", "fog"))
    assert evidence_is_complete(covered, **LIMITS).outcome is PASS


@pytest.mark.tor("TOR-109")
def test_combinations_are_counted_and_shown() -> None:
    found = evidence(WEATHER, DISTANCE, weather=("clear", "rain", "clear", "fog"))
    said = findings(found)["domain/weather × distance"]
    assert (said.advisory, said.outcome, said.value) == (True, INCONCLUSIVE, 2)
    assert said.details["empty"] == [["rain", "1 to 3 NM"], ["fog", "0 to 1 NM"]]
    domain = coverage(found)
    assert domain.pairs[0].counts == ((20, 20), (20, 0), (0, 20))
    assert [cell.n for cell in domain.parameters[0].cells] == [40, 20, 20]
    assert domain.covered
    assert not coverage(evidence(WEATHER)).covered
    assert domain_coverage(evidence()) is None


@pytest.mark.tor("TOR-109")
def test_what_lies_outside_or_says_nothing_is_counted_and_fills_no_cell() -> None:
    found = evidence(WEATHER, DISTANCE, weather=("clear", "", "snow", "rain"), slant=("0.5", "3", "3.1", "nan"))
    said = findings(found)
    assert (said["domain/weather"].details["outside"], said["domain/weather"].details["unstated"]) == (20, 20)
    assert said["domain/distance"].details["counts"] == [20, 20]
    assert (said["domain/distance"].details["outside"], said["domain/distance"].details["unstated"]) == (20, 20)
    assert coverage(found).outside == 60
    full = evidence(DISTANCE, slant=("0.5", "2", "9"))
    assert coverage(full).empty == 0
    assert not coverage(full).covered, "pictures that lie outside are not of the domain"


@pytest.mark.tor("TOR-109")
def test_a_column_that_is_not_there_is_invalid() -> None:
    found = evidence(Parameter(name="light", column="sun", values=("day",)))
    said = findings(found)["domain/light"]
    assert (said.outcome, said.reason, said.value) == (INVALID, NO_DOMAIN_COLUMN, None)
    assert evidence_is_complete(found, **LIMITS).outcome is INVALID
    assert (coverage(found).empty, coverage(found).covered) == (1, False)


@pytest.mark.tor("TOR-109")
def test_rules_can_be_required_in_the_cells_of_the_domain() -> None:
    found = evidence(WEATHER, DISTANCE)
    assert columns(found)[:2] == ("weather", "distance")
    far, near = slices(found, "distance")
    assert [(part.value, int(part.here.sum())) for part in (far, near)] == [("0 to 1 NM", 40), ("1 to 3 NM", 40)]
    assert [part.value for part in slices(found, "slant")] == ["0.5", "2"]
    required = RequiredSlices(by=("weather",), rules=("model_is_accurate",), why="x")
    rules = {"model_is_accurate": {"min_accuracy": 0.5, "why": "x"}}
    sliced = replace(found, profile=found.profile.model_copy(update={"slices": required, "rules": rules}))
    (verdict,) = slices_hold(sliced, sliced)
    assert verdict.outcome is not PASS
    assert {f.key: f.reason for f in verdict.findings}["fog"] == EMPTY_SLICE


VALUES = st.lists(st.one_of(st.floats(), st.integers(-9, 9), st.text(max_size=4)), max_size=30)


@given(VALUES, st.sets(st.integers(-9, 9), min_size=2))
def test_each_number_lies_in_the_range_that_a_plain_search_finds(values: list[object], edges: set[int]) -> None:
    rising = sorted(edges)
    parameter = Parameter(name="x", column="x", ranges=tuple(pairwise(rising)))
    cells = placed(parameter, np.array([str(value) for value in values], dtype=object)).cell

    def plain(text: str) -> int:
        try:
            number = float(text)
        except ValueError:
            return UNSTATED
        if not np.isfinite(number):
            return UNSTATED
        for at, (low, high) in enumerate(parameter.ranges):
            if low <= number < high or (at == len(parameter.ranges) - 1 and number == high):
                return at
        return OUTSIDE

    assert cells.tolist() == [plain(str(value)) for value in values]


DOMAIN = """
extends = "default"
[domain.weather]
values = ["clear", "rain"]
[domain.distance]
column = "slant_distance"
ranges = [[0.08, 1], [1, 3]]
unit = "NM"
source = "OD-4.2"
"""


@pytest.mark.tor("TOR-109")
def test_a_profile_states_the_domain_which_is_hashed_with_the_limits(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(DOMAIN)
    profile = load_profile(path)
    assert {p.name: (p.column, p.cells) for p in profile.domain} == {
        "distance": ("slant_distance", ("0.08 to 1 NM", "1 to 3 NM")),
        "weather": ("weather", ("clear", "rain")),
    }
    assert profile.sha256 == fingerprint(profile)
    path.write_text(DOMAIN.replace('"rain"', '"rain", "fog"'))
    assert load_profile(path).sha256 != profile.sha256
    path.write_text('extends = "default"')
    assert load_profile(path).sha256 == load_profile("default").sha256


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("[domain.x]", "states values and ranges, or neither; need one of them"),
        ('[domain.x]\nvalues = ["a"]\nranges = [[0, 1]]', "states values and ranges, or neither"),
        ('[domain.x]\nvalues = ["a", "a"]', "names a value twice"),
        ("[domain.x]\nranges = [[1, 1]]", "a range is empty"),
        ("[domain.x]\nranges = [[0, 2], [1, 3]]", "ranges overlap, or do not rise"),
        ("[domain.x]\nranges = [[0, inf]]", "ranges"),
        ('[domain.x]\nvalues = ["a"]\ncolum = "b"', "no key 'colum'; did you mean 'column'?"),
        ("[[domain]]\nx = 3", "is no table; need one table for each of at most 20 parameters"),
    ],
)
def test_a_domain_that_cannot_be_is_refused(tmp_path: Path, table: str, message: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f'extends = "default"\n{table}')
    with pytest.raises(AuditError) as refused:
        load_profile(path)
    assert message in str(refused.value)
