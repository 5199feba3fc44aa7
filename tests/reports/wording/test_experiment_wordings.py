"""Every reason of the rules on experiments in words: at most 25 of them, with the numbers."""

from collections.abc import Mapping
from typing import Any

import pytest

from checks import reasons
from checks.rules import depends_on_object as necessity
from checks.rules import forbidden_pixels_are_ignored as forbidden
from checks.rules import model_is_accurate as accuracy
from checks.swaps import regions
from checks.swaps import verdict as background
from checks.verdict import Direction, Outcome, Unit, Verdict
from fixtures.findings import MOST_WORDS, assert_worded, finding_on_flights, words_on_flights
from reports.wording.worded import words_of
from reports.wording.words import About

PASS, FAIL, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID
ACCURACY = {"quantity": "top_1_accuracy", "unit": Unit.SHARE, "better": Direction.HIGHER, "details": {"right": 1110}}
CARRIED = {
    "quantity": "evidence_of_object",
    "unit": Unit.SHARE,
    "better": Direction.HIGHER,
    "details": {"without_answer": 3, "right": 40},
}
SHARE = {"unit": Unit.SHARE, "details": {"missed": 99, "without_answer": 200}}
SWAPPED = {
    "details": {
        "paired": True,
        "right_on_own": 0.931,
        "right_on_other": 0.875,
        "lenders": 37,
        "lenders_needed": 62,
        "without_answer": 200,
    }
}
REGION = {
    "details": {
        **SWAPPED["details"],
        "box": [0.0, 0.7, 0.3, 1.0],
        "area": 0.08,
        "told_by": 0.66,
        "max_pull": 0.15,
        "classes": [
            {"label": "red fox", "share": 0.31, "lower": 0.221, "upper": 0.402, "p": 0.001, "certain": True},
            {"label": "kit fox", "share": 0.2, "lower": -0.1, "upper": 0.5, "p": 1.0, "certain": False},
        ],
    }
}
ALONE = {"details": {**SWAPPED["details"], "paired": False, "right_on_own": None}}
MOVED = {"details": {"elsewhere": 0.02, "pictures": 12, "without_answer": 0}}
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
        (
            PASS,
            "",
            CARRIED,
            "The object carries 13.5 % of the evidence on 1,234 pictures",
        ),
        (PASS, "", CARRIED, "(at least 10.8 %; required: more than 10 %)."),
        (
            FAIL,
            reasons.BEYOND_LIMIT,
            {**CARRIED, "value": -0.135, "upper": -0.108},
            "The object carries no evidence on 1,234 pictures of 120 flights (−13.5 %, at most −10.8 %; required: more"
            " than 10 %).",
        ),
        (FAIL, reasons.BEYOND_LIMIT, CARRIED, "carries too little evidence"),
        (INCONCLUSIVE, reasons.TOO_FEW, CARRIED, "at least 30 are needed."),
        (INCONCLUSIVE, reasons.UNDECIDED, CARRIED, "(at least 10.8 %, limit 10 %); about 40 further"),
        (INCONCLUSIVE, necessity.FILLS_BREAK, CARRIED, "but the fills break the prediction"),
        (INCONCLUSIVE, reasons.NO_PICTURES, {**CARRIED, "value": None}, "No picture is predicted"),
        (INVALID, necessity.NOT_BOTH, {**CARRIED, "value": None}, "None of 40 pictures"),
    ],
    ("depends_on_object", "elsewhere"): [
        (PASS, "", {}, "Hiding an equal area elsewhere takes 13.5 % of the evidence (at most 16.2 %; allowed: 10 %)."),
        (INCONCLUSIVE, necessity.FILLS_BREAK, {}, "the fills break the prediction wherever they are put."),
    ],
    ("depends_on_object", "probability"): [
        (PASS, "", {"quantity": "loss_without_object"}, "costs 13.5 points more than hiding equal areas elsewhere."),
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
        (INVALID, reasons.UNJUDGED, SHARE, "200 of 1,434 right answers cannot be judged"),
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
        (INCONCLUSIVE, reasons.NO_PICTURES, SWAPPED, "No picture predicted right was tried on"),
        (INCONCLUSIVE, reasons.UNJUDGED, SWAPPED, "200 of 1,434 right answers cannot be judged"),
        (INCONCLUSIVE, background.NO_CONTROL, ALONE, "show what swapping costs."),
        (INCONCLUSIVE, background.UNDIRECTED, SWAPPED, "do not shift to the backgrounds’ classes."),
        (INCONCLUSIVE, background.FEW_LENDERS, SWAPPED, "those of 37 flights are too few."),
        (
            INVALID,
            background.BREAKS_PICTURES,
            SWAPPED,
            "Only 93.1 % stay right on own-class backgrounds (needed: 50 %)",
        ),
    ],
    ("survives_other_placement", "placement"): [
        (PASS, "", SWAPPED, "93.1 % stay right in own-class places and 87.5 % in others (loss at most 16.2"),
        (INCONCLUSIVE, reasons.UNDECIDED, SWAPPED, "Places of other classes cost 13.5 points more accuracy than"),
        (INCONCLUSIVE, background.NO_CONTROL, ALONE, "too few own-class places show what swapping costs."),
        (INCONCLUSIVE, background.UNDIRECTED, SWAPPED, "do not shift to the places’ classes."),
    ],
    ("survives_other_regions", "region 1"): [
        (PASS, "", REGION, "own-class patches and 87.5 % with others (loss at most 16.2"),
        (FAIL, reasons.BEYOND_LIMIT, REGION, "At the bottom left, 93.1 % stay right with own-class patches, 87.5 %"),
        (
            FAIL,
            regions.PULLS_A_CLASS,
            REGION,
            "bring 31.0 % of the evidence for ‘red fox’ into other pictures (at least 22.1 %; allowed: 15 %).",
        ),
        (INCONCLUSIVE, regions.MAY_PULL_A_CLASS, REGION, "for ‘red fox’ into other pictures (at most 40.2 %; allowed"),
        (INCONCLUSIVE, reasons.UNDECIDED, REGION, "Patches of other classes cost 13.5 points more"),
        (INCONCLUSIVE, background.FEW_LENDERS, REGION, "those of 37 flights are too few."),
        (INCONCLUSIVE, background.NO_CONTROL, REGION, "stay right with other patches (allowed"),
        (INCONCLUSIVE, reasons.NO_PICTURES, REGION, "No picture predicted right was tried with other patches"),
    ],
    ("survives_other_object_regions", "object region 1"): [
        (PASS, "", REGION, "own-class patches and 87.5 % with others (loss at most 16.2"),
        (FAIL, reasons.BEYOND_LIMIT, REGION, "At the bottom left of the object, 93.1 % stay right with own"),
        (
            FAIL,
            regions.PULLS_A_CLASS,
            REGION,
            "at the bottom left of the object carry 31.0 % of the evidence for ‘red fox’ (at least 22.1 %; allowed: 15",
        ),
        (INCONCLUSIVE, regions.NOTHING_STANDS_OUT, REGION, "No single place stands out: 66.0 % of the object tells"),
        (INCONCLUSIVE, regions.MAY_PULL_A_CLASS, REGION, "the evidence for ‘red fox’ (at most 40.2 %; allowed"),
        (INCONCLUSIVE, reasons.UNDECIDED, REGION, "Patches of other classes cost 13.5 points more"),
    ],
    ("survives_other_scale", "scale"): [
        (
            FAIL,
            reasons.BEYOND_LIMIT,
            SWAPPED,
            "93.1 % stay right at own-class sizes and 87.5 % at others (loss at least",
        ),
        (INCONCLUSIVE, reasons.NO_PICTURES, SWAPPED, "No picture predicted right was tried at other sizes."),
    ],
    ("survives_other_object_colour", "object_colour"): [
        (PASS, "", SWAPPED, "93.1 % stay right in own-class shades and 87.5 % in others (loss at most"),
        (INCONCLUSIVE, background.UNDIRECTED, SWAPPED, "do not shift to the shades’ classes."),
    ],
    ("survives_other_object_shape", "object_shape"): [
        (FAIL, reasons.BEYOND_LIMIT, SWAPPED, "93.1 % stay right at own-class aspects and 87.5 % at others (loss at"),
        (INCONCLUSIVE, background.FEW_LENDERS, SWAPPED, "those of 37 flights are too few."),
    ],
    ("survives_other_colour", "colour"): [
        (FAIL, reasons.BEYOND_LIMIT, SWAPPED, "93.1 % stay right in own-class colours and 87.5 % in others (loss at"),
        (INCONCLUSIVE, reasons.UNDECIDED, SWAPPED, "Colours of other classes cost 13.5 points more accuracy than"),
    ],
    ("survives_other_background_colour", "background_colour"): [
        (PASS, "", SWAPPED, "93.1 % stay right with own-class tints and 87.5 % with others"),
        (INCONCLUSIVE, background.UNDIRECTED, SWAPPED, "do not shift to the tints’ classes."),
    ],
    ("survives_other_sharpness", "sharpness"): [
        (
            FAIL,
            reasons.BEYOND_LIMIT,
            SWAPPED,
            "93.1 % stay right with own-class blurs and 87.5 % with others",
        ),
        (INCONCLUSIVE, background.NO_CONTROL, ALONE, "too few own-class blurs show what swapping costs."),
    ],
    ("survives_other_compression", "compression"): [
        (
            FAIL,
            reasons.BEYOND_LIMIT,
            SWAPPED,
            "93.1 % stay right with own-class compressions and 87.5 % with others",
        ),
        (INCONCLUSIVE, background.FEW_LENDERS, SWAPPED, "those of 37 flights are too few."),
        (INCONCLUSIVE, background.UNDIRECTED, SWAPPED, "do not shift to the compressions’ classes."),
        (INCONCLUSIVE, background.NO_CONTROL, ALONE, "too few own-class compressions show what swapping costs."),
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
            "by 15.5 points, hiding an equal area elsewhere by 2.0 (difference at least 10.8; allowed: 10).",
        ),
        (PASS, "", {**MOVED, "lower": None}, "by 2.0, on 1,234 pictures"),
        (INCONCLUSIVE, forbidden.NO_ROOM, {"details": {"elsewhere": None}}, "No picture left room"),
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
            "survives_other_background",
            background.NAMELESS,
            {"intervention": "background_replaced", "variant": "other 1", "pictures": 3},
            "The record does not name the lenders of 3 pictures in background_replaced 'other 1'.",
        ),
        (
            "forbidden_pixels_are_ignored",
            forbidden.NOTHING_LEFT,
            {},
            "No picture left an answer without its forbidden pixels.",
        ),
    ],
)
def test_a_rule_that_could_not_judge_says_why(rule: str, reason: str, details: dict[str, Any], sentence: str) -> None:
    verdict = Verdict(rule=rule, outcome=INVALID, reason=reason, details=details)
    found = words_of(verdict, About(0.95))
    assert found.sentence == sentence
    assert len(sentence.split()) <= MOST_WORDS
    assert found.next_step


def test_the_next_step_follows_the_reason() -> None:
    breaks = finding_on_flights("object_removed", INCONCLUSIVE, necessity.FILLS_BREAK, CARRIED)
    assert words_on_flights("depends_on_object", breaks).next_step.startswith(
        "Add pictures whose boxes leave free at least half as much of the frame as they cover"
    )
    few = finding_on_flights("background", INCONCLUSIVE, background.FEW_LENDERS, SWAPPED)
    assert words_on_flights("survives_other_background", few).next_step == (
        "Let backgrounds of at least 62 flights be tried: raise experiments.donors, and add boxed pictures where there"
        " are fewer."
    )
    absent = finding_on_flights("hidden", INVALID, reasons.NO_PICTURES, MOVED)
    assert words_on_flights("forbidden_pixels_are_ignored", absent).next_step.startswith(
        "Use data whose annotations state"
    )
