"""Every reason of the rules on maps in words: at most 25 of them, with the numbers."""

from collections.abc import Mapping
from typing import Any

import pytest

from checks import reasons
from checks.rules import explainer_is_valid as validity
from checks.rules import methods_agree as agreement
from checks.rules import relevance_beats_null_maps as null_maps
from checks.verdict import Direction, Finding, Outcome, Unit, Verdict
from fixtures.findings import MOST_WORDS, finding_on_flights, words_on_flights
from reports.wording.worded import words_of
from reports.wording.words import About, Words

PASS, FAIL, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID
CHANCE = {"better": Direction.HIGHER, "chance": 0.15, "details": {"method": "gradient", "mass": 0.285}}
BEHIND_CHANCE = {**CHANCE, "value": -0.1, "upper": -0.08}
NULL = {
    "better": Direction.HIGHER,
    "chance": 0.15,
    "details": {"method": "gradient", "null_map": "centre", "measure": "mass", "mean": 0.285},
}
AUC = {**NULL, "unit": Unit.AUC}
BEHIND_NULL = {**NULL, "value": -0.1, "upper": -0.08, "lower": -0.12}
LACKING = {"value": None, "n": 0, "clusters": None, "details": {"missing": ["uniform", "edges", "random_model"]}}
CORRELATION = {"unit": Unit.CORRELATION, "limit": 0.7}
PAIR = {**CORRELATION, "details": {"methods": ["gradient", "gradcam"], "own_copy": {"gradient": 0.4, "gradcam": None}}}
SIMILAR = {**CORRELATION, "clusters": None, "details": {"method": "gradient", "asked": 16}}
Case = tuple[Outcome, str, Mapping[str, Any], str]
"""Outcome, reason, what else is stated, and words that must stand in the sentence."""
CASES: dict[tuple[str, str], list[Case]] = {
    ("relevance_beats_chance", "gradient"): [
        (
            PASS,
            "",
            CHANCE,
            "gradient puts 28.5 % of its relevance on the object, chance 15.0 % (difference at least 10.8 points;"
            " required: more than 10).",
        ),
        (FAIL, reasons.BEYOND_LIMIT, BEHIND_CHANCE, "(difference at most −8.0 points; required: more than 10)."),
        (
            INCONCLUSIVE,
            reasons.UNDECIDED,
            CHANCE,
            "gradient puts 13.5 points more on the object than chance, on 120 flights (required: more than 10); about"
            " 40 further flights would decide it.",
        ),
        (INCONCLUSIVE, reasons.UNDECIDED, {**CHANCE, "further": None}, "; not even 100,000 further flights"),
        (INCONCLUSIVE, reasons.UNDECIDED, {**BEHIND_CHANCE, "further": None}, "puts 10.0 points less on the object"),
        (INCONCLUSIVE, reasons.TOO_FEW, CHANCE, "chance, on 120 flights worth 97.5 of equal size; at least 30 are"),
        (INVALID, reasons.NO_PICTURES, {**CHANCE, "value": None}, "gradient has no living map."),
        (INVALID, reasons.NO_SCORE, {**CHANCE, "value": None}, "Some maps of gradient have no score"),
    ],
    ("relevance_beats_null_maps", "gradient/centre"): [
        (
            PASS,
            "",
            NULL,
            "gradient puts 28.5 % of its relevance on the object, the null map centre 15.0 % (difference at least 10.8"
            " points; required: more than 10).",
        ),
        (
            PASS,
            "",
            AUC,
            "AUC of 0.285, the null map centre 0.150 (difference at least 0.108; required: more than 0.1).",
        ),
        (
            INCONCLUSIVE,
            null_maps.BEHIND,
            BEHIND_NULL,
            "more than 10), which decides nothing.",
        ),
        (
            INCONCLUSIVE,
            null_maps.SHORT_OF_MARGIN,
            NULL,
            "gradient exceeds the null map centre by 13.5 points (at least 10.8 points; required: more than 10); about",
        ),
        (INCONCLUSIVE, null_maps.SHORT_OF_MARGIN, {**NULL, "limit": 0.2}, "points; required: more than 20)."),
        (
            INCONCLUSIVE,
            null_maps.ALIKE,
            {**NULL, "value": 0.0, "further": None},
            "These pictures cannot tell gradient from centre (difference 0.0 points; required: more than 10); more",
        ),
        (
            INCONCLUSIVE,
            reasons.TOO_FEW,
            NULL,
            "from centre: 120 flights worth 97.5 of equal size; at least 30 are needed",
        ),
        (INCONCLUSIVE, reasons.NO_PICTURES, {**NULL, "value": None}, "have no picture in common on which both maps"),
        (INVALID, reasons.NO_SCORE, {**NULL, "value": None}, "Some maps of gradient or centre have no score"),
    ],
    ("relevance_beats_null_maps", null_maps.REQUIRED): [
        (
            INVALID,
            null_maps.LACKS_REQUIRED,
            LACKING,
            "The record lacks the null maps uniform, edges and random_model, which",
        ),
    ],
    ("methods_agree", "gradient/gradcam"): [
        (
            PASS,
            "",
            PAIR,
            "The maps of gradient and gradcam have a mean rank correlation of 0.14 (at least 0.11; required: more than"
            " 0.7).",
        ),
        (INCONCLUSIVE, reasons.UNDECIDED, PAIR, "(at least 0.11; required: more than 0.7)."),
        (INCONCLUSIVE, reasons.UNDECIDED, {**PAIR, "limit": 0.4}, "(at least 0.11; with random weights: up to 0.40)."),
        (INCONCLUSIVE, agreement.NO_COPY, PAIR, "(at least 0.11; no copy with random weights to compare with)."),
        (INCONCLUSIVE, reasons.BEYOND_LIMIT, PAIR, "(at most 0.16; required: more than 0.7)."),
        (INCONCLUSIVE, reasons.TOO_FEW, {**PAIR, "lower": None, "upper": None}, "of 0.14 (required: more than 0.7)."),
        (INCONCLUSIVE, reasons.NO_PICTURES, {**PAIR, "value": None}, "gradient and gradcam were not compared on any"),
    ],
}
"""By rule and key."""


@pytest.mark.parametrize(("rule", "key", "case"), [(*names, case) for names, cases in CASES.items() for case in cases])
def test_every_outcome_has_a_short_sentence_with_its_numbers(rule: str, key: str, case: Case) -> None:
    outcome, reason, stated, part = case
    words = words_on_flights(rule, finding_on_flights(key, outcome, reason, stated))
    (finding,) = words.findings
    assert part in finding.sentence
    assert words.sentence == finding.sentence
    assert finding.sentence.endswith(".")
    assert len(finding.sentence.split()) <= MOST_WORDS, finding.sentence
    assert finding.subject
    assert finding.quantity
    assert words.question.endswith("?")
    assert (words.next_step == "") == (outcome is PASS)


@pytest.mark.parametrize(
    ("rule", "reason", "sentence"),
    [
        ("relevance_beats_chance", reasons.NO_METHOD, "No method is left whose maps count."),
        (
            "relevance_beats_null_maps",
            reasons.NO_METHOD,
            "No method is left whose maps could be compared with a null map.",
        ),
        (
            "relevance_beats_null_maps",
            null_maps.NO_NULL_MAP,
            "No null map was made, so the score of a map that has learnt nothing is unknown.",
        ),
        ("methods_agree", agreement.ONE_METHOD, "One method alone has nothing to agree with."),
        (
            "explainer_is_valid",
            validity.NO_CONTROL,
            "The control randomisation was not run, so it is unknown which maps are evidence.",
        ),
        (
            "explainer_is_valid",
            validity.NOTHING_RANDOMISED,
            "The control randomisation could randomise nothing, so it is unknown which maps are evidence.",
        ),
        ("explainer_is_valid", reasons.NO_METHOD, "No method was run whose maps could be tested."),
    ],
)
def test_a_rule_without_findings_says_why(rule: str, reason: str, sentence: str) -> None:
    words = words_of(Verdict(rule=rule, outcome=INVALID, reason=reason), About(0.95))
    assert words.sentence == sentence
    assert len(sentence.split()) <= MOST_WORDS
    assert words.next_step


@pytest.mark.parametrize(
    ("rule", "first", "stated", "sentence"),
    [
        (
            "relevance_beats_chance",
            "gradient",
            CHANCE,
            "Both methods put more relevance on the object than chance; the weakest, gradient, by at least 10.8 points"
            " (required: more than 10).",
        ),
        (
            "relevance_beats_null_maps",
            "gradient/centre",
            NULL,
            "In all 2 comparisons the method beats the null map; the closest, gradient against centre, by at least 10.8"
            " points (required: more than 10).",
        ),
        (
            "methods_agree",
            "gradient/gradcam",
            PAIR,
            "Both pairs of methods agree; the weakest, gradient and gradcam, with a rank correlation of at least 0.11"
            " (required: more than 0.7).",
        ),
    ],
)
def test_where_all_pass_the_weakest_is_named(rule: str, first: str, stated: dict[str, Any], sentence: str) -> None:
    findings = [finding_on_flights(key, PASS, "", stated) for key in (first, "another")]
    assert words_on_flights(rule, *findings).sentence == sentence
    assert len(sentence.split()) <= MOST_WORDS


def test_a_method_that_agrees_with_none_is_named() -> None:
    apart = finding_on_flights("gradient/gradcam", INCONCLUSIVE, reasons.BEYOND_LIMIT, PAIR)
    verdict = Verdict(
        rule="methods_agree",
        outcome=INCONCLUSIVE,
        decided_by=apart.key,
        details={"dissenter": "gradcam"},
        findings=(apart,),
    )
    sentence = words_of(verdict, About(0.95)).sentence
    assert sentence == "gradcam agrees with none of the other methods, which agree with each other."


def test_the_next_step_against_a_null_map_follows_the_reason() -> None:
    def step(outcome: Outcome, reason: str, stated: Mapping[str, Any], key: str = "a") -> str:
        return words_on_flights("relevance_beats_null_maps", finding_on_flights(key, outcome, reason, stated)).next_step

    assert step(INCONCLUSIVE, null_maps.BEHIND, BEHIND_NULL).startswith("Look at the worst pictures")
    assert step(INCONCLUSIVE, null_maps.SHORT_OF_MARGIN, NULL).startswith("The maps do exceed the null map.")
    assert "small" not in step(INCONCLUSIVE, null_maps.SHORT_OF_MARGIN, NULL)
    assert "away from the centre" in step(INCONCLUSIVE, null_maps.ALIKE, NULL)
    assert step(INVALID, null_maps.LACKS_REQUIRED, LACKING, null_maps.REQUIRED) == (
        'Add "uniform", "edges", "random_model" to saliency.null_maps in the settings, and run the audit again.'
    )


def validity_words(*findings: Finding, outcome: Outcome) -> Words:
    out = [finding.key for finding in findings if finding.outcome is not PASS]
    kept = [finding.key for finding in findings if finding.outcome is PASS]
    details = {"kept": kept, "taken_out": out}
    rule, first = "explainer_is_valid", findings[0].key
    return words_of(
        Verdict(rule=rule, outcome=outcome, decided_by=first, details={**details}, findings=findings), About(0.95)
    )


def similar(method: str, outcome: Outcome, reason: str, **stated: Any) -> Finding:
    return finding_on_flights(
        method, outcome, reason, {**SIMILAR, "details": {"method": method, "asked": 16}, **stated}
    )


@pytest.mark.parametrize(
    ("outcome", "reason", "stated", "part"),
    [
        (PASS, "", {}, "still correlate with the originals by 0.14 (at most 0.16; required: at most 0.7)."),
        (FAIL, reasons.BEYOND_LIMIT, {}, "(at least 0.11; required: at most 0.7); they are taken out."),
        (INCONCLUSIVE, reasons.UNDECIDED, {}, "(at most 0.16; required: at most 0.7); they are taken out."),
        (INCONCLUSIVE, reasons.TOO_FEW, {"lower": None, "upper": None}, "by 0.14 (required: at most 0.7); they are"),
        (INVALID, validity.NO_LIVING_MAP, {"value": None}, "gradient has no living map with random weights"),
    ],
)
def test_a_method_with_random_weights_in_words(
    outcome: Outcome, reason: str, stated: dict[str, Any], part: str
) -> None:
    whole = INVALID if outcome is FAIL else outcome
    (finding,) = validity_words(similar("gradient", outcome, reason, **stated), outcome=whole).findings
    assert part in finding.sentence
    assert len(finding.sentence.split()) <= MOST_WORDS


METHODS = ("gradient", "gradcam", "smoothgrad", "integrated_gradients", "guided_backprop", "input_x_gradient")


@pytest.mark.parametrize(
    ("kept", "outcome", "sentence"),
    [
        (
            6,
            PASS,
            "With random weights, the maps of all 6 methods change (rank correlation at most 0.16; required: at most"
            " 0.7).",
        ),
        (
            4,
            PASS,
            "Taken out because their maps hardly change with random weights (required: correlation at most 0.7):"
            " guided_backprop and input_x_gradient. Kept: gradient, gradcam, smoothgrad and integrated_gradients.",
        ),
        (
            0,
            INVALID,
            "No map is evidence: the maps of all 6 methods are not shown to change with random weights (required: rank"
            " correlation at most 0.7).",
        ),
    ],
)
def test_methods_that_are_taken_out_are_named(kept: int, outcome: Outcome, sentence: str) -> None:
    findings = [
        similar(method, PASS if i < kept else FAIL, "" if i < kept else "x") for i, method in enumerate(METHODS)
    ]
    words = validity_words(*findings, outcome=outcome)
    assert words.sentence == sentence
    assert len(sentence.split()) <= MOST_WORDS
    assert (words.next_step == "") == (outcome is PASS)
