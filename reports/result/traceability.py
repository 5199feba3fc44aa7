"""From requirement to evidence: what each rule that decides verifies, by which number, and where that stands."""

from collections.abc import Iterable, Mapping

from pydantic import Field

from checks.frozen import Frozen
from checks.verdict import Direction, Outcome, Unit, weakest
from reports.wording.numbers import slug
from reports.wording.swapped_properties import swapped_properties
from reports.wording.worded import WordedFinding, WordedVerdict

EVIDENCE: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(swapped_properties(), ("reliance", "Reliance")),
    "control_is_caught": ("controls", "Planted control"),
    "depends_on_object": ("experiments", "Object removed"),
    "evidence_is_complete": ("exclusions", "Exclusions"),
    "explainer_is_valid": ("controls", "Randomisation"),
    "forbidden_pixels_are_ignored": ("scores", "Forbidden pixels"),
    "methods_agree": ("controls", "Agreement"),
    "model_is_accurate": ("classes", "Classes"),
    "no_shared_hotspot": ("cues", "Cue search"),
    "relevance_beats_chance": ("scores", "Scores"),
    "relevance_beats_null_maps": ("scores", "Scores"),
    "right_for_the_right_reason": ("cells", "Object against surroundings"),
    "survives_other_object_regions": ("regions-on-objects", "Places on the object that tell the label"),
    "survives_other_regions": ("regions", "Places that tell the label"),
}
"""Section of the page and what is found there, by rule. A rule of one's own has its check alone."""
SLICES = ("slices", "Slices")
"""Anchor and title for a rule that is asked of every slice, as 'depends_on_object[light]'."""


class Trace(Frozen):
    """One rule that decides, and the comparison by which it does: of a PASS the one that is nearest its limit."""

    requirement: str = Field(description="the owner's id; '' where none is stated")
    hazard: str
    rationale: str
    rule: str
    question: str = Field(description="what the rule asks")
    comparison: str | None = Field(description="key of the finding; null where nothing could be compared")
    subject: str | None
    quantity: str | None = Field(description="the property that was measured, by its name")
    quantity_in_words: str | None
    unit: Unit | None
    better: Direction | None
    limit: float | None
    estimate: float | None
    lower: float | None = Field(description="one-sided bound")
    upper: float | None = Field(description="one-sided bound")
    confidence: float | None = Field(description="of each bound; null where there is none")
    exact: bool = Field(description="the estimate is a count of these very pictures: no bound applies")
    n: int | None
    outcome: Outcome = Field(description="of the rule")
    comparisons: int = Field(description="those that enter the outcome")
    evidence: str = Field(description="where it stands in the evidence folder")


def traces(verdicts: Iterable[WordedVerdict]) -> tuple[Trace, ...]:
    """One for each verdict that decides, in their order."""
    return tuple(_trace(verdict) for verdict in verdicts if not verdict.advisory)


def decisive(verdict: WordedVerdict) -> WordedFinding | None:
    """The finding to show for a verdict: of a PASS the one nearest its limit, else the one that decides.

    Estimates come before exact counts, as of what was searched, which have no bound that could be near a limit.
    """
    deciding = verdict.finding(verdict.decided_by or "")
    if deciding is None or verdict.outcome is not Outcome.PASS:
        return deciding
    estimates = [finding for finding in verdict.findings if not (finding.exact or finding.advisory)]
    return verdict.finding(weakest(estimates or verdict.findings).key)


def comparisons(verdict: WordedVerdict) -> int:
    """How many findings enter the outcome."""
    return sum(not finding.advisory for finding in verdict.findings)


def place(verdict: WordedVerdict) -> tuple[str, str] | None:
    """Anchor on the page and title of the evidence; None for a rule of one's own."""
    return SLICES if verdict.column is not None else EVIDENCE.get(verdict.judged_rule)


def check_anchor(rule: str) -> str:
    """The anchor on the page of the check with all comparisons."""
    return f"check-{slug(rule)}"


def _trace(verdict: WordedVerdict) -> Trace:
    finding, section = decisive(verdict), place(verdict)
    bounded = finding is not None and (finding.lower, finding.upper) != (None, None)
    return Trace(
        requirement=verdict.requirement,
        hazard=verdict.hazard,
        rationale=verdict.rationale,
        rule=verdict.rule,
        question=verdict.question,
        comparison=finding.key if finding else None,
        subject=finding.subject if finding else None,
        quantity=finding.quantity if finding else None,
        quantity_in_words=finding.quantity_in_words if finding else None,
        unit=finding.unit if finding else None,
        better=finding.better if finding else None,
        limit=finding.limit if finding else None,
        estimate=finding.value if finding else None,
        lower=finding.lower if finding else None,
        upper=finding.upper if finding else None,
        confidence=finding.confidence if finding and bounded else None,
        exact=finding.exact if finding else False,
        n=finding.n if finding else None,
        outcome=verdict.outcome,
        comparisons=comparisons(verdict),
        evidence=f"report.html#{section[0] if section else check_anchor(verdict.rule)}",
    )
