"""The whole judgement in words."""

from typing import Any

import pytest

from checks.conclude import WHOLE
from checks.table.integrity import LOOK
from checks.verdict import Direction, Finding, Judgement, Outcome, Unit, Verdict, WrongReason
from fixtures.evidence import bare_profile
from reports.wording.whole import worded_judgement
from reports.wording.worded import WordedJudgement
from reports.wording.words import About

PASS, FAIL, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID


def verdict(rule: str, outcome: Outcome, advisory: bool = False) -> Verdict:
    """Of a rule without a wording of its own."""
    finding = Finding(
        key="mass", outcome=outcome, quantity="mass", unit=Unit.SHARE, better=Direction.HIGHER, value=0.25, n=9
    )  # fmt: skip
    return Verdict(rule=rule, outcome=outcome, advisory=advisory, decided_by="mass", findings=(finding,))


def sentences(*verdicts: Verdict, **changes: Any) -> dict[str, str]:
    """Of each rule."""
    return {verdict.rule: verdict.sentence for verdict in judged(*verdicts, **changes).verdicts}


def words(*verdicts: Verdict, missed: int = 0, **changes: Any) -> tuple[str, str]:
    judgement = judged(*verdicts, missed=missed, **changes)
    return judgement.sentence, judgement.next_step


def judged(*verdicts: Verdict, missed: int = 0, **changes: Any) -> WordedJudgement:
    deciding = next((v for v in verdicts if not v.advisory), None)
    fields: dict[str, Any] = {
        "outcome": deciding.outcome if deciding else INVALID,
        "decided_by": deciding.rule if deciding else None,
        "pictures": 79,
        "profile": bare_profile(),
        "scope": {},
        "limits_sha256": "",
        "registered": None,
        "fixed_beforehand": False,
        "right_for_the_wrong_reason": [
            WrongReason(source="experiment", count=missed, right=70, share=missed / 70, upper=0.1)
        ],
    }
    return worded_judgement(Judgement(verdicts=verdicts, **{**fields, **changes}), About(0.95))


def test_a_pass_counts_its_checks_and_sends_to_the_pictures_that_there_are() -> None:
    sentence, next_step = words(verdict("a", PASS), verdict("b", PASS), verdict("c", PASS))
    assert sentence == "All 3 checks that decide pass on 79 pictures."
    assert next_step == (
        "Look at the worst pictures in the report before you sign; a PASS replaces no other verification."
    )
    assert words(verdict("a", PASS))[0] == "The one check that decides passes on 79 pictures."
    assert words(verdict("a", PASS), missed=2)[1].startswith(
        "Look at the pictures that are right for the wrong reason and at the worst pictures in the report before"
    )


@pytest.mark.tor("TOR-046")
def test_advice_is_said_beside_a_pass() -> None:
    sentence, _ = words(verdict("a", PASS), verdict("b", FAIL, advisory=True), verdict("c", INVALID, advisory=True))
    assert sentence == "The one check that decides passes on 79 pictures; 2 that only advise do not."


def test_a_look_says_that_it_leaves_controls_out() -> None:
    missing = Verdict(rule="control_is_caught", outcome=INVALID, reason="no_control")
    look = Verdict(rule=WHOLE, outcome=INCONCLUSIVE, reason=LOOK, details={"samples": 9, "of": 90})
    fields = {"outcome": INCONCLUSIVE, "decided_by": WHOLE}
    assert sentences(missing, look, **fields)["control_is_caught"].startswith("A look leaves out this control")
    assert sentences(missing)["control_is_caught"].startswith("The control planted_cue was not run")


@pytest.mark.tor("TOR-046")
def test_without_a_rule_that_decides_nothing_was_judged() -> None:
    sentence, next_step = words(verdict("a", PASS, advisory=True))
    assert sentence == words()[0] == "The profile names no rule that decides, so nothing was judged."
    assert next_step == "Judge with a profile that has such a rule."


def test_the_verdict_that_decides_speaks_and_the_others_are_counted() -> None:
    seen = "Mass is 25.0 % on 9 pictures."
    sentence, next_step = words(verdict("a", FAIL), verdict("b", INCONCLUSIVE), verdict("c", FAIL))
    assert sentence == f"{seen} 1 other check is also FAIL."
    assert next_step
    assert words(verdict("a", FAIL), *(verdict(rule, FAIL) for rule in "bcd"))[0] == (
        f"{seen} 3 other checks are also FAIL."
    )
    assert words(verdict("a", FAIL))[0] == seen


@pytest.mark.tor("TOR-046")
@pytest.mark.parametrize("outcome", [PASS, INCONCLUSIVE])
def test_maps_that_contradict_the_experiments_are_said(outcome: Outcome) -> None:
    sentence, _ = words(verdict("a", outcome), verdict("b", FAIL, advisory=True), maps_disagree=("b", "mass"))
    assert sentence.endswith(
        " Maps and experiments disagree: Mass is 25.0 % on 9 pictures. The experiments decide; look at the pictures"
        " before you sign."
    )
    assert "Advice" not in sentence
