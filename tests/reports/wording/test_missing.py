"""Why a rule could not judge, in words."""

import pytest

from checks import reasons
from checks.verdict import Outcome, Verdict
from fixtures.findings import MOST_WORDS, finding_on_flights, words_on_flights
from reports.wording.worded import words_of
from reports.wording.words import About, Words

DETAILS = {
    "intervention": "object_removed",
    "variant": "blur elsewhere",
    "variants": ["mean", "mean elsewhere", "blur", "blur elsewhere", "donor", "donor elsewhere"],
    "missing": ["mean", "mean elsewhere", "blur", "blur elsewhere", "donor", "donor elsewhere"],
    "needed": {
        "object_removed": ["mean", "mean elsewhere", "blur", "blur elsewhere", "donor", "donor elsewhere"],
        "background_replaced": ["mean", "other 1"],
        "noise": [],
    },
    "others": True,
    "pictures": 12,
    "of": 1234,
    "first": 7,
    "allowed": 0.1,
}
HOLD = (
    "Have experiments.interventions in the settings hold object_removed (fills: mean, blur and donor, each with its"
    " control elsewhere), background_replaced (fills: mean and other) and noise; audit again."
)
RULES = (
    "depends_on_object",
    "right_for_the_right_reason",
    "survives_other_background",
    "forbidden_pixels_are_ignored",
    "no_shared_hotspot",
    "json:own_rule",
)


def words(reason: str, rule: str) -> Words:
    return words_of(Verdict(rule=rule, outcome=Outcome.INVALID, reason=reason, details=DETAILS), About(0.95))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    ("reason", "sentence", "next_step"),
    [
        (
            reasons.NOT_RUN,
            "The rule needs the intervention object_removed, which was not run.",
            HOLD,
        ),
        (
            reasons.NO_ANSWER,
            "The intervention object_removed left no answers for 'mean', 'mean elsewhere', 'blur', 'blur elsewhere',"
            " 'donor' and 'donor elsewhere'.",
            HOLD,
        ),
        (
            reasons.NO_NUMBER,
            "The network yields no number for 12 pictures predicted right under object_removed 'blur elsewhere' (first:"
            " sample 7).",
            "Find out why the network yields no number for altered pictures",
        ),
        (
            reasons.UNANSWERED,
            "12 of 1,234 pictures predicted right left no answer for object_removed 'blur elsewhere' or another variant"
            " (first: sample 7).",
            "Find out why the network yields no number for altered pictures",
        ),
    ],
)
def test_every_rule_says_the_same_of_what_is_missing(rule: str, reason: str, sentence: str, next_step: str) -> None:
    found = words(reason, rule)
    assert found.sentence == sentence
    assert found.next_step.startswith(next_step)
    assert found.question.endswith("?")
    assert len(sentence.split()) <= 25


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_broke_says_its_error(rule: str) -> None:
    broken = Verdict(
        rule=rule, outcome=Outcome.INVALID, reason=reasons.BROKEN_RULE, details={"error": "ValueError: no"}
    )  # fmt: skip
    found = words_of(broken, About(0.95))
    assert found.sentence == f"{rule} could not be evaluated (ValueError: no)."
    assert found.next_step == "Fix the rule or its limits, and judge the record again."


@pytest.mark.parametrize(
    ("because", "part", "step"),
    [
        (
            {"no_donor": 3, "no_room": 380},
            "(380 left no room to hide as much elsewhere); at worst",
            "at least half as much",
        ),
        ({"no_donor": 383}, "(383 found no background that another picture could lend", "experiments.donors"),
        ({"no_surroundings": 383}, "(383 have boxes that fill the frame", "leave some of the frame free"),
        ({"unknown": 383}, "cannot be judged; at worst, the rule would not pass.", "Find out why the network"),
    ],
)
def test_pictures_without_an_answer_say_why(because: dict[str, int], part: str, step: str) -> None:
    details = {"missed": 0, "without_answer": 383, "unanswered_because": because}
    stated = {"n": 400, "details": details}
    finding = finding_on_flights("experiment", Outcome.INVALID, reasons.UNJUDGED, stated)
    words = words_on_flights("right_for_the_right_reason", finding)
    assert words.sentence.startswith("383 of 783 right answers cannot be judged")
    assert part in words.sentence
    assert len(words.sentence.split()) <= MOST_WORDS
    assert step in words.next_step
