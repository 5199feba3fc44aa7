"""What it would take to decide, and how its numbers are written."""

import pytest

from checks import reasons
from checks.statistics.subset import FEWEST
from checks.verdict import Direction, Finding, Outcome, Unit
from reports.wording.phrases import cost, points, two_digits
from reports.wording.undecided import pictures, pictures_to_add, too_few, undecided, units
from reports.wording.words import ORIGINAL, About


def of(
    n: int, clusters: int | None = None, further: int | None = None, value: float = 0.5, reason: str = ""
) -> Finding:
    return Finding(
        key="x",
        outcome=Outcome.INCONCLUSIVE,
        quantity="x",
        unit=Unit.SHARE,
        better=Direction.HIGHER,
        value=value,
        limit=0.4,
        n=n,
        clusters=clusters,
        independent=clusters,
        further=further,
        reason=reason,
    )


def test_numbers_of_pictures_are_rounded_up_to_two_digits() -> None:
    assert [two_digits(n) for n in (0, 1, 58, 100, 101, 999, 1_634, 99_001)] == [
        0, 1, 58, 100, 110, 1_000, 1_700, 100_000
    ]  # fmt: skip
    about = About(0.95)
    assert undecided(of(80, further=1_634), about) == "about 1,700 further pictures would decide it"
    assert undecided(of(80, further=1), about) == "about 1 further picture would decide it"
    assert undecided(of(80), about) == "not even 100,000 further pictures would decide it"
    assert undecided(of(80, value=0.3), about) == "more data would not make it pass"


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        ("flight", "3 pictures of 2 flights"),
        ("body side", "3 pictures of 2 body sides"),
        ("city", "3 pictures of 2 cities"),
    ],
)
def test_pictures_of_clusters(column: str, shown: str) -> None:
    assert pictures(of(3), About(0.95, column)) == units(of(3), About(0.95, column)) == "3 pictures"
    assert pictures(of(3, 2), About(0.95, column)) == shown
    assert units(of(3, 2), About(0.95, column)) == shown.removeprefix("3 pictures of ")


def test_too_few_says_how_many_are_needed() -> None:
    about = About(0.95, "flight")
    assert too_few(of(FEWEST - 1), about) == f"{FEWEST - 1} pictures; at least {FEWEST} are needed"
    assert too_few(of(3, 2), about) == "2 flights; at least 30 are needed"
    assert undecided(of(3, 2, further=5, reason=reasons.TOO_FEW), about) == "2 flights; at least 30 are needed"
    assert too_few(of(30, 29).model_copy(update={"independent": 3.9}), about) == (
        "29 flights worth 3.9 of equal size; at least 30 are needed"
    )


@pytest.mark.parametrize(
    ("finding", "text"),
    [
        (of(80), "boxed pictures"),
        (of(80, further=1234), "about 1,300 boxed pictures"),
        (of(80, further=1), "about 1 boxed picture"),
        (of(12, reason=reasons.TOO_FEW), "8 boxed pictures"),
        (of(80, 12, further=40), "boxed pictures of about 40 further flights"),
        (of(80, 12, reason=reasons.TOO_FEW), "boxed pictures of about 18 further flights"),
    ],
)
def test_a_next_step_says_how_many_pictures_to_add(finding: Finding, text: str) -> None:
    assert pictures_to_add(finding, About(0.95, "flight")) == text


def test_pictures_to_add_are_no_copies_where_copies_alone_make_clusters() -> None:
    more = pictures_to_add(of(80, 70, further=40), About(0.95, ORIGINAL))
    assert more == "about 40 boxed pictures, none a copy of another"
    assert pictures_to_add(None, About(0.95)) == "boxed pictures"


@pytest.mark.parametrize(
    ("difference", "text"),
    [(0.241, "24.1 points"), (-0.0004, "−0.04 points"), (0.0, "0.0 points"), (-0.108, "−10.8 points")],
)
def test_a_small_difference_keeps_its_size_and_its_sign(difference: float, text: str) -> None:
    assert points(difference) == text


@pytest.mark.parametrize(("difference", "text"), [(0.241, "24.1 points"), (0.0, "nothing"), (-0.002, "nothing")])
def test_what_costs_less_than_nothing_costs_nothing(difference: float, text: str) -> None:
    assert cost(difference) == text
