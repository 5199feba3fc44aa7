"""The one finding of a verdict that says most, and the bound that decided it."""

from checks.verdict import Finding, Verdict


def telling(verdict: Verdict) -> Finding | None:
    """The first finding with the verdict's outcome, among those that enter it; None where there are no findings."""
    entering = [finding for finding in verdict.findings if not finding.advisory] or verdict.findings
    return next((finding for finding in entering if finding.outcome is verdict.outcome), next(iter(entering), None))


def bound(finding: Finding) -> float | None:
    """The confidence bound on the limit's side of the value: once it is across the limit, nothing is decided."""
    if finding.value is None or finding.limit is None:
        return None
    return finding.lower if finding.value > finding.limit else finding.upper
