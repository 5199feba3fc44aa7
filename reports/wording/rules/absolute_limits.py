"""What the candidate comes to by itself, in words."""

from checks.verdict import Outcome, Verdict
from reports.wording.words import About, Words


def absolute_limits(verdict: Verdict, about: About) -> Words:
    """Its outcome by its own limits, and the rule that decides it."""
    del about
    passed = verdict.outcome is Outcome.PASS
    rule = verdict.details["decided_by"]
    by = f", decided by {rule}" if rule and not passed else ""
    late = "" if verdict.details["fixed_beforehand"] else "; its limits were not fixed before the run"
    return Words(
        question="Does the candidate meet the absolute limits, whatever the baseline?",
        sentence=f"By itself the candidate is {verdict.outcome}{by}{late}.",
        next_step="" if passed else f"Act on {rule or 'the profile'}, as the candidate's own report says.",
        findings=(),
    )
