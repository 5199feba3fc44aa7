"""What a gate says where it does not pass: enough to act on before anything is opened."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from checks.verdict import Finding, Outcome, Verdict
from reports.wording.numbers import clean, count, decimal


class Known(NamedTuple):
    """What the texts need beside verdicts."""

    confidence: float
    pictures: Mapping[int, str]
    """Names by the samples' numbers."""
    closing: tuple[str, ...]
    """The last lines: where the report is."""


def failure(headline: str, verdicts: Iterable[Verdict], known: Known) -> str:
    """Of the whole: what it comes to, and every rule that decides and does not pass."""
    lines = [headline]
    for verdict in verdicts:
        if not verdict.advisory and verdict.outcome is not Outcome.PASS:
            lines += ["", verdict.rule, *_rule(verdict, known)]
    return _clean([*lines, "", *known.closing])


def rule_failure(verdict: Verdict, known: Known) -> str:
    """Of one rule."""
    return _clean([*_rule(verdict, known), *known.closing])


def _rule(verdict: Verdict, known: Known) -> list[str]:
    lines = [f"{verdict.outcome}: {verdict.sentence}", verdict.question]
    told = [finding for finding in verdict.findings if finding.outcome is not Outcome.PASS] or verdict.findings
    for finding in told:
        lines += [f"  {finding.subject}: {finding.outcome}", f"    {_numbers(finding, known.confidence)}"]
        if finding.worst:
            named = ", ".join(known.pictures.get(number, f"sample {number}") for number in finding.worst)
            lines.append(f"    worst pictures: {named}")
    if verdict.why:
        lines.append(f"Why this limit: {verdict.why}")
    if verdict.next_step:
        lines.append(f"Next: {verdict.next_step}")
    return lines


def _numbers(finding: Finding, confidence: float) -> str:
    given = {"value": finding.value, "limit": finding.limit, "chance": finding.chance}
    told = [f"{name} {decimal(number)}" for name, number in given.items() if number is not None]
    if finding.lower is not None or finding.upper is not None:
        bounds = f"{decimal(finding.lower)} to {decimal(finding.upper)}"
        told.append(f"bounds {bounds} (one-sided, {confidence:.0%} each)")
    told.append(f"n {count(finding.n)}")
    if finding.clusters is not None:
        told.append(f"clusters {count(finding.clusters)} (worth {decimal(finding.independent, 1)})")
    if finding.tolerance and finding.tolerance.lower is not None:
        told.append(f"{finding.tolerance.coverage:.0%} of the pictures at least {decimal(finding.tolerance.lower)}")
    if finding.further is not None:
        added = "pictures" if finding.clusters is None else "clusters"
        told.append(f"further {added} needed {count(finding.further)}")
    return f"{', '.join(told)} ({finding.quantity})"


def _clean(lines: list[str]) -> str:
    """Lines of which none can move the cursor or hide another, whatever a file is called."""
    return "\n".join(clean(line) for line in lines)
