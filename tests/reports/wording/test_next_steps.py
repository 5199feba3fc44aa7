"""The next step follows what decided: more pictures only where they could decide in the network's favour."""

from typing import Any

import pytest

from checks import reasons
from checks.rules import control_is_caught as control
from checks.rules import explainer_is_valid as explainer
from checks.rules import no_shared_hotspot as hotspot
from checks.rules.depends_on_object import NOT_BOTH
from checks.rules.forbidden_pixels_are_ignored import NONE_RIGHT
from checks.swaps.verdict import NO_CONTROL, UNDIRECTED
from checks.verdict import Direction, Finding, Outcome, Verdict
from fixtures.findings import finding_on_flights
from reports.wording.worded import words_of
from reports.wording.words import About

FAIL, INCONCLUSIVE, INVALID = Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID
LOWER, HIGHER = {"better": Direction.LOWER}, {"better": Direction.HIGHER}
REACHED, BEYOND = 0.09, 0.135
"""Estimates on either side of a limit of 0.1, where lower is better."""
ADD = r"^Add (boxed )?pictures"

HOTSPOT: dict[str, Any] = {
    "class_index": 3, "class_label": "runway", "box": None, "id": 1, "pasted": 24, "turned": 20, "turned_elsewhere": 1,
    "classes": 15, "searched": 12, "fewest": 20, "seen_in": 5_000,
}  # fmt: skip
BACKGROUND = {"paired": True, "right_on_own": 0.9, "right_on_other": 0.8, "lenders": 40, "without_answer": 9}


def step(rule: str, finding: Finding) -> str:
    verdict = Verdict(rule=rule, outcome=finding.outcome, decided_by=finding.key, findings=(finding,))
    return words_of(verdict, About(0.95, "flight")).next_step


def undecided(key: str, value: float | None, details: dict[str, Any], reason: str = reasons.UNDECIDED) -> Finding:
    stated = {"value": value, "details": details, "further": None}
    return finding_on_flights(key, INCONCLUSIVE, reason, stated)


RULES = [
    ("right_for_the_right_reason", "experiment", {"missed": 9}, LOWER),
    ("survives_other_background", "background", BACKGROUND, LOWER),
    ("forbidden_pixels_are_ignored", "hidden", {"without_answer": 0}, LOWER),
    ("depends_on_object", "object_removed", {"without_answer": 0, "right": 4}, HIGHER),
    ("relevance_beats_chance", "gradient", {"method": "gradient"}, HIGHER),
    ("model_is_accurate", "accuracy", {"right": 3}, HIGHER),
]


@pytest.mark.parametrize(("rule", "key", "details", "better"), RULES)
def test_more_pictures_are_asked_for_only_where_they_could_help(
    rule: str, key: str, details: dict[str, Any], better: dict[str, Any]
) -> None:
    lower = better["better"] is Direction.LOWER
    for value, helps in ((REACHED, lower), (BEYOND, not lower), (None, True)):
        finding = undecided(key, value, details).model_copy(update=better)
        if value is None and rule in ("right_for_the_right_reason", "model_is_accurate", "relevance_beats_chance"):
            continue  # never undecided without an estimate
        said = step(rule, finding)
        assert said.startswith("Add ") is helps, (value, said)
    few = undecided(key, BEYOND if lower else REACHED, details, reasons.TOO_FEW).model_copy(update=better)
    assert step(rule, few).startswith("Add ")


@pytest.mark.parametrize(
    ("rule", "key", "details", "room"),
    [
        (
            "depends_on_object",
            "object_removed",
            {"without_answer": 0},
            "at least half as much of the frame as they cover",
        ),
        ("right_for_the_right_reason", "experiment", {"missed": 9}, "some of the frame free."),
        ("survives_other_background", "background", BACKGROUND, "some of the frame free, several of each class"),
        ("forbidden_pixels_are_ignored", "hidden", {"without_answer": 0}, "some of the frame free beside these."),
    ],
)
def test_a_step_says_how_many_pictures_and_what_their_boxes_must_leave(
    rule: str, key: str, details: dict[str, Any], room: str
) -> None:
    few = finding_on_flights(key, INCONCLUSIVE, reasons.TOO_FEW, {"value": 0.09, "further": 18, "details": details})
    words = step(rule, few)
    assert words.startswith("Add boxed pictures of about 18 further flights ")
    assert room in words


EXPLAINED = {"method": "gradient", "asked": 16}


@pytest.mark.parametrize(
    ("outcome", "reason", "value", "part"),
    [
        (INCONCLUSIVE, reasons.UNDECIDED, 0.09, "Draw more pictures for the control randomisation"),
        (INCONCLUSIVE, reasons.UNDECIDED, 0.12, "Use another method"),
        (INVALID, reasons.BEYOND_LIMIT, 0.3, "Use another method"),
        (INVALID, explainer.NO_LIVING_MAP, None, "Use another method"),
    ],
)
def test_another_method_is_the_way_where_the_similarity_lies_over_the_limit(
    outcome: Outcome, reason: str, value: float | None, part: str
) -> None:
    finding = finding_on_flights("gradient", outcome, reason, {"value": value, "details": EXPLAINED})
    taken = {"kept": [], "taken_out": ["gradient"]}
    verdict = Verdict(
        rule="explainer_is_valid", outcome=outcome, decided_by="gradient", findings=(finding,), details=taken
    )
    assert words_of(verdict, About(0.95)).next_step.startswith(part)


@pytest.mark.parametrize(
    ("rule", "reason", "part"),
    [
        ("explainer_is_valid", explainer.NO_CONTROL, "Add the control randomisation"),
        ("explainer_is_valid", explainer.NOTHING_RANDOMISED, "Audit the network as a kind of model"),
        ("explainer_is_valid", reasons.NO_METHOD, "Name a method"),
        ("relevance_beats_chance", reasons.NO_METHOD, "Use another method"),
        ("relevance_beats_null_maps", reasons.NO_METHOD, "Use another method"),
        ("no_shared_hotspot", hotspot.NOT_SEARCHED, "Run the audit again with the search shared_cues"),
        ("control_is_caught", control.NO_CONTROL, "Add the control planted_cue"),
        ("control_is_caught", control.ENDS_MISSING, "Add the control planted_cue to [experiments]"),
        ("control_is_caught", control.NO_RULE, "Name rules in flagged_by"),
    ],
)
def test_what_was_not_run_is_to_be_run(rule: str, reason: str, part: str) -> None:
    verdict = Verdict(rule=rule, outcome=INVALID, reason=reason)
    assert words_of(verdict, About(0.95)).next_step.startswith(part)


@pytest.mark.parametrize(
    ("reason", "details", "part"),
    [
        (control.FEW_MARKED, {"pictures": 4, "fewest": 10}, "Run the audit again on more pictures"),
        (
            control.COPY_SILENT,
            {"intervention": "mark", "variant": "shown"},
            "Find out why the network yields no number",
        ),
        (control.NO_LIMITS, {"rules": ["a"]}, "Give these rules limits"),
    ],
)
def test_a_control_that_says_nothing(reason: str, details: dict[str, Any], part: str) -> None:
    verdict = Verdict(rule="control_is_caught", outcome=INVALID, reason=reason, details=details)
    assert words_of(verdict, About(0.95)).next_step.startswith(part)


@pytest.mark.parametrize(
    ("key", "outcome", "reason", "value", "part"),
    [
        ("search", INCONCLUSIVE, hotspot.FEW_SEARCHED, 0.0, "Add pictures, so that each class has 20"),
        ("cue 1", INCONCLUSIVE, reasons.TOO_FEW, 0.2, "Test the candidates on more pictures"),
        ("cue 1", INCONCLUSIVE, reasons.UNDECIDED, 0.2, "Look at the crops"),
        ("cue 1", INCONCLUSIVE, hotspot.PASTING_ALONE, 0.0, "Look at the crops that turn"),
        ("cue 1", INVALID, reasons.NO_SCORE, None, "Find out why the network yields no number"),
    ],
)
def test_candidates_ask_for_tests_and_the_search_for_pictures(
    key: str, outcome: Outcome, reason: str, value: float | None, part: str
) -> None:
    finding = finding_on_flights(key, outcome, reason, {"value": value, "details": HOTSPOT})
    assert step("no_shared_hotspot", finding).startswith(part)


def test_a_candidate_that_was_tested_wherever_it_was_seen_asks_for_pictures_of_its_class() -> None:
    fields = {"value": 0.2, "details": {**HOTSPOT, "seen_in": 20}, "n": 20}
    told = step("no_shared_hotspot", finding_on_flights("cue 1", INCONCLUSIVE, reasons.TOO_FEW, fields))
    assert told == "Add pictures of 'runway': every one in which the candidate was seen is tested already."


def test_reasons_that_have_a_step_of_their_own() -> None:
    assert "experiments.margin" in step(
        "survives_other_background", undecided("background", BEYOND, BACKGROUND, UNDIRECTED)
    )
    assert "several of each class" in step(
        "survives_other_background", undecided("background", BEYOND, BACKGROUND, NO_CONTROL)
    )
    nothing = finding_on_flights("object_removed", INVALID, NOT_BOTH, {"value": None, "details": {"right": 4}})
    assert "at least half as much of the frame as they cover" in step("depends_on_object", nothing)
    wrong = undecided("hidden", None, {"pictures": 4}, NONE_RIGHT)
    assert "predicted wrong" in step("forbidden_pixels_are_ignored", wrong)


def test_a_mark_that_is_blamed_for_nothing_asks_for_no_more_pictures() -> None:
    details = {"detector": "linear", "loss_unmarked": 0.2, "loss": 0.5, "share": 0.0, "flagged_unmarked": False}
    stated = {"value": 0.0, "details": details}
    blamed = finding_on_flights("linear/blame", INVALID, control.INNOCENT_BLAMED, stated)
    assert step("control_is_caught", blamed).startswith("Read no cue of this audit as proven")


def test_a_network_that_is_flagged_unmarked_is_said_with_the_numbers_of_the_blame() -> None:
    details = {"detector": "linear", "loss_unmarked": 0.0, "loss": 0.5, "share": 0.25, "flagged_unmarked": True}
    blamed = finding_on_flights("linear/blame", Outcome.PASS, "", {"value": 0.5, "limit": 0.1, "details": details})
    verdict = Verdict(rule="control_is_caught", outcome=Outcome.PASS, decided_by=blamed.key, findings=(blamed,))
    assert words_of(verdict, About(0.95)).sentence == (
        "The network is flagged even without a mark; hiding the mark costs over 10 points once it carries 25.0 %"
        " (detector linear)."
    )
