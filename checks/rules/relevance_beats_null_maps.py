"""Relevance against maps that have learnt nothing, on the same pictures."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from checks.profile import Share
from checks.statistics.subset import FEWEST
from checks.table.evidence import Evidence
from checks.table.mean_difference import Comparison, compare, headline, undecided, weakest
from checks.verdict import Finding, Outcome, Verdict, worst
from checks.words import listed, percent, points

Measure = Literal["mass", "auc"]
QUANTITY = {"mass": "relevance mass in the boxes", "auc": "localisation AUC"}
AHEAD = (
    "The maps do exceed the null map: where further pictures would make it certain, add them; else the network must put"
    " more of its relevance on the object, or the profile ask for less, before the next run and with its reason."
)
APART = (
    "Add pictures in which the object is small, away from the centre and amid other edges; only there do this model's"
    " maps and a map that has learnt nothing differ."
)
BEHIND = (
    "Look at the worst pictures: what lies under the relevance there is what this model goes by. Then add pictures in"
    " which the object is small, away from the centre and amid other edges, where a null map does not find it."
)
NO_METHOD = "No method is left whose maps could be compared with a null map."
AGAIN = "Find out why maps have no score, and run the audit again."


def relevance_beats_null_maps(
    evidence: Evidence, *, margin: Share, measure: Measure = "mass", required: tuple[str, ...] = ()
) -> Verdict:
    """More relevance lies on the object than maps put there that have learnt nothing, for every method and null map.

    Paired over the pictures for which both maps were made and neither is dead. PASS where the lower bound of the mean
    difference of `measure` is over `margin`. Otherwise INCONCLUSIVE, never FAIL: where a null map does as well, the
    pictures cannot tell this model's maps from no model at all, which is a fault of the pictures. INVALID where the
    record lacks one of the null maps `required`, by the names that `saliency-audit list` gives.
    """
    missing = [name for name in required if name not in evidence.null_map_names]
    findings = tuple(
        _finding(evidence, method, null_map, margin, measure)
        for method in evidence.methods
        for null_map in evidence.null_maps
    )
    if missing:
        findings = (_missing(missing, margin), *findings)
    outcome = worst(finding.outcome for finding in findings)
    return Verdict(
        rule="relevance_beats_null_maps",
        question="Does more relevance lie on the object than maps put there that have learnt nothing?",
        outcome=outcome,
        sentence=_headline(findings, missing) if evidence.methods else NO_METHOD,
        next_step=_next_step(findings, missing, outcome),
        findings=findings,
    )


def _missing(missing: Sequence[str], margin: float) -> Finding:
    return Finding(
        subject="required null maps",
        outcome=Outcome.INVALID,
        quantity="relevance of null maps that were not made",
        value=None,
        limit=margin,
        n=0,
        sentence=f"The record lacks the null {'map' if len(missing) == 1 else 'maps'} {listed(missing)}, which the"
        " profile requires.",
    )


def _headline(findings: Sequence[Finding], missing: Sequence[str]) -> str:
    if missing:
        return findings[0].sentence
    if not findings:
        return "No null map was made, so nothing says what a map that has learnt nothing would score."
    return headline(findings, "comparisons with a null map show more relevance on the object")


def _next_step(findings: Sequence[Finding], missing: Sequence[str], outcome: Outcome) -> str:
    """Of the finding that the sentence is about."""
    if outcome is Outcome.PASS:
        return ""
    if missing or not findings:
        names = ", ".join(f'"{name}"' for name in missing)
        return f"Add {names or 'null maps'} to saliency.null_maps in the settings, and run the audit again."
    if outcome is Outcome.INVALID:
        return AGAIN
    telling = weakest(findings)
    if _ahead(telling):
        return AHEAD
    return BEHIND if _behind(telling) else APART


def _ahead(found: Finding | Comparison) -> bool:
    """More for certain than the null map, whatever the margin."""
    return _certain(found) and found.lower is not None and found.lower > 0


def _behind(found: Finding | Comparison) -> bool:
    """Less for certain than the null map."""
    return _certain(found) and found.upper is not None and found.upper < 0


def _certain(found: Finding | Comparison) -> bool:
    """There are enough pictures to rely on a bound; by cluster, there is none else."""
    return found.n >= FEWEST


def _finding(evidence: Evidence, method: str, null_map: str, margin: float, measure: Measure) -> Finding:
    both = evidence.made[method] & ~evidence.dead[method] & evidence.made[null_map] & ~evidence.dead[null_map]
    mine, theirs = evidence.scores[method][measure][both], evidence.scores[null_map][measure][both]
    difference = evidence.scores[method][measure] - evidence.scores[null_map][measure]
    found = compare(evidence, both, difference, margin)
    if found.value is None:
        sentence, chance = _no_score(method, null_map, found), None
    else:
        chance = float(np.mean(theirs))
        means = float(np.mean(mine)), chance
        seen = _seen(method, null_map, measure, means)
        sentence = f"{seen} ({_bound(measure, found)}){_reason(null_map, measure, means, margin, found)}."
    return Finding(
        subject=f"{method} against {null_map}",
        outcome=_outcome(found),
        quantity=f"{QUANTITY[measure]} less that of the null map, mean over the pictures",
        value=found.value,
        limit=margin,
        chance=chance,
        **found.subset.counted,
        lower=found.lower,
        upper=found.upper,
        further=found.further,
        worst=found.worst,
        tolerance=found.tolerance,
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


def _score(measure: Measure, value: float) -> str:
    return percent(value) if measure == "mass" else f"{value:.3f}"


def _gap(measure: Measure, difference: float) -> str:
    return points(difference) if measure == "mass" else f"{difference + 0.0:.3f}"


def _seen(method: str, null_map: str, measure: Measure, means: tuple[float, float]) -> str:
    mine, theirs = (_score(measure, mean) for mean in means)
    if measure == "mass":
        return f"{method} puts {mine} of its relevance into the boxes and {null_map} {theirs}"
    return f"{method} reaches a localisation AUC of {mine} and {null_map} {theirs}"


def _bound(measure: Measure, found: Comparison) -> str:
    pictures = str(found.subset)
    if found.lower is None or found.upper is None:
        return pictures
    if _behind(found):
        return f"upper bound of the difference {_gap(measure, found.upper)}, {pictures}"
    return f"lower bound of the difference {_gap(measure, found.lower)}, {pictures}"


def _reason(null_map: str, measure: Measure, means: tuple[float, float], margin: float, found: Comparison) -> str:
    """Why it is no PASS."""
    if found.outcome is Outcome.PASS or found.value is None:
        return ""
    if _behind(found):
        mine, theirs = (_score(measure, mean) for mean in means)
        return f": {null_map}, which has learnt nothing, does better: {theirs} against {mine}"
    if _ahead(found):
        exceeds = f"exceeds {null_map} by {_gap(measure, found.value)}"
        asked = f"the profile asks for more than {_gap(measure, margin)}"
        if found.value > margin:
            return f": it {exceeds}, but {asked}, for certain; {undecided(found)}"
        return f": it {exceeds}; {asked}"
    return f": these pictures cannot tell it apart from {null_map}, which has learnt nothing; {undecided(found)}"
