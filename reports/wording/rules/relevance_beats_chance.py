"""Relevance against chance in words."""

from checks import reasons
from checks.verdict import Finding, Outcome, Verdict
from reports.wording.missing import ANOTHER_METHOD, missing
from reports.wording.phrases import all_of, figure_at_limit, percent, points
from reports.wording.undecided import more_helps, pictures_to_add, too_few, undecided, units
from reports.wording.words import About, FindingWords, Words, deciding_sentence

NEXT = {
    Outcome.PASS: "",
    Outcome.FAIL: "Look at the worst pictures: what lies under the relevance is the cue. Remove it from the training"
    " pictures, or randomise it across classes, retrain, and audit again.",
    Outcome.INVALID: "Find out why the maps have no score before you read anything into the others.",
}
QUESTION = "Does more relevance lie on the object than chance would put there?"


def relevance_beats_chance(verdict: Verdict, about: About) -> Words:
    """How much relevance each method puts on the object, and how much chance would."""
    if verdict.reason == reasons.INCAPABLE:
        return missing(QUESTION, verdict)
    findings = tuple(
        FindingWords(
            str(finding.details["method"]),
            "relevance mass in the boxes minus their share of the frame, mean over the pictures",
            _sentence(finding, about),
        )
        for finding in verdict.findings
    )
    return Words(
        question=QUESTION,
        sentence=_all_pass(verdict) or deciding_sentence(verdict, findings) or "No method is left whose maps count.",
        next_step=_next_step(verdict, about),
        findings=findings,
    )


def _next_step(verdict: Verdict, about: About) -> str:
    if verdict.reason == reasons.NO_METHOD:
        return ANOTHER_METHOD
    if verdict.outcome is Outcome.INCONCLUSIVE and more_helps(verdict.deciding):
        more = pictures_to_add(verdict.deciding, about)
        return f"Add {more}, or pictures in which the object covers less of the frame."
    return NEXT[Outcome.FAIL if verdict.outcome is Outcome.INCONCLUSIVE else verdict.outcome]


def _all_pass(verdict: Verdict) -> str:
    closest = verdict.deciding
    if closest is None or verdict.outcome is not Outcome.PASS or len(verdict.findings) < 2:
        return ""
    methods = all_of(len(verdict.findings), "method").capitalize()
    return (
        f"{methods} put more relevance on the object than chance; the weakest, {closest.details['method']}, by at least"
        f" {points(closest.lower or 0.0)} ({_required(closest)})."
    )


def _sentence(finding: Finding, about: About) -> str:
    method = finding.details["method"]
    if finding.reason == reasons.NO_PICTURES:
        return f"{method} has no living map."
    if finding.value is None or finding.chance is None:
        return f"Some maps of {method} have no score but do not count as dead."
    if finding.outcome is Outcome.INCONCLUSIVE:
        word = "less" if finding.value < 0 else "more"
        seen = f"{method} puts {points(abs(finding.value))} {word} on the object than chance"
        if finding.reason == reasons.TOO_FEW:
            return f"{seen}, on {too_few(finding, about)}."
        return f"{seen}, on {units(finding, about)} ({_required(finding)}); {undecided(finding, about)}."
    seen = f"{method} puts {percent(float(finding.details['mass']))} of its relevance on the object"
    side = "at most" if finding.outcome is Outcome.FAIL else "at least"
    bound = finding.upper if finding.outcome is Outcome.FAIL else finding.lower
    return f"{seen}, chance {percent(finding.chance)} (difference {side} {points(bound or 0.0)}; {_required(finding)})."


def _required(finding: Finding) -> str:
    return f"required: more than {figure_at_limit(finding.limit)}"
