"""Requirement, measure, limit, estimate and bound, verdict, evidence: one row for each rule that decides."""

from collections.abc import Iterable
from typing import NamedTuple

from markupsafe import Markup

from checks.verdict import Direction
from reports.charts.interval import against_limit
from reports.result.traceability import check_anchor, comparisons, decisive, place
from reports.wording.worded import WordedFinding, WordedVerdict

SENSES = {Direction.HIGHER: "at least", Direction.LOWER: "at most"}


class Requirement(NamedTuple):
    """One rule, and the comparison to show for it."""

    verdict: WordedVerdict
    comparisons: int
    """Those that enter the outcome."""
    check: str
    """Anchor of the check with all of them."""
    evidence: tuple[str, str] | None

    @property
    def finding(self) -> WordedFinding | None:
        """Of a PASS the comparison nearest its limit, else the one that decides; None where there is none."""
        return decisive(self.verdict)

    @property
    def drawing(self) -> Markup | None:
        """Of the finding against its limit; None where nothing can be drawn."""
        return against_limit(self.finding) if self.finding else None

    @property
    def sense(self) -> str:
        """'at least' or 'at most' the limit; '' where there is none."""
        finding = self.finding
        return SENSES[finding.better] if finding and finding.limit is not None else ""


def requirements(verdicts: Iterable[WordedVerdict]) -> tuple[Requirement, ...]:
    """One row for each verdict that decides, in their order."""
    return tuple(_requirement(verdict) for verdict in verdicts if not verdict.advisory)


def _requirement(verdict: WordedVerdict) -> Requirement:
    return Requirement(verdict, comparisons(verdict), check_anchor(verdict.rule), place(verdict))
