"""Every reason of the rules on experiments and controls in words: at most 25 of them, with the numbers."""

from collections.abc import Mapping
from typing import Any

import pytest

from checks import reasons
from checks.rules import control_is_caught as control
from checks.rules import depends_on_object as necessity
from checks.rules import forbidden_pixels_are_ignored as forbidden
from checks.rules import model_is_accurate as accuracy
from checks.rules import no_shared_hotspot as hotspot
from checks.rules import survives_other_background as background
from checks.verdict import Direction, Finding, Outcome, Unit, Verdict
from reports.wording.worded import words_of
from reports.wording.words import About, Words

PASS, FAIL, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID
MOST_WORDS = 25
CLUSTERED = {"n": 1234, "clusters": 120, "independent": 97.5}
ACCURACY = {"quantity": "top_1_accuracy", "unit": Unit.SHARE, "better": Direction.HIGHER, "details": {"right": 1110}}
LOSS = {"quantity": "loss_without_object", "better": Direction.HIGHER, "details": {"without_answer": 3, "right": 40}}
SHARE = {"unit": Unit.SHARE, "details": {"missed": 99, "without_answer": 200}}
SWAPPED = {
    "details": {
        "paired": True,
        "right_on_own": 0.931,
        "right_on_other": 0.875,
        "backgrounds": 37,
        "without_answer": 200,
    }
}
ALONE = {"details": {**SWAPPED["details"], "paired": False, "right_on_own": None}}
MOVED = {"details": {"elsewhere": 0.02, "pictures": 12, "without_answer": 0}}
CUE = {
    "details": {
        "id": 1,
        "class_index": 3,
        "class_label": "runway",
        "box": None,
        "pasted": 24,
        "turned": 20,
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
    },
    "unit": Unit.SHARE,
}
UNMARKED = {**FLAGGED, "details": {**FLAGGED["details"], "flagged_unmarked": True}}
UNKNOWN = {**FLAGGED, "details": {**FLAGGED["details"], "kept": None, "outside": None}}
OWN = {**FLAGGED, "details": {**FLAGGED["details"], "kept": 0.0, "outside": 0.25}}
BLAMED = {"details": {"detector": "linear", "loss_unmarked": 0.071, "loss": 0.493, "min_loss": 0.05}}

Case = tuple[Outcome, str, Mapping[str, Any], str]
"""Outcome, reason, what else is stated, and words that must stand in the sentence."""
CASES: dict[tuple[str, str], list[Case]] = {
    ("model_is_accurate", "accuracy"): [
        (PASS, "", ACCURACY, "are predicted right: 13.5 % (at least 10.8 %; required: 10 %)."),
        (FAIL, reasons.BEYOND_LIMIT, ACCURACY, "(at most 16.2 %; required: 10 %)."),
        (INCONCLUSIVE, reasons.UNDECIDED, ACCURACY, "about 40 further flights would decide it."),
        (INVALID, reasons.NO_PICTURES, ACCURACY, "No picture was measured."),
        (INVALID, accuracy.ONE_CLASS_KNOWN, ACCURACY, "knows fewer than two classes"),
        (INVALID, accuracy.ONE_CLASS_SHOWN, ACCURACY, "All pictures are of one class"),
    ],
    ("depends_on_object", "object_removed"): [
        (PASS, "", LOSS, "costs 13.5 points more than hiding as much elsewhere"),
        (PASS, "", LOSS, "(at least 10.8; required: more than 10)."),
        (
            FAIL,
            reasons.BEYOND_LIMIT,
            {**LOSS, "value": -0.135, "upper": -0.108},
            "Removing the object does not change the answer on 1,234 pictures of 120 flights (loss"
            " -13.5 points, at most -10.8; required: more than 10).",
        ),
        (FAIL, reasons.BEYOND_LIMIT, LOSS, "hardly changes the answer"),
        (INCONCLUSIVE, reasons.TOO_FEW, LOSS, "at least 30 are needed."),
        (INCONCLUSIVE, reasons.UNDECIDED, LOSS, "(at least 10.8, limit 10); about 40 further"),
        (INCONCLUSIVE, necessity.FILLS_BREAK, LOSS, "but the fills break the prediction"),
        (INCONCLUSIVE, reasons.NO_PICTURES, {**LOSS, "value": None}, "No picture is predicted"),
        (INVALID, necessity.NOT_BOTH, {**LOSS, "value": None}, "None of 40 pictures"),
    ],
    ("depends_on_object", "elsewhere"): [
        (PASS, "", {}, "Hiding as much elsewhere costs 13.5 points (allowed: 10)."),
        (INCONCLUSIVE, necessity.FILLS_BREAK, {}, "the fills break the prediction wherever they are put."),
    ],
    ("right_for_the_right_reason", "experiment"): [
        (
            PASS,
            "",
            SHARE,
            "99 of 1,234 right answers of 120 flights rest on the background, not the object: 13.5 %"
            " (at most 16.2 %; allowed: 10 %).",
        ),
        (FAIL, reasons.BEYOND_LIMIT, SHARE, "(at least 10.8 %; allowed: 10 %)."),
        (INCONCLUSIVE, reasons.UNDECIDED, SHARE, "(at most 16.2 %; allowed: 10 %); about 40"),
        (INCONCLUSIVE, reasons.NO_PICTURES, SHARE, "No picture is predicted right"),
        (INVALID, reasons.UNJUDGED, SHARE, "200 of 1,434 pictures predicted right left no answer"),
    ],
    ("survives_other_background", "background"): [
        (
            PASS,
            "",
            SWAPPED,
            "93.1 % stay right on own-class backgrounds and 87.5 % on others (loss at most 16.2 points; allowed: 10).",
        ),
        (PASS, "", ALONE, "87.5 % stay right on other backgrounds (loss at most 16.2"),
        (FAIL, reasons.BEYOND_LIMIT, SWAPPED, "(loss at least 10.8 points; allowed: 10)."),
        (INCONCLUSIVE, reasons.UNDECIDED, SWAPPED, "(at most 16.2; allowed: 10); about 40"),
        (INCONCLUSIVE, reasons.TOO_FEW, SWAPPED, "at least 30 are needed."),
        (INCONCLUSIVE, reasons.NO_PICTURES, SWAPPED, "No picture predicted right was put on"),
        (INCONCLUSIVE, reasons.UNJUDGED, SWAPPED, "200 of 1,434 pictures predicted right"),
        (INCONCLUSIVE, background.NO_CONTROL, ALONE, "show what pasting itself costs."),
        (INCONCLUSIVE, background.UNDIRECTED, SWAPPED, "do not move to the backgrounds' classes."),
        (INCONCLUSIVE, background.FEW_BACKGROUNDS, SWAPPED, "37 backgrounds are too few"),
    ],
    ("forbidden_pixels_are_ignored", "hidden"): [
        (PASS, "", MOVED, "by 13.5 points, on 1,234 pictures of 120 flights (at most 16.2; allowed: 10)."),
        (INCONCLUSIVE, reasons.UNDECIDED, MOVED, "(at most 16.2; allowed: 10); about 40"),
        (INCONCLUSIVE, reasons.TOO_FEW, MOVED, "at least 30 are needed."),
        (INCONCLUSIVE, forbidden.NONE_RIGHT, MOVED, "None of 12 pictures with forbidden pixels"),
        (INVALID, reasons.NO_PICTURES, MOVED, "No picture shows the network forbidden pixels"),
    ],
    ("forbidden_pixels_are_ignored", "beyond_elsewhere"): [
        (
            FAIL,
            reasons.BEYOND_LIMIT,
            MOVED,
            "by 15.5 points, hiding as much elsewhere by 2.0 (difference at least 10.8; allowed: 10).",
        ),
        (PASS, "", {**MOVED, "lower": None}, "by 2.0, on 1,234 pictures"),
        (INCONCLUSIVE, forbidden.NO_ROOM, {"details": {"elsewhere": None}}, "No picture left room"),
    ],
    ("no_shared_hotspot", "cue 1"): [
        (
            FAIL,
            hotspot.CONFIRMED_BY_HIDING,
            CUE,
            "The model goes by something in changing places in pictures of 'runway': hiding it costs"
            " 13.5 points (at least 10.8; allowed: 10).",
        ),
        (FAIL, hotspot.CONFIRMED_BY_PASTING, CUE, "pasting it turns 83.3 % of other pictures (other crops: 4.2 %)."),
        (INCONCLUSIVE, hotspot.PASTING_ALONE, CUE, "turns 83.3 % of other pictures"),
        (INCONCLUSIVE, reasons.TOO_FEW, CUE, "at least 30 are needed."),
        (INCONCLUSIVE, reasons.UNDECIDED, CUE, "may be a cue (13.5 points when hidden; allowed: 10); about 40"),
        (INVALID, reasons.NO_PICTURES, CUE, "has no answers that could be compared."),
        (PASS, "", CUE, "hiding it costs 13.5 points (at most 16.2; allowed: 10)."),
    ],
    ("no_shared_hotspot", "search"): [
        (
            INCONCLUSIVE,
            hotspot.FEW_SEARCHED,
            FOUND,
            "12 of 15 classes, with 13.5 % of the pictures, have the 20 right answers a search needs (required: 10 %).",
        ),
    ],
    ("control_is_caught", "linear"): [
        (
            PASS,
            "",
            FLAGGED,
            "A mark is flagged once it carries 13.5 % of the evidence (detector linear); 44 % then"
            " come from outside the object.",
        ),
        (PASS, "", OWN, "13.5 % of the evidence (detector linear)."),
        (PASS, "", UNKNOWN, "what the network keeps without the object is unknown."),
        (PASS, "", UNMARKED, "The network is flagged even unmarked"),
        (
            INVALID,
            control.NOT_FLAGGED,
            FLAGGED,
            "is not flagged by depends_on_object, no_shared_hotspot and right_for_the_right_reason (detector linear).",
        ),
    ],
    ("control_is_caught", "linear/blame"): [
        (PASS, "", BLAMED, "costs over 5 points once it carries 13.5 % of the evidence, and 49.3 points at the most."),
        (INVALID, control.NOT_BLAMED, BLAMED, "The mark is not blamed where it carries all"),
        (INVALID, control.INNOCENT_BLAMED, BLAMED, "costs the network itself 7.1 points"),
    ],
    ("control_is_caught", "kept"): [
        (PASS, "", {"unit": Unit.SHARE}, "keeps 13.5 % of its evidence"),
    ],
}
"""By rule and key."""


def finding(key: str, outcome: Outcome, reason: str, stated: Mapping[str, Any]) -> Finding:
    """A difference of 13.5 points between 10.8 and 16.2, where 10 is the limit, on pictures of flights."""
    fields: dict[str, Any] = {
        "key": key,
        "outcome": outcome,
        "reason": reason,
        "quantity": "x",
        "unit": Unit.DIFFERENCE,
        "better": Direction.LOWER,
        "value": 0.135,
        "limit": 0.1,
        "lower": 0.108,
        "upper": 0.162,
        "further": 40 if outcome is INCONCLUSIVE else None,
        **CLUSTERED,
    }
    return Finding(**{**fields, **stated})


def words(rule: str, *findings: Finding) -> Words:
    verdict = Verdict(rule=rule, outcome=findings[0].outcome, decided_by=findings[0].key, findings=findings)
    return words_of(verdict, About(0.95, "flight"))


@pytest.mark.parametrize(("rule", "key", "case"), [(*names, case) for names, cases in CASES.items() for case in cases])
def test_every_outcome_has_a_short_sentence_with_its_numbers(rule: str, key: str, case: Case) -> None:
    outcome, reason, stated, part = case
    found = words(rule, finding(key, outcome, reason, stated))
    (said,) = found.findings
    assert part in said.sentence
    assert said.sentence.endswith(".")
    assert said.sentence[0].isupper() or said.sentence[0].isdigit()
    assert max(len(sentence.split()) for sentence in (said.sentence, found.sentence)) <= MOST_WORDS, said.sentence
    assert said.subject
    assert said.quantity
    assert found.question.endswith("?")
    assert (found.next_step == "") == (outcome is PASS)


@pytest.mark.parametrize(
    ("rule", "reason", "details", "sentence"),
    [
        (
            "survives_other_background",
            background.NAMELESS,
            {"intervention": "background_replaced", "variant": "other 1", "pictures": 3},
            "The record does not say whose background 3 pictures had in background_replaced 'other 1'.",
        ),
        (
            "forbidden_pixels_are_ignored",
            forbidden.NOTHING_LEFT,
            {},
            "No picture left an answer without its forbidden pixels.",
        ),
        (
            "no_shared_hotspot",
            hotspot.NOT_SEARCHED,
            {},
            "The search shared_cues was not run; no cue was looked for.",
        ),
        (
            "control_is_caught",
            control.NO_CONTROL,
            {},
            "The control planted_cue was not run, so nothing shows what this audit would have noticed.",
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
    findings = [finding(f"cue {number}", FAIL, reason, CUE) for number in (1, 2)]
    found = words("no_shared_hotspot", *findings, finding("cue 3", PASS, "", CUE), finding("search", PASS, "", FOUND))
    assert found.sentence.startswith("2 of 3 candidate cues are confirmed; ")
    assert "the strongest, in changing places for 'runway', " in found.sentence
    assert len(found.sentence.split()) <= MOST_WORDS
    none = words("no_shared_hotspot", finding("cue 1", PASS, "", CUE), finding("search", PASS, "", FOUND))
    assert none.sentence.startswith("None of 1 candidate is confirmed as a cue; hiding the strongest costs 13.5 points")
    assert words("no_shared_hotspot", finding("search", PASS, "", FOUND)).sentence == (
        "The maps of no class agree on anything outside the boxes."
    )


def test_a_cue_that_pasting_alone_speaks_for_is_to_be_looked_at() -> None:
    alone = finding("cue 1", INCONCLUSIVE, hotspot.PASTING_ALONE, CUE)
    assert words("no_shared_hotspot", alone).next_step.startswith(
        "Look at the crops that turn pictures of other classes"
    )


def test_the_next_step_follows_the_reason() -> None:
    breaks = finding("object_removed", INCONCLUSIVE, necessity.FILLS_BREAK, LOSS)
    assert words("depends_on_object", breaks).next_step.startswith("Add pictures with room around the object")
    few = finding("background", INCONCLUSIVE, background.FEW_BACKGROUNDS, SWAPPED)
    assert "experiments.donors" in words("survives_other_background", few).next_step
    absent = finding("hidden", INVALID, reasons.NO_PICTURES, MOVED)
    assert words("forbidden_pixels_are_ignored", absent).next_step.startswith("Name data whose annotations state")
