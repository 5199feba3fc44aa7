"""On which side of a value its limit lies."""

from checks.verdict import Finding


def bound_at_limit(finding: Finding) -> float | None:
    """The confidence bound between the value and the limit: once it is across the limit, nothing is decided."""
    if finding.value is None or finding.limit is None:
        return None
    return finding.lower if finding.value > finding.limit else finding.upper
