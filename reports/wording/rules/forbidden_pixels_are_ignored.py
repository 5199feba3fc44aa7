"""Forbidden pixels in words."""

from audit.phrases import count
from checks import reasons
from checks.rules.forbidden_pixels_are_ignored import BEYOND, NO_ROOM, NONE_RIGHT, NOTHING_LEFT
from checks.verdict import Finding, Outcome, Verdict
from reports.wording.missing import NO_NUMBER, SOME_ROOM, missing, without_finding
from reports.wording.phrases import figure, figure_at_limit, points
from reports.wording.undecided import more_helps, pictures, pictures_to_add, too_few, undecided
from reports.wording.words import About, FindingWords, Words, words_by_finding

QUESTION = "Does the answer stay the same when the pixels that must not matter are hidden?"
HIDDEN = "change of the answer when the forbidden pixels are hidden"
MORE = f"{HIDDEN}, minus the change when an equal area elsewhere is"
NEXT = {
    Outcome.PASS: "",
    Outcome.FAIL: "Look at the worst pictures: what the network reads in the forbidden pixels will not be there in use."
    " Crop them away before training, train again, and audit again.",
    Outcome.INVALID: NO_NUMBER,
}
ALIKE_ELSEWHERE = (
    "Hiding parts moves the answer wherever they lie: train the network on pictures with hidden parts, or crop the"
    " forbidden pixels away in the preprocessing."
)
NONE_IS_RIGHT = "Find out why pictures with forbidden pixels are predicted wrong, before you ask what they change."
NO_SUCH_PIXELS = (
    "Use data whose annotations state forbidden pixels or, if the preprocessing crops them away, drop this rule from"
    " the profile."
)


def forbidden_pixels_are_ignored(verdict: Verdict, about: About) -> Words:
    """How far hiding the forbidden pixels moves the answer."""
    if verdict.reason == NOTHING_LEFT:
        return without_finding(QUESTION, "No picture left an answer without its forbidden pixels.", NO_NUMBER)
    if verdict.deciding is None:
        return missing(QUESTION, verdict)
    findings = [
        FindingWords("beyond an equal area elsewhere", MORE, _beyond(finding, about))
        if finding.key == BEYOND
        else FindingWords("forbidden pixels hidden", HIDDEN, _hidden(finding, about))
        for finding in verdict.findings
    ]
    return words_by_finding(verdict, QUESTION, _next_step(verdict.outcome, verdict.deciding, about), findings)


def _next_step(outcome: Outcome, deciding: Finding, about: About) -> str:
    if deciding.reason in (reasons.NO_PICTURES, NONE_RIGHT):
        return NO_SUCH_PIXELS if deciding.reason == reasons.NO_PICTURES else NONE_IS_RIGHT
    if outcome is not Outcome.INCONCLUSIVE:
        return NEXT[outcome]
    if not more_helps(deciding):
        return ALIKE_ELSEWHERE
    return f"Add {pictures_to_add(deciding, about)} with forbidden pixels, {SOME_ROOM} beside these."


def _hidden(finding: Finding, about: About) -> str:
    if finding.reason == reasons.NO_PICTURES:
        return "No picture shows the network forbidden pixels, so nothing is known about them."
    if finding.reason == NONE_RIGHT:
        some = count(finding.details["pictures"], "picture")
        return f"None of {some} with forbidden pixels is predicted right, so nothing is known about them."
    seen = f"Hiding the forbidden pixels moves the answer by {points(finding.value or 0.0)}"
    if finding.reason == reasons.TOO_FEW:
        return f"{seen}, on {too_few(finding, about)}."
    bound = f"at most {figure(finding.upper)}; allowed: {figure_at_limit(finding.limit)}"
    if finding.outcome is Outcome.PASS:
        return f"{seen}, on {pictures(finding, about)} ({bound})."
    return f"{seen} ({bound}); {undecided(finding, about)}."


def _beyond(finding: Finding, about: About) -> str:
    elsewhere = finding.details["elsewhere"]
    if finding.reason == NO_ROOM or elsewhere is None:
        return "No picture left room to hide an equal area elsewhere."
    seen = (
        f"Hiding the forbidden pixels moves the answer by {points((finding.value or 0.0) + elsewhere)}, hiding"
        f" an equal area elsewhere by {figure(elsewhere)}"
    )
    if finding.lower is None:
        return f"{seen}, on {pictures(finding, about)}."
    return f"{seen} (difference at least {figure(finding.lower)}; allowed: {figure_at_limit(finding.limit)})."
