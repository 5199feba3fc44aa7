"""Non-inferiority of the maps in words."""

from checks import reasons
from checks.verdict import Finding, Outcome, Verdict
from reports.wording.non_inferiority import what_next
from reports.wording.phrases import figure_at_limit, percent, points
from reports.wording.undecided import pictures_to_add, too_few
from reports.wording.words import About, FindingWords, Words, deciding_sentence

NO_MAPS = "Run both audits with a saliency method whose maps are not all dead."


def maps_hold(verdict: Verdict, about: About) -> Words:
    """How much relevance lies on the object, and how much did with the baseline."""
    findings = tuple(
        FindingWords(
            str(finding.details["method"]),
            "relevance mass in the boxes minus that of the baseline, mean over the pictures",
            _sentence(finding, about),
        )
        for finding in verdict.findings
    )
    lost = any(f.value is not None and f.limit is not None and f.value <= f.limit for f in verdict.findings)
    return Words(
        question="Do the maps put as much relevance on the object as those of the baseline?",
        sentence=deciding_sentence(verdict, findings) or "No method was run.",
        next_step=what_next(verdict.outcome, lost=lost, add=pictures_to_add(verdict.deciding, about), invalid=NO_MAPS),
        findings=findings,
    )


def _sentence(finding: Finding, about: About) -> str:
    details = finding.details
    if finding.value is None:
        return f"{details['method']} has no picture for which the maps of both networks are alive."
    if finding.reason == reasons.TOO_FEW:
        return f"The maps of {details['method']} cannot be compared on {too_few(finding, about)}."
    mass, before = percent(float(details["mass"])), percent(float(details["baseline_mass"]))
    seen = f"{details['method']} puts {mass} of its relevance on the object, {before} with the baseline"
    worse = finding.outcome is Outcome.FAIL
    bound = finding.upper if worse else finding.lower
    shown = "" if bound is None else f"change {'at most' if worse else 'at least'} {points(bound)}; "
    return f"{seen} ({shown}margin: {figure_at_limit(finding.limit)})."
