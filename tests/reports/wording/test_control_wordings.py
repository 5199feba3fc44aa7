"""Every reason of the search for cues and of the positive control in words: at most 25 of them, with the numbers."""

from collections.abc import Mapping
from typing import Any

import pytest

from checks import reasons
from checks.rules import control_is_caught as control
from checks.rules import no_shared_hotspot as hotspot
from checks.verdict import Outcome, Unit, Verdict
from fixtures.findings import MOST_WORDS, assert_worded, finding_on_flights, words_on_flights
from reports.wording.worded import words_of
from reports.wording.words import About

PASS, FAIL, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID
CUE = {
    "details": {
        "id": 1,
        "class_index": 3,
        "class_label": "runway",
        "box": None,
        "pasted": 24,
        "turned": 20,
        "seen_in": 5_000,
        "turned_elsewhere": 1,
    }
}
FOUND = {"details": {"classes": 15, "searched": 12, "fewest": 20}, "unit": Unit.SHARE}
FLAGGED: dict[str, Any] = {
    "details": {
        "detector": "linear",
        "flagged_by": ["depends_on_object", "no_shared_hotspot", "right_for_the_right_reason"],
        "flagged_unmarked": False,
        "kept": 0.25,
        "outside": 0.44,
        "reliance": 0.291,
        "lower": 0.2,
        "upper": 0.4,
        "unseen": 0.125,
        "max_limit_of_detection": 0.5,
    },
    "unit": Unit.SHARE,
}
LIMIT = {**FLAGGED, "details": {**FLAGGED["details"], "share": 0.31}}
UNMARKED = {**FLAGGED, "details": {**FLAGGED["details"], "flagged_unmarked": True}}
UNKNOWN = {**FLAGGED, "details": {**FLAGGED["details"], "kept": None, "outside": None}}
OWN = {**FLAGGED, "details": {**FLAGGED["details"], "kept": 0.0, "outside": 0.25}}
BLAMED: dict[str, Any] = {
    "details": {
        "detector": "linear",
        "loss_unmarked": 0.071,
        "loss": 0.493,
        "share": 0.135,
        "flagged_unmarked": False,
    },
    "limit": 0.05,
}

Case = tuple[Outcome, str, Mapping[str, Any], str]
"""Outcome, reason, what else is stated, and words that must stand in the sentence."""
CASES: dict[tuple[str, str], list[Case]] = {
    ("no_shared_hotspot", "cue 1"): [
        (
            FAIL,
            hotspot.CONFIRMED_BY_HIDING,
            CUE,
            "The model relies on something in changing places in pictures of 'runway': hiding it costs"
            " 13.5 points (at least 10.8; allowed: 10).",
        ),
        (FAIL, hotspot.CONFIRMED_BY_PASTING, CUE, "pasting it turns 83.3 % of other pictures (other crops: 4.2 %)."),
        (INCONCLUSIVE, hotspot.PASTING_ALONE, CUE, "turns 83.3 % of other pictures"),
        (INCONCLUSIVE, reasons.TOO_FEW, CUE, "at least 30 are needed."),
        (INCONCLUSIVE, reasons.UNDECIDED, CUE, "may be a cue (13.5 points when hidden; allowed: 10); about 40"),
        (INVALID, reasons.NO_PICTURES, CUE, "has no answers that could be compared."),
        (PASS, "", CUE, "hiding it costs 13.5 points (at most 16.2; allowed: 10)."),
        (
            INCONCLUSIVE,
            hotspot.NOT_CONFIRMED,
            CUE,
            "is not confirmed (13.5 points when hidden; allowed: 10), nor ruled out (at most 16.2).",
        ),
    ],
    ("no_shared_hotspot", "bounded"): [
        (
            PASS,
            "",
            {"details": {"lacking": []}, "upper": 0.071},
            "The maps of no class agree on anything outside the boxes; all backgrounds together decide at most 7.1"
            " points (allowed: 10).",
        ),
        (
            PASS,
            "",
            {"details": {"lacking": ["search"]}, "upper": 0.071},
            "What was not searched, other backgrounds bound: they decide at most 7.1 points (allowed: 10).",
        ),
    ],
    ("no_shared_hotspot", "search"): [
        (
            INCONCLUSIVE,
            hotspot.FEW_SEARCHED,
            FOUND,
            "12 of 15 classes, with 13.5 % of the pictures, have 20 right answers with maps, which a search needs"
            " (required: 10 %).",
        ),
    ],
    ("control_is_caught", "linear"): [
        (
            PASS,
            "",
            FLAGGED,
            "A mark is flagged once 29.1 points of accuracy hang on it (at most 40.0; 13.5 % of the evidence; detector"
            " linear).",
        ),
        (PASS, "", OWN, "13.5 % of the evidence; detector linear)."),
        (PASS, "", UNKNOWN, "13.5 % of the evidence; detector linear)."),
        (INCONCLUSIVE, control.OWN_RELIANCE, UNMARKED, "The network is flagged even without a mark"),
        (
            INVALID,
            control.NOT_FLAGGED,
            FLAGGED,
            "is not flagged by depends_on_object, no_shared_hotspot and right_for_the_right_reason (detector linear).",
        ),
    ],
    ("control_is_caught", "linear/points"): [
        (
            PASS,
            "",
            LIMIT,
            "A mark is flagged once 29.1 points of accuracy hang on it (at most 40.0; 31.0 % of the evidence; detector"
            " linear).",
        ),
        (INCONCLUSIVE, control.TOO_BLUNT, LIMIT, "hang on it (at most 40.0; allowed: 50; detector linear)."),
    ],
    ("control_is_caught", "linear/blame"): [
        (PASS, "", BLAMED, "costs more than 5 points once it carries 13.5 % of the evidence, and 49.3 points at most."),
        (INVALID, control.NOT_BLAMED, BLAMED, "The mark is not blamed although it carries all"),
        (INVALID, control.INNOCENT_BLAMED, BLAMED, "The mark carries nothing, yet hiding it costs 7.1 points"),
    ],
    ("control_is_caught", "kept"): [
        (PASS, "", {"unit": Unit.SHARE}, "keeps 13.5 % of its evidence"),
    ],
}
"""By rule and key."""


@pytest.mark.parametrize(("rule", "key", "case"), [(*names, case) for names, cases in CASES.items() for case in cases])
def test_every_outcome_has_a_short_sentence_with_its_numbers(rule: str, key: str, case: Case) -> None:
    outcome, reason, stated, part = case
    words = words_on_flights(rule, finding_on_flights(key, outcome, reason, stated))
    assert_worded(words, outcome, part)


@pytest.mark.parametrize(
    ("rule", "reason", "details", "sentence"),
    [
        (
            "no_shared_hotspot",
            hotspot.NOT_SEARCHED,
            {},
            "The search shared_cues was not run, so no cue was looked for.",
        ),
        (
            "control_is_caught",
            control.NO_CONTROL,
            {},
            "The control planted_cue was not run, so it is unknown what this audit would have noticed.",
        ),
        (
            "control_is_caught",
            control.FEW_MARKED,
            {"pictures": 4, "fewest": 10},
            "4 pictures could carry the mark (required: 10), so this control shows nothing.",
        ),
        (
            "control_is_caught",
            control.ENDS_MISSING,
            {},
            "The copies that rely on the mark alone, or not at all, are missing.",
        ),
        (
            "control_is_caught",
            control.COPY_SILENT,
            {"intervention": "mark", "variant": "hidden"},
            "The network yields no number for pictures with the mark under mark 'hidden'.",
        ),
        (
            "control_is_caught",
            control.NO_LIMITS,
            {"rules": ["a", "b"]},
            "The profile has no limits for a and b, which should flag a copy.",
        ),
        ("control_is_caught", control.NO_RULE, {}, "The profile names no rule that would flag a copy."),
    ],
)
def test_a_rule_that_could_not_judge_says_why(rule: str, reason: str, details: dict[str, Any], sentence: str) -> None:
    verdict = Verdict(rule=rule, outcome=INVALID, reason=reason, details=details)
    found = words_of(verdict, About(0.95))
    assert found.sentence == sentence
    assert len(sentence.split()) <= MOST_WORDS
    assert found.next_step


@pytest.mark.parametrize("reason", [hotspot.CONFIRMED_BY_HIDING, hotspot.CONFIRMED_BY_PASTING])
def test_of_several_cues_the_strongest_speaks(reason: str) -> None:
    findings = [finding_on_flights(f"cue {number}", FAIL, reason, CUE) for number in (1, 2)]
    found = words_on_flights(
        "no_shared_hotspot",
        *findings,
        finding_on_flights("cue 3", PASS, "", CUE),
        finding_on_flights("search", PASS, "", FOUND),
    )
    assert found.sentence.startswith("2 of 3 candidate cues are confirmed; ")
    assert "the strongest, in changing places for 'runway', " in found.sentence
    assert len(found.sentence.split()) <= MOST_WORDS
    none = words_on_flights(
        "no_shared_hotspot", finding_on_flights("cue 1", PASS, "", CUE), finding_on_flights("search", PASS, "", FOUND)
    )
    assert none.sentence == (
        "The one candidate is not confirmed as a cue: hiding it costs 13.5 points (at most 16.2; allowed: 10)."
    )
    idle = [finding_on_flights(f"cue {i}", PASS, "", {**CUE, "value": -0.002, "upper": 0.003}) for i in (1, 2)]
    assert words_on_flights("no_shared_hotspot", *idle, finding_on_flights("search", PASS, "", FOUND)).sentence == (
        "None of 2 candidates is confirmed as a cue; hiding the strongest costs nothing (at most 0.3; allowed: 10)."
    )
    assert words_on_flights("no_shared_hotspot", finding_on_flights("search", PASS, "", FOUND)).sentence == (
        "The maps of no class agree on anything outside the boxes."
    )


def test_it_is_said_what_other_backgrounds_bound() -> None:
    shown = {**FOUND, "advisory": True, "details": {"classes": 15, "searched": 0, "fewest": 20}}
    search = finding_on_flights("search", INCONCLUSIVE, hotspot.FEW_SEARCHED, shown)
    bound = {"upper": 0.071, "details": {"lacking": ["search"]}}
    without = words_on_flights("no_shared_hotspot", finding_on_flights("bounded", PASS, "", bound), search)
    assert without.sentence == (
        "What was not searched, other backgrounds bound: they decide at most 7.1 points (allowed: 10)."
    )
    bound["details"] = {"lacking": ["cue 1"]}
    cue = finding_on_flights("cue 1", INCONCLUSIVE, hotspot.NOT_CONFIRMED, {**CUE, "advisory": True})
    found = words_on_flights("no_shared_hotspot", finding_on_flights("bounded", PASS, "", bound), cue)
    assert found.sentence == (
        "The one candidate is not confirmed as a cue; all backgrounds together decide at most 7.1 points (allowed: 10)."
    )


def test_a_cue_that_pasting_alone_speaks_for_is_to_be_looked_at() -> None:
    alone = finding_on_flights("cue 1", INCONCLUSIVE, hotspot.PASTING_ALONE, CUE)
    assert words_on_flights("no_shared_hotspot", alone).next_step.startswith(
        "Look at the crops that turn pictures of other classes"
    )
