"""What an audit says to a test."""

from pathlib import Path

from checks.baseline.result import Compared
from checks.verdict import Frozen, Judgement, Outcome, Verdict
from reports.wording.failure import Known, failure, rule_failure
from reports.wording.telling import bound, telling

WHOLE = "run_is_whole"
"""The rule that no profile names, and that every audit is held to."""
COMPARABLE = "baseline_is_comparable"
"""The same, of every comparison with a baseline."""
COMPARED = (COMPARABLE, "evidence_holds", "accuracy_holds", "slices_hold", "maps_hold")
"""All rules of a comparison; its absolute limits are those of the audit."""
ABSOLUTE = "absolute_limits"


class GateError(Exception):
    """The audit could not be made, or a rule does not pass; the text is for the user."""


class Against(Frozen):
    """The comparison with an accepted baseline."""

    baseline: Path
    compared: Compared
    report: Path


class Result(Frozen):
    """Of one audit; where it was asked for, with the comparison, whose outcome holds then."""

    judgement: Judgement
    report: Path
    pictures: dict[int, str]
    """Picture and label of the samples that findings name, by their numbers."""
    against: Against | None = None

    @property
    def whole(self) -> Judgement | Compared:
        return self.against.compared if self.against else self.judgement

    @property
    def outcome(self) -> Outcome:
        return self.whole.outcome

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Of the audit, then of the comparison."""
        compared = self.against.compared.verdicts if self.against else ()
        return (*self.judgement.verdicts, *(verdict for verdict in compared if verdict.rule != ABSOLUTE))

    def verdict(self, rule: str) -> Verdict | None:
        """What a rule said; None where it said nothing."""
        return next((verdict for verdict in self.verdicts if verdict.rule == rule), None)

    def assert_passes(self) -> None:
        """Raises AssertionError with everything that speaks against it, unless the outcome is PASS."""
        __tracebackhide__ = True
        if self.outcome is not Outcome.PASS:
            headline = f"{self.outcome}: {self.whole.sentence}"
            raise AssertionError(failure(headline, self.verdicts, self._known(self.against is not None)))

    def rule_failure(self, verdict: Verdict) -> str:
        """The text with which a test of this rule fails."""
        return rule_failure(verdict, self._known(verdict.rule in COMPARED))

    def _known(self, comparing: bool) -> Known:
        closing = [f"Report: {self.report}"]
        if comparing and self.against:
            accept = f"saliency-audit accept {self.report.parent} --baseline {self.against.baseline} --reason '…'"
            fails = self.whole.outcome is Outcome.FAIL
            lead = "Only where what fails is intended, accept this run" if fails else "To accept this run as it is"
            closing += [f"Comparison: {self.against.report}", f"{lead}: {accept}"]
        return Known(self.judgement.profile.confidence, self.pictures, tuple(closing))


def decisive(result: Result, rule: str) -> Verdict:
    """What a test of this rule stands or falls by: the rule's verdict, or what makes every verdict worthless.

    So no test passes that should not, whichever others were left out.
    """
    comparing = rule in COMPARED and result.against is not None
    guard, whole = (COMPARABLE, result.whole) if comparing else (WHOLE, result.judgement)
    found = result.verdict(WHOLE) or (result.verdict(guard) if comparing else None) or result.verdict(rule)
    if found:
        return found
    deciding = [verdict.outcome for verdict in whole.verdicts if not verdict.advisory]
    said_elsewhere = any(outcome is not Outcome.PASS for outcome in deciding)
    if rule == guard and (whole.outcome is Outcome.PASS or said_elsewhere):
        return Verdict(
            rule=rule, question=f"Does {rule} hold?", outcome=Outcome.PASS, sentence="Nothing stands against it."
        )
    return Verdict(
        rule=rule,
        question=f"Does {rule} hold?",
        outcome=Outcome.INVALID,
        sentence=whole.sentence if rule == guard else "The audit did not judge this rule.",
        next_step=whole.next_step if rule == guard else "Run the tests of the whole settings file again.",
    )


def properties(result: Result, verdict: Verdict) -> list[tuple[str, str | float | int]]:
    """What JUnit XML says of a rule: the numbers of the finding that decides, and the audit's outcome and report."""
    finding = telling(verdict)
    told: dict[str, str | float | int | None] = {"outcome": str(verdict.outcome), "sentence": verdict.sentence}
    if finding:
        told |= {"subject": finding.subject, "quantity": finding.quantity, "value": finding.value}
        told |= {"limit": finding.limit, "bound": bound(finding), "chance": finding.chance, "n": finding.n}
    told |= {"advisory": "yes" if verdict.advisory else None}
    told |= {"audit": str(result.outcome), "report": str(result.report)}
    return [(name, value) for name, value in told.items() if value is not None]
