"""Relevance against the area share: what a map that knows nothing would score."""

import numpy as np

from checks.profile import Share
from checks.table.evidence import Evidence
from checks.table.mean_difference import Comparison, compare, headline, undecided
from checks.verdict import Finding, Outcome, Verdict, worst
from checks.words import count, percent, points

NEXT = {
    Outcome.PASS: "",
    Outcome.FAIL: "Look at the worst pictures: what lies under the relevance is the cue. Take it out of the training"
    " pictures, or add pictures in which it misleads, and audit again.",
    Outcome.INCONCLUSIVE: "Add pictures, or pictures in which the object covers less of the frame.",
    Outcome.INVALID: "Find out why the maps have no score before anything is read into the others.",
}


def relevance_beats_chance(evidence: Evidence, *, margin: Share) -> Verdict:
    """More relevance lies on the object than chance would put there, for every saliency method.

    Paired over the pictures: relevance mass in the boxes less the boxes' share of the frame, dead maps left out.
    PASS where the lower bound of the mean is over `margin`, FAIL where the upper bound is under it.
    """
    findings = tuple(_finding(evidence, method, margin) for method in evidence.methods)
    outcome = worst(finding.outcome for finding in findings)
    return Verdict(
        rule="relevance_beats_chance",
        question="Does more relevance lie on the object than chance would put there?",
        outcome=outcome,
        sentence=headline(findings, "methods put more relevance on the object than chance"),
        next_step=NEXT[outcome],
        findings=findings,
    )


def _finding(evidence: Evidence, method: str, margin: float) -> Finding:
    living = evidence.made[method] & ~evidence.dead[method]
    mass, area = evidence.scores[method]["mass"][living], evidence.area_share[living]
    found = compare(evidence, living, evidence.scores[method]["mass"] - evidence.area_share, margin)
    valid = found.value is not None
    return Finding(
        subject=method,
        outcome=found.outcome,
        quantity="relevance mass in the boxes less their share of the frame, mean over the pictures",
        value=found.value,
        limit=margin,
        chance=float(np.mean(area)) if valid else None,
        **found.subset.counted,
        lower=found.lower,
        upper=found.upper,
        further=found.further,
        worst=found.worst,
        tolerance=found.tolerance,
        sentence=_sentence(method, float(np.mean(mass)), float(np.mean(area)), margin, found)
        if valid
        else _no_score(method, found),
    )


def _sentence(method: str, mass: float, area: float, margin: float, found: Comparison) -> str:
    seen = f"{method} puts {percent(mass)} of its relevance into boxes that cover {percent(area)} of the frame"
    seen += f", on {found.subset}" if found.subset.clusters is not None else ""
    required = f"where more than {points(margin)} are needed"
    if found.lower is None or found.upper is None:
        return f"{seen}: {undecided(found)}."
    if found.outcome is Outcome.PASS:
        return f"{seen} (lower bound of the difference {points(found.lower)})."
    if found.outcome is Outcome.FAIL:
        return f"{seen} (upper bound of the difference {points(found.upper)}, {required})."
    between = f"the difference lies between {points(found.lower)} and {points(found.upper)}"
    return f"{seen} ({between}, {required}): {undecided(found)}."


def _no_score(method: str, found: Comparison) -> str:
    if found.n == 0:
        return f"{method} has no living map."
    return f"{method} has maps without a score that are not counted as dead, among {count(found.n, 'picture')}."
