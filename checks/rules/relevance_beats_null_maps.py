"""Relevance against maps that have learnt nothing, on the same pictures."""

from typing import Literal

import numpy as np

from checks.comparison import Comparison, compare, headline, undecided
from checks.evidence import Evidence
from checks.profile import Share
from checks.verdict import Finding, Outcome, Verdict, worst
from checks.words import count, percent, points

Measure = Literal["mass", "auc"]
QUANTITY = {"mass": "relevance mass in the boxes", "auc": "localisation AUC"}
NEXT = {
    Outcome.PASS: "",
    Outcome.INCONCLUSIVE: "Add pictures in which the object is small, away from the centre and amid other edges; only"
    " there do this model's maps and a map that has learnt nothing differ.",
    Outcome.INVALID: "Set saliency.null_maps, find out why maps have no score, and run the audit again.",
}


def relevance_beats_null_maps(evidence: Evidence, *, margin: Share, measure: Measure = "mass") -> Verdict:
    """More relevance lies on the object than maps put there that have learnt nothing, for every method and null map.

    Paired over the pictures for which both maps were made and neither is dead. PASS where the lower bound of the mean
    difference of `measure` is over `margin`. Otherwise INCONCLUSIVE, never FAIL: where a null map does as well, the
    pictures cannot tell this model's maps from no model at all, which is a fault of the pictures.
    """
    findings = tuple(
        _finding(evidence, method, null_map, margin, measure)
        for method in evidence.methods
        for null_map in evidence.null_maps
    )
    outcome = worst(finding.outcome for finding in findings)
    return Verdict(
        rule="relevance_beats_null_maps",
        question="Does more relevance lie on the object than maps put there that have learnt nothing?",
        outcome=outcome,
        sentence=headline(findings, "comparisons with a null map show more relevance on the object")
        if findings
        else "No null map was made, so nothing says what a map that has learnt nothing would score.",
        next_step=NEXT[outcome],
        findings=findings,
    )


def _finding(evidence: Evidence, method: str, null_map: str, margin: float, measure: Measure) -> Finding:
    both = evidence.made[method] & ~evidence.dead[method] & evidence.made[null_map] & ~evidence.dead[null_map]
    mine, theirs = evidence.scores[method][measure][both], evidence.scores[null_map][measure][both]
    found = compare(mine - theirs, evidence.sample[both], margin, evidence)
    if found.value is None:
        sentence, chance = _no_score(method, null_map, found), None
    else:
        chance = float(np.mean(theirs))
        seen = _seen(method, null_map, measure, (float(np.mean(mine)), chance))
        sentence = f"{seen} ({_bound(measure, found)}){_reason(null_map, margin, found)}."
    return Finding(
        subject=f"{method} against {null_map}",
        outcome=_outcome(found),
        quantity=f"{QUANTITY[measure]} less that of the null map, mean over the pictures",
        value=found.value,
        limit=margin,
        chance=chance,
        n=found.n,
        lower=found.lower,
        upper=found.upper,
        further=found.further,
        worst=found.worst,
        sentence=sentence,
    )


def _outcome(found: Comparison) -> Outcome:
    if found.outcome is Outcome.FAIL or found.n == 0:
        return Outcome.INCONCLUSIVE
    return found.outcome


def _no_score(method: str, null_map: str, found: Comparison) -> str:
    if found.n == 0:
        return f"{method} and {null_map} have no picture in common on which both maps live."
    return f"{method} or {null_map} has maps without a score that are not counted as dead."


def _seen(method: str, null_map: str, measure: Measure, means: tuple[float, float]) -> str:
    if measure == "mass":
        return f"{method} puts {percent(means[0])} of its relevance into the boxes and {null_map} {percent(means[1])}"
    return f"{method} reaches a localisation AUC of {means[0]:.3f} and {null_map} {means[1]:.3f}"


def _bound(measure: Measure, found: Comparison) -> str:
    if found.lower is None:
        return count(found.n, "picture")
    bound = points(found.lower) if measure == "mass" else f"{found.lower:.3f}"
    return f"lower bound of the difference {bound}, {count(found.n, 'picture')}"


def _reason(null_map: str, margin: float, found: Comparison) -> str:
    if found.outcome is Outcome.PASS or found.value is None:
        return ""
    if found.value > margin:
        reason = "too little to tell this model's maps from no model at all"
    else:
        reason = (
            f"{null_map}, which has learnt nothing, does as well, and these pictures cannot tell this model's maps from"
            " no model at all"
        )
    return f": {reason}; {undecided(found)}"
