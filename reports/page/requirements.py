"""Requirement, measure, limit, estimate and bound, verdict, evidence: one row for each rule that decides."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from checks.verdict import Direction
from reports.wording.numbers import slug
from reports.wording.swapped_properties import swapped_properties
from reports.wording.worded import WordedFinding, WordedVerdict

EVIDENCE: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(swapped_properties(), ("experiments", "Properties swapped")),
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
    "right_for_the_right_reason": ("cells", "The four cells"),
    "survives_other_background": ("experiments", "Background replaced"),
    "survives_other_object_regions": ("regions-on-objects", "Places on the object that tell the label"),
    "survives_other_regions": ("regions", "Places that tell the label"),
}
"""Section of the page and what is found there, by rule. A rule of one's own has its check alone."""
SENSES = {Direction.HIGHER: "at least", Direction.LOWER: "at most"}
SLICES = ("slices", "Slices")
"""Anchor and title for a rule that is asked of every slice, as 'depends_on_object[light]'."""


class Requirement(NamedTuple):
    """One rule, and the comparison that decides it."""

    verdict: WordedVerdict
    comparisons: int
    """Those that enter the outcome."""
    check: str
    """Anchor of the check with all of them."""
    evidence: tuple[str, str] | None

    @property
    def finding(self) -> WordedFinding | None:
        """The comparison that decides; None where there is none."""
        return self.verdict.finding(self.verdict.decided_by or "")

    @property
    def sense(self) -> str:
        """'at least' or 'at most' the limit; '' where there is none."""
        finding = self.finding
        return SENSES[finding.better] if finding and finding.limit is not None else ""


def requirements(verdicts: Iterable[WordedVerdict]) -> tuple[Requirement, ...]:
    """One row for each verdict that decides, in their order."""
    return tuple(_requirement(verdict) for verdict in verdicts if not verdict.advisory)


def _requirement(verdict: WordedVerdict) -> Requirement:
    return Requirement(
        verdict=verdict,
        comparisons=sum(not finding.advisory for finding in verdict.findings),
        check=f"check-{slug(verdict.rule)}",
        evidence=SLICES if verdict.column is not None else EVIDENCE.get(verdict.judged_rule),
    )
