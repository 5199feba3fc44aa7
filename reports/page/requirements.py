"""Requirement, measure, limit, estimate and bound, verdict, evidence: one row for each rule that decides."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from checks.verdict import Finding, Profile, Verdict
from reports.wording.numbers import slug

EVIDENCE: Mapping[str, tuple[str, str]] = {
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
}
"""Section of the page and what is found there, by rule. A rule of one's own has its check alone."""
SENSES = {"max_": "at most", "min_": "at least"}
SENSE_OF_CUES = {("no_shared_hotspot", "min_loss"): "less than", ("no_shared_hotspot", "min_turned"): "less than"}
"""What a cue must cost at least to be one, a sound network must stay under."""
SLICES = ("slices", "Kinds of pictures")
"""Of a rule that is asked of every slice, as 'depends_on_object[light]'."""


class Requirement(NamedTuple):
    """One rule, and the comparison that decides it."""

    verdict: Verdict
    finding: Finding | None
    """That of which the verdict's sentence speaks, else the first with the rule's own outcome; None without any."""
    others: int
    """Further comparisons of the rule."""
    check: str
    """Anchor of the check with all of them."""
    evidence: tuple[str, str] | None
    sense: str
    """'at least' or 'at most' the limit; '' where the profile's own words do not tell."""


def requirements(verdicts: Iterable[Verdict], profile: Profile) -> tuple[Requirement, ...]:
    """Of the verdicts that decide, in their order."""
    return tuple(_requirement(verdict, profile) for verdict in verdicts if not verdict.advisory)


def _requirement(verdict: Verdict, profile: Profile) -> Requirement:
    deciding = [finding for finding in verdict.findings if not finding.advisory]
    telling = [finding for finding in deciding if finding.outcome is verdict.outcome]
    spoken_of = [finding for finding in telling if finding.sentence and finding.sentence in verdict.sentence]
    measured = [finding for finding in telling if finding.value is not None]
    told = next(iter([*spoken_of, *measured, *telling, *deciding]), None)
    return Requirement(
        verdict=verdict,
        finding=told,
        others=max(0, len(deciding) - 1),
        check=f"check-{slug(verdict.rule)}",
        evidence=SLICES if "[" in verdict.rule else EVIDENCE.get(verdict.rule),
        sense=_sense(verdict.rule.partition("[")[0], told.limit if told else None, profile),
    )


def _sense(rule: str, limit: float | None, profile: Profile) -> str:
    """From the names of the profile's limits, max_… and min_…, that have this value."""
    named = {
        SENSE_OF_CUES.get((rule, name)) or SENSES.get(name[:4], "")
        for name, value in profile.rules.get(rule, {}).items()
        if limit is not None and isinstance(value, int | float) and value == limit
    }
    return named.pop() if len(named) == 1 else ""
