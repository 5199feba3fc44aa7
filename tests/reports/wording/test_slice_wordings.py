"""Verdicts on slices in words: those of the rule, after the name of the slice."""

from typing import Any

import pytest

from checks import reasons
from checks.slice_verdicts import EMPTY_SLICE, NO_COLUMN, TOO_FEW_IN_SLICE, TOO_MANY_VALUES
from checks.verdict import Direction, Finding, Outcome, Unit, Verdict
from fixtures.findings import finding_on_flights
from reports.wording.worded import words_of
from reports.wording.words import About, Words

PASS, FAIL, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID
RULE = "model_is_accurate"


def of_slice(value: str, outcome: Outcome, reason: str, **details: Any) -> Finding:
    stated = {
        "quantity": "top_1_accuracy",
        "unit": Unit.SHARE,
        "better": Direction.HIGHER,
        "slice": f"light: {value}",
        "details": {"right": 1110, "finding": "accuracy", **details},
    }
    return finding_on_flights(value, outcome, reason, stated)


def in_words(*findings: Finding, **stated: Any) -> Words:
    outcome = findings[0].outcome if findings else INVALID
    decided_by = findings[0].key if findings else None
    fields = {"rule": f"{RULE}[light]", "column": "light", "outcome": outcome, "decided_by": decided_by}
    return words_of(Verdict.model_validate({**fields, "findings": findings, **stated}), About(0.95, "flight"))


def test_the_rule_speaks_of_each_slice() -> None:
    night = of_slice("night", FAIL, reasons.BEYOND_LIMIT)
    words = in_words(night, of_slice("day", PASS, ""))
    own = finding_on_flights("accuracy", FAIL, reasons.BEYOND_LIMIT, {**night.model_dump(), "key": "accuracy"})
    alone = words_of(Verdict(rule=RULE, outcome=FAIL, decided_by="accuracy", findings=(own,)), About(0.95, "flight"))
    assert words.sentence == words.findings[0].sentence == f"light: night: {alone.sentence}"
    assert words.findings[0].subject == "light: night"
    assert words.findings[0].quantity == alone.findings[0].quantity
    assert words.next_step == alone.next_step
    assert words.question == "Does model_is_accurate hold in every slice by light?"


def test_where_all_slices_pass_they_are_counted() -> None:
    words = in_words(of_slice("night", PASS, ""), of_slice("day", PASS, ""))
    assert words.sentence == "model_is_accurate holds in each of 2 slices by light."
    assert words.next_step == ""
    assert in_words(of_slice("night", PASS, "")).sentence == "model_is_accurate holds in the one slice by light."


@pytest.mark.parametrize(
    ("clusters", "independent", "sentence", "each"),
    [
        (None, None, "light: night holds 15 pictures; at least 20 are needed.", "20 pictures"),
        (10, 10.0, "light: night holds 10 flights; at least 30 are needed.", "30 flights"),
    ],
)
def test_a_slice_that_holds_too_few_says_how_many(
    clusters: int | None, independent: float | None, sentence: str, each: str
) -> None:
    few = of_slice("night", INCONCLUSIVE, TOO_FEW_IN_SLICE, pictures=15, clusters=clusters, independent=independent)
    words = in_words(few)
    assert words.sentence == sentence
    assert words.next_step == (f"Add boxed pictures to the slices that hold too few, so that each holds {each}.")


def test_an_empty_slice_says_so() -> None:
    empty = of_slice("night", INCONCLUSIVE, EMPTY_SLICE).model_copy(update={"details": {"finding": None}})
    assert in_words(empty).sentence == "light: night holds no picture, so nothing is shown about it."


def test_a_rule_that_could_not_judge_a_slice_says_why() -> None:
    details = {"finding": None, "error": "ValueError: no"}
    broken = of_slice("night", INVALID, reasons.BROKEN_RULE).model_copy(update={"details": details})
    assert in_words(broken).sentence == "light: night: model_is_accurate could not be evaluated (ValueError: no)."
    assert in_words(broken).next_step.startswith("Fix the rule")


@pytest.mark.parametrize(
    ("reason", "details", "sentence", "step"),
    [
        (
            NO_COLUMN,
            {"missing": ["light"]},
            "The data lacks the column 'light', by which the profile requires slices.",
            "Add the missing columns",
        ),
        (
            NO_COLUMN,
            {"missing": ["light", "weather"]},
            "The data lacks the columns 'light' and 'weather', by which the profile requires slices.",
            "Add the missing columns",
        ),
        (
            TOO_MANY_VALUES,
            {"values": 2990, "allowed": 50},
            "Column 'light' has 2,990 values, which name pictures rather than kinds of pictures (allowed: 50).",
            "Require slices by a column that names kinds of pictures",
        ),
        (reasons.NO_PICTURES, {}, "No picture was measured.", "Read the exclusions"),
    ],
)
def test_what_cannot_be_sliced_says_why(reason: str, details: dict[str, Any], sentence: str, step: str) -> None:
    words = in_words(reason=reason, details=details)
    assert words.sentence == sentence
    assert words.next_step.startswith(step)
