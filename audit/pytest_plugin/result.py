"""What a test gets of an audit."""

from pathlib import Path

from checks.frozen import Frozen
from checks.verdict import Outcome
from reports.wording.comparison import WordedComparison
from reports.wording.failure import Known, failure, rule_failure
from reports.wording.limit_side import bound_at_limit
from reports.wording.worded import WordedJudgement, WordedVerdict

WHOLE = "run_is_whole"
"""The rule that no profile names, and that every audit is held to."""
COMPARABLE = "baseline_is_comparable"
"""The same, of every comparison with a baseline."""
COMPARED = (COMPARABLE, "evidence_holds", "accuracy_holds", "slices_hold", "maps_hold")
"""All rules of a comparison; its absolute limits are those of the audit."""
ABSOLUTE = "absolute_limits"
NOT_JUDGED = "The audit did not judge this rule."
RUN_AGAIN = "Run the tests of the whole settings file again."
NOTHING_AGAINST = "Nothing stands against it."


class GateError(Exception):
    """The audit could not be made, or a rule does not pass; the text is for the user."""


class Against(Frozen):
    """The comparison with an accepted baseline."""

    baseline: Path
    comparison: WordedComparison
    report: Path


class Result(Frozen):
    """One audit's result; with a baseline also the comparison's, whose outcome then holds."""

    judgement: WordedJudgement
    report: Path
    pictures: dict[int, str]
    """Picture and label of the samples that findings name, by their numbers."""
    against: Against | None = None

    @property
    def whole(self) -> WordedJudgement | WordedComparison:
        return self.against.comparison if self.against else self.judgement

    @property
    def outcome(self) -> Outcome:
        return self.whole.outcome

    @property
    def verdicts(self) -> tuple[WordedVerdict, ...]:
        """The verdicts of the audit, then those of the comparison."""
        compared = self.against.comparison.verdicts if self.against else ()
        return (*self.judgement.verdicts, *(verdict for verdict in compared if verdict.rule != ABSOLUTE))

    def verdict(self, rule: str) -> WordedVerdict | None:
        """The verdict of a rule; None where there is none."""
        return next((verdict for verdict in self.verdicts if verdict.rule == rule), None)

    def assert_passes(self) -> None:
        """Raises AssertionError with everything that speaks against it, unless the outcome is PASS."""
        __tracebackhide__ = True
        if self.outcome is not Outcome.PASS:
            headline = f"{self.outcome}: {self.whole.sentence}"
            raise AssertionError(failure(headline, self.verdicts, self._known(self.against is not None)))

    def rule_failure(self, verdict: WordedVerdict) -> str:
        """The text with which a test of this rule fails."""
        return rule_failure(verdict, self._known(verdict.rule in COMPARED))

    def _known(self, comparing: bool) -> Known:
        closing = [f"Report: {self.report}"]
        if comparing and self.against:
            closing.append(f"Comparison: {self.against.report}")
            if self.judgement.outcome is not Outcome.INVALID:
                closing.append(self._acceptance(self.against.baseline))
        return Known(self.judgement.profile.confidence, self.pictures, tuple(closing))

    def _acceptance(self, baseline: Path) -> str:
        fails = self.whole.outcome is Outcome.FAIL
        lead = "Only where what fails is intended, accept this run" if fails else "To accept this run as it is"
        force = "" if self.judgement.outcome is Outcome.PASS else " --force"
        return f"{lead}: saliency-audit accept {self.report.parent} --baseline {baseline} --reason '…'{force}"


def decisive(result: Result, rule: str) -> WordedVerdict:
    """What a test of this rule stands or falls by: the rule's verdict, or what makes every verdict worthless.

    So no test passes that should not, whichever others were left out.
    """
    comparing = rule in COMPARED and result.against is not None
    guard, whole = (COMPARABLE, result.whole) if comparing else (WHOLE, result.judgement)
    verdict = result.verdict(WHOLE) or (result.verdict(guard) if comparing else None) or result.verdict(rule)
    if verdict:
        return verdict
    deciding = [verdict.outcome for verdict in whole.verdicts if not verdict.advisory]
    fails_elsewhere = any(outcome is not Outcome.PASS for outcome in deciding)
    if rule != guard:
        return _without_findings(rule, Outcome.INVALID, NOT_JUDGED, RUN_AGAIN)
    if whole.outcome is Outcome.PASS or fails_elsewhere:
        return _without_findings(rule, Outcome.PASS, NOTHING_AGAINST)
    return _without_findings(rule, Outcome.INVALID, whole.sentence, whole.next_step)


def _without_findings(rule: str, outcome: Outcome, sentence: str, next_step: str = "") -> WordedVerdict:
    return WordedVerdict(
        rule=rule, question=f"Does {rule} hold?", outcome=outcome, sentence=sentence, next_step=next_step
    )


def properties(result: Result, verdict: WordedVerdict) -> list[tuple[str, str | float | int]]:
    """What JUnit XML says of a rule: the numbers of the finding that decides, and the audit's outcome and report."""
    finding = verdict.deciding
    entries: dict[str, str | float | int | None] = {"outcome": str(verdict.outcome), "sentence": verdict.sentence}
    if finding:
        entries |= {"subject": finding.subject, "quantity": finding.quantity, "value": finding.value}
        entries |= {"limit": finding.limit, "bound": bound_at_limit(finding), "chance": finding.chance, "n": finding.n}
    entries |= {"advisory": "yes" if verdict.advisory else None}
    entries |= {"audit": str(result.outcome), "report": str(result.report)}
    return [(name, value) for name, value in entries.items() if value is not None]
