"""Relevance against null maps in words."""

from audit.phrases import listed
from checks import reasons
from checks.rules.relevance_beats_null_maps import BEHIND, LACKS_REQUIRED, REQUIRED, SHORT_OF_MARGIN
from checks.verdict import Finding, Outcome, Unit, Verdict
from reports.wording.missing import ANOTHER_METHOD, missing
from reports.wording.phrases import figure_at_limit, minus, percent, points
from reports.wording.undecided import pictures_to_add, too_few, undecided
from reports.wording.words import About, FindingWords, Words, deciding_sentence

QUANTITY = {
    Unit.DIFFERENCE: "relevance mass in the boxes minus that of the null map, mean over the pictures",
    Unit.AUC: "localisation AUC minus that of the null map, mean over the pictures",
}
NOTHING = {
    reasons.NO_METHOD: "No method is left whose maps could be compared with a null map.",
    "": "No null map was made, so the score of a map that has learnt nothing is unknown.",
}
AHEAD = (
    "The maps do exceed the null map. Add pictures if more of them would make this certain. Otherwise the network must"
    " put more relevance on the object, or the profile must ask for less, with its reason, before the next run."
)
APART = (
    "Add pictures in which the object is small, away from the centre and among other edges: only there do this model's"
    " maps and a map that has learnt nothing differ."
)
WORSE = (
    "Look at the worst pictures: what lies under the relevance there is what this model relies on. Then add pictures in"
    " which the object is small, away from the centre and among other edges, where a null map does not find it."
)
QUESTION = "Do the methods put more relevance on the object than maps that have learnt nothing?"


def relevance_beats_null_maps(verdict: Verdict, about: About) -> Words:
    """How much relevance each method puts on the object, and how much each null map."""
    if verdict.reason == reasons.INCAPABLE:
        return missing(QUESTION, verdict)
    findings = tuple(
        FindingWords(_subject(finding), QUANTITY[finding.unit], _sentence(finding, about))
        for finding in verdict.findings
    )
    nothing = NOTHING.get(verdict.reason, NOTHING[""])
    return Words(
        question=QUESTION,
        sentence=_all_pass(verdict) or deciding_sentence(verdict, findings) or nothing,
        next_step=_next_step(verdict, about),
        findings=findings,
    )


def _subject(finding: Finding) -> str:
    if finding.key == REQUIRED:
        return "required null maps"
    return f"{finding.details['method']} against {finding.details['null_map']}"


def _all_pass(verdict: Verdict) -> str:
    closest = verdict.deciding
    if closest is None or verdict.outcome is not Outcome.PASS or len(verdict.findings) < 2:
        return ""
    seen = f"In all {len(verdict.findings)} comparisons the method beats the null map"
    least = f"by at least {_gap(closest.lower, closest.unit)}"
    return f"{seen}; the closest, {_subject(closest)}, {least} ({_required(closest)})."


def _next_step(verdict: Verdict, about: About) -> str:
    if verdict.outcome is Outcome.PASS:
        return ""
    if verdict.reason == reasons.NO_METHOD:
        return ANOTHER_METHOD
    deciding = verdict.deciding
    if deciding is None or deciding.reason == LACKS_REQUIRED:
        missing = deciding.details["missing"] if deciding else []
        names = ", ".join(f'"{name}"' for name in missing)
        return f"Add {names or 'null maps'} to saliency.null_maps in the settings, and run the audit again."
    if verdict.outcome is Outcome.INVALID:
        return "Find out why maps have no score, and run the audit again."
    if deciding.reason == reasons.TOO_FEW:
        return f"Add {pictures_to_add(deciding, about)}."
    return {SHORT_OF_MARGIN: AHEAD, BEHIND: WORSE}.get(deciding.reason, APART)


def _sentence(finding: Finding, about: About) -> str:
    if finding.key == REQUIRED:
        return _lacks(finding)
    method, null_map = finding.details["method"], finding.details["null_map"]
    if finding.reason == reasons.NO_PICTURES:
        return f"{method} and {null_map} have no picture in common on which both maps live."
    if finding.value is None or finding.chance is None:
        return f"Some maps of {method} or {null_map} have no score but do not count as dead."
    gap = _gap(finding.value, finding.unit)
    if finding.reason == SHORT_OF_MARGIN:
        seen = f"{method} exceeds the null map {null_map} by {gap}"
        bound = f"at least {_gap(finding.lower, finding.unit)}"
        within_reach = finding.limit is not None and finding.value > finding.limit
        end = f"; {undecided(finding, about)}" if within_reach else ""
        return f"{seen} ({bound}; {_required(finding)}){end}."
    if finding.outcome is Outcome.PASS or finding.reason == BEHIND:
        return _both_scores(finding)
    return _alike(finding, gap, about)


def _lacks(finding: Finding) -> str:
    names = finding.details["missing"]
    noun = "null map" if len(names) == 1 else "null maps"
    return f"The record lacks the {noun} {listed(names)}, which the profile requires."


def _alike(finding: Finding, gap: str, about: About) -> str:
    method, null_map = finding.details["method"], finding.details["null_map"]
    seen = f"These pictures cannot tell {method} from {null_map}"
    if finding.reason == reasons.TOO_FEW:
        return f"{seen}: {too_few(finding, about)}."
    return f"{seen} (difference {gap}; {_required(finding)}); {undecided(finding, about)}."


def _both_scores(finding: Finding) -> str:
    mean, null_mean = float(finding.details["mean"]), finding.chance or 0.0
    method, null_map = finding.details["method"], finding.details["null_map"]
    if finding.unit is Unit.DIFFERENCE:
        seen, null_score = f"{method} puts {percent(mean)} of its relevance on the object", percent(null_mean)
    else:
        seen, null_score = f"{method} reaches a localisation AUC of {mean:.3f}", f"{null_mean:.3f}"
    behind = finding.reason == BEHIND
    bound = f"{'at most' if behind else 'at least'} {_gap(finding.upper if behind else finding.lower, finding.unit)}"
    if behind:
        decided = f"difference {bound}; {_required(finding)}"
        return f"{seen}, {null_map} {null_score} ({decided}), which decides nothing."
    return f"{seen}, the null map {null_map} {null_score} (difference {bound}; {_required(finding)})."


def _gap(difference: float | None, unit: Unit) -> str:
    value = difference or 0.0
    return points(value) if unit is Unit.DIFFERENCE else minus(f"{value + 0.0:.3f}")


def _required(finding: Finding) -> str:
    limit = figure_at_limit(finding.limit) if finding.unit is Unit.DIFFERENCE else f"{finding.limit:.4g}"
    return f"required: more than {limit}"
