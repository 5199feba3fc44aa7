"""From the verdicts of the rules to that of the whole: experiments decide, maps advise."""

from collections.abc import Sequence
from typing import NamedTuple

from checks.verdict import Outcome, Verdict, worst
from checks.words import all_of, count, listed

EXPERIMENTS = ("depends_on_object", "right_for_the_right_reason", "survives_other_background")
MAPS = ("relevance_beats_chance", "relevance_beats_null_maps")
SPOKESMEN = ("no_shared_hotspot", "right_for_the_right_reason")
"""Of several rules that fail, these say most."""
FAIL = Outcome.FAIL
VALIDITY = "explainer_is_valid"
PASSED = "Look at {} before you sign; a pass replaces no other verification."
WORST = "the worst of the gallery"
WRONG_REASON = f"the pictures that are right for the wrong reason and at {WORST}"


class Whole(NamedTuple):
    outcome: Outcome
    sentence: str
    next_step: str


def conclude(verdicts: Sequence[Verdict], n: int, misses: int = 0) -> Whole:
    """Of n pictures, of which `misses` are right for the wrong reason. The outcome is the worst of all that is not
    advisory; the first with that outcome speaks, and of those that fail the one that names a cue.

    Where every experiment passes and a rule on maps, which sees those of valid methods only, fails a method, the
    sentence says that the two disagree.
    """
    entering = [verdict for verdict in verdicts if not verdict.advisory]
    outcome = worst(verdict.outcome for verdict in entering)
    telling = sorted((v for v in entering if v.outcome is outcome), key=lambda v: _place(v) if outcome is FAIL else 0)
    if not telling:
        return Whole(
            outcome, "The profile names no rule that decides, so nothing was judged.", "Judge with a profile that does."
        )
    if outcome is Outcome.PASS:
        checks = all_of(len(telling), "check").capitalize()
        return Whole(
            outcome,
            f"{checks} {'passes' if len(telling) == 1 else 'pass'} on {count(n, 'picture')}.{_advice(verdicts)}",
            PASSED.format(WRONG_REASON if misses else WORST),
        )
    others = len(telling) - 1
    more = f" {count(others, 'further check')} {'is' if others == 1 else 'are'} {outcome} too." if others else ""
    return Whole(outcome, f"{telling[0].sentence}{more}{_disagreement(verdicts)}", telling[0].next_step)


def _place(verdict: Verdict) -> int:
    return SPOKESMEN.index(verdict.rule) if verdict.rule in SPOKESMEN else len(SPOKESMEN)


def _advice(verdicts: Sequence[Verdict]) -> str:
    """What advisory rules say against a PASS."""
    if said := _disagreement(verdicts):
        return said
    against = [f"{v.rule} is {v.outcome}" for v in verdicts if v.advisory and v.outcome is not Outcome.PASS]
    return f" Advice that does not decide: {listed(against)}." if against else ""


def _disagreement(verdicts: Sequence[Verdict]) -> str:
    experiments = [verdict.outcome for verdict in verdicts if verdict.rule in EXPERIMENTS]
    if worst(experiments) is not Outcome.PASS:
        return ""
    against = [
        finding
        for verdict in verdicts
        if verdict.rule in MAPS
        for finding in verdict.findings
        if finding.outcome is FAIL
    ]
    if not against:
        return ""
    return (
        f" Maps and experiments disagree: {against[0].sentence} The experiments decide; look at the pictures before you"
        " sign."
    )


def taken_out(verdicts: Sequence[Verdict]) -> set[str]:
    """Methods whose maps are no evidence, by the rule on explainers."""
    return {
        finding.subject
        for verdict in verdicts
        if verdict.rule == VALIDITY
        for finding in verdict.findings
        if finding.outcome is not Outcome.PASS
    }
