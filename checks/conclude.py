"""From the verdicts of the rules to that of the whole: experiments decide, maps advise."""

from collections.abc import Sequence
from typing import NamedTuple

from checks.verdict import Outcome, Verdict, worst

EXPERIMENTS = ("depends_on_object", "right_for_the_right_reason", "survives_other_background")
MAPS = ("relevance_beats_chance", "relevance_beats_null_maps")
SPOKESMEN = ("no_shared_hotspot", "right_for_the_right_reason")
"""The rules that say most where several fail."""
VALIDITY = "explainer_is_valid"
WHOLE = "run_is_whole"
"""No rule of a profile. It is INCONCLUSIVE of a look at some of the samples, which decides nothing."""


class Conclusion(NamedTuple):
    """The outcome of the whole and what it rests on."""

    outcome: Outcome
    """The worst of all that is not advisory."""
    decided_by: str | None
    """The first rule with that outcome; of those that fail, the one that names a cue. None where no rule decides."""
    maps_disagree: tuple[str, str] | None
    """Rule and key of the finding on maps that fails a method although every experiment passes."""


def conclude(verdicts: Sequence[Verdict]) -> Conclusion:
    """The conclusion from all verdicts of a judgement. The rules on maps see the maps of valid methods only.

    Of a look it is INCONCLUSIVE, whatever the rules say.
    """
    if any(verdict.rule == WHOLE and verdict.outcome is Outcome.INCONCLUSIVE for verdict in verdicts):
        return Conclusion(Outcome.INCONCLUSIVE, WHOLE, None)
    entering = [verdict for verdict in verdicts if not verdict.advisory]
    outcome = worst(verdict.outcome for verdict in entering)
    deciding = [verdict.rule for verdict in entering if verdict.outcome is outcome]
    if outcome is Outcome.FAIL:
        deciding.sort(key=_place)
    return Conclusion(outcome, deciding[0] if deciding else None, _disagreement(verdicts))


def _place(rule: str) -> int:
    return SPOKESMEN.index(rule) if rule in SPOKESMEN else len(SPOKESMEN)


def _disagreement(verdicts: Sequence[Verdict]) -> tuple[str, str] | None:
    experiments = [verdict.outcome for verdict in verdicts if verdict.rule in EXPERIMENTS]
    if worst(experiments) is not Outcome.PASS:
        return None
    failed = (
        (verdict.rule, finding.key)
        for verdict in verdicts
        if verdict.rule in MAPS
        for finding in verdict.findings
        if finding.outcome is Outcome.FAIL
    )
    return next(failed, None)


def kept_methods(methods: Sequence[str], verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """Those of the methods whose maps are evidence, in their order: all that are not `taken_out`."""
    out = taken_out(verdicts)
    return tuple(method for method in methods if method not in out)


def taken_out(verdicts: Sequence[Verdict]) -> set[str]:
    """Methods whose maps are no evidence: the keys of the findings of the rule on explainers that do not pass."""
    return {
        finding.key
        for verdict in verdicts
        if verdict.rule == VALIDITY
        for finding in verdict.findings
        if finding.outcome is not Outcome.PASS
    }
