"""Right for the right reason, in words."""

from audit.phrases import count
from checks import reasons
from checks.verdict import Finding, Outcome, Verdict
from reports.wording.missing import NO_NUMBER, SOME_ROOM, missing, step_without_judged, without_judged
from reports.wording.phrases import percent, share_at_limit
from reports.wording.undecided import more_helps, pictures_to_add, undecided
from reports.wording.words import About, FindingWords, Words, words_by_finding

QUESTION = "Do the right answers rest on the object?"
QUANTITY = "right answers that the background alone supports at least as well as the object alone"
NEXT = {
    Outcome.PASS: "",
    Outcome.FAIL: "Look at the worst pictures: they keep their label without the object. Find out what in the"
    " background gives it away, remove it from the training pictures or randomise it across classes, retrain, and"
    " audit again.",
    Outcome.INVALID: NO_NUMBER,
}


def right_for_the_right_reason(verdict: Verdict, about: About) -> Words:
    """How many right answers rest on the background."""
    if verdict.deciding is None:
        return missing(QUESTION, verdict)
    (finding,) = verdict.findings
    words = FindingWords("right answers", QUANTITY, _sentence(finding, about))
    return words_by_finding(verdict, QUESTION, _next_step(verdict, about), [words])


def _next_step(verdict: Verdict, about: About) -> str:
    if verdict.deciding and verdict.deciding.reason == reasons.UNJUDGED:
        return step_without_judged(verdict.deciding)
    if verdict.outcome is Outcome.INCONCLUSIVE and more_helps(verdict.deciding):
        return f"Add {pictures_to_add(verdict.deciding, about)} {SOME_ROOM}."
    return NEXT[Outcome.FAIL if verdict.outcome is Outcome.INCONCLUSIVE else verdict.outcome]


def _sentence(finding: Finding, about: About) -> str:
    if finding.reason == reasons.UNJUDGED:
        return without_judged(finding)
    if finding.reason == reasons.NO_PICTURES:
        return "No picture is predicted right, so none can be right for the right reason."
    missed = finding.details["missed"]
    clusters = "" if finding.clusters is None else f" of {count(finding.clusters, about.cluster)}"
    seen = f"{missed:,} of {count(finding.n, 'right answer')}"
    rest = f"{'rests' if missed == 1 else 'rest'} on the background"
    allowed = f"allowed: {share_at_limit(finding.limit)}"
    most = f"at most {percent(finding.upper or 0.0)}"
    if finding.outcome is Outcome.INCONCLUSIVE:
        return f"{seen} {rest} ({most}; {allowed}); {undecided(finding, about)}."
    bound = f"at least {percent(finding.lower or 0.0)}" if finding.outcome is Outcome.FAIL else most
    return f"{seen}{clusters} {rest}, not the object: {percent(finding.value or 0.0)} ({bound}; {allowed})."
