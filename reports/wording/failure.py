"""The text with which a gate fails: enough to act on before any report is opened."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from checks.verdict import Outcome
from reports.wording.numbers import DASH, clean, count, decimal, in_unit, measured
from reports.wording.worded import WordedFinding, WordedVerdict


class Known(NamedTuple):
    """What the texts need beside verdicts."""

    confidence: float
    pictures: Mapping[int, str]
    """Names by the samples' numbers."""
    closing: tuple[str, ...]
    """The last lines: where the report is."""


def failure(headline: str, verdicts: Iterable[WordedVerdict], known: Known) -> str:
    """The failure of the whole audit: its headline, and every rule that decides and does not pass."""
    lines = [headline]
    for verdict in verdicts:
        if not verdict.advisory and verdict.outcome is not Outcome.PASS:
            lines += ["", verdict.rule, *_rule(verdict, known)]
    return _clean([*lines, "", *known.closing])


def rule_failure(verdict: WordedVerdict, known: Known) -> str:
    """The failure of one rule."""
    return _clean([*_rule(verdict, known), *known.closing])


def _rule(verdict: WordedVerdict, known: Known) -> list[str]:
    lines = [f"{verdict.outcome}: {verdict.sentence}", verdict.question]
    against = [finding for finding in verdict.findings if finding.outcome is not Outcome.PASS]
    for finding in against or verdict.findings:
        lines += [f"  {finding.subject}: {finding.outcome}", f"    {_numbers(finding, known.confidence)}"]
        if finding.worst:
            named = ", ".join(known.pictures.get(number, f"sample {number}") for number in finding.worst)
            lines.append(f"    worst pictures: {named}")
    if verdict.why:
        lines.append(f"Why this limit: {verdict.why}")
    if verdict.next_step:
        lines.append(f"Next: {verdict.next_step}")
    return lines


def _numbers(finding: WordedFinding, confidence: float) -> str:
    unit = finding.unit
    shown = [("value", in_unit(finding.value, unit)), ("limit", in_unit(finding.limit, unit))]
    shown.append(("chance", measured(finding.chance, unit, level=True)))
    parts = [f"{name} {number}" for name, number in shown if number != DASH]
    if finding.lower is not None or finding.upper is not None:
        bounds = f"{in_unit(finding.lower, unit)} to {in_unit(finding.upper, unit)}"
        parts.append(f"bounds {bounds} (one-sided, {confidence:.0%} each)")
    parts.append(f"n {count(finding.n)}")
    if finding.clusters is not None:
        parts.append(f"clusters {count(finding.clusters)} (worth {decimal(finding.independent, 1)})")
    if finding.tolerance and finding.tolerance.lower is not None:
        covered = f"{finding.tolerance.coverage:.0%} of the pictures at least"
        parts.append(f"{covered} {in_unit(finding.tolerance.lower, unit)}")
    if finding.further is not None:
        added = "pictures" if finding.clusters is None else "clusters"
        parts.append(f"further {added} needed {count(finding.further)}")
    return f"{', '.join(parts)} ({finding.quantity_in_words})"


def _clean(lines: list[str]) -> str:
    """Lines of which none can move the cursor or hide another, whatever a file is called."""
    return "\n".join(clean(line) for line in lines)
