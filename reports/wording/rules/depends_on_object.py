"""Necessity in words."""

from audit.phrases import count
from checks import reasons
from checks.rules.depends_on_object import ELSEWHERE, FILLS_BREAK, NOT_BOTH, PROBABILITY
from checks.verdict import Finding, Outcome, Verdict
from reports.wording.missing import HALF_FREE, NO_NUMBER, missing, without_judged
from reports.wording.phrases import cost, minus, percent, share_at_limit
from reports.wording.undecided import more_helps, pictures, pictures_to_add, too_few, undecided
from reports.wording.words import About, FindingWords, Words, words_by_finding

QUESTION = "Does the object carry the evidence for its label?"
LABEL_STANDS = (
    "Look at the worst pictures: they keep their label without the object. Find out what else gives it away, remove"
    " that from the training pictures or randomise it across classes, retrain, and audit again."
)
MORE_ROOM = f"Add pictures {HALF_FREE}, or train the network on pictures with hidden parts."


def depends_on_object(verdict: Verdict, about: About) -> Words:
    """What share of the evidence the object carries, beyond an equal area elsewhere."""
    if verdict.deciding is None:
        return missing(QUESTION, verdict)
    return words_by_finding(verdict, QUESTION, _next_step(verdict, about), [_words(f, about) for f in verdict.findings])


def _words(finding: Finding, about: About) -> FindingWords:
    if finding.key == PROBABILITY:
        return _probability(finding)
    return _elsewhere(finding, about) if finding.key == ELSEWHERE else _removed(finding, about)


def _next_step(verdict: Verdict, about: About) -> str:
    if verdict.outcome is Outcome.PASS:
        return ""
    if any(finding.reason in (FILLS_BREAK, NOT_BOTH) for finding in verdict.findings):
        return LABEL_STANDS if verdict.outcome is Outcome.FAIL else MORE_ROOM
    if verdict.outcome is Outcome.INVALID:
        return NO_NUMBER
    undecided_yet = verdict.outcome is Outcome.INCONCLUSIVE and more_helps(verdict.deciding)
    return f"Add {pictures_to_add(verdict.deciding, about)} {HALF_FREE}." if undecided_yet else LABEL_STANDS


def _removed(finding: Finding, about: About) -> FindingWords:
    quantity = (
        "share of the evidence for the label (log-odds above those of a guess) that is lost without the object, minus"
        " the share lost to the same fill elsewhere"
    )
    return FindingWords("object removed", quantity, _sentence(finding, about))


def _sentence(finding: Finding, about: About) -> str:
    if finding.value is None:
        return _nothing(finding)
    share = minus(percent(finding.value))
    required = f"required: more than {share_at_limit(finding.limit)}"
    if finding.outcome is Outcome.FAIL:
        carries = "no evidence" if finding.value <= 0 else "too little evidence"
        bound = f"{share}, at most {minus(percent(finding.upper or 0.0))}"
        return f"The object carries {carries} on {pictures(finding, about)} ({bound}; {required})."
    seen = f"The object carries {share} of the evidence"
    least = f"at least {minus(percent(finding.lower or 0.0))}"
    if finding.outcome is Outcome.PASS:
        return f"{seen} on {pictures(finding, about)} ({least}; {required})."
    return _undecided(finding, about, seen, least)


def _undecided(finding: Finding, about: About, seen: str, least: str) -> str:
    if finding.reason == reasons.TOO_FEW:
        return f"{seen}, on {too_few(finding, about)}."
    if finding.reason == reasons.UNJUDGED:
        return without_judged(finding)
    if finding.reason == FILLS_BREAK:
        return f"{seen}, but the fills break the prediction wherever they are put."
    return f"{seen} ({least}, limit {share_at_limit(finding.limit)}); {undecided(finding, about)}."


def _nothing(finding: Finding) -> str:
    if finding.reason != NOT_BOTH:
        return "No picture is predicted right, so no prediction can depend on the object."
    right = count(finding.details["right"], "picture")
    return (
        f"None of {right} predicted right has answers both without the object and with an equal area hidden elsewhere."
    )


def _elsewhere(finding: Finding, about: About) -> FindingWords:
    lost, allowed = minus(percent(finding.value or 0.0)), share_at_limit(finding.limit)
    broken = finding.reason == FILLS_BREAK
    most = "" if finding.upper is None or broken else f"at most {percent(finding.upper)}; "
    seen = f"Hiding an equal area elsewhere takes {lost} of the evidence ({most}allowed: {allowed})"
    why = ": the fills break the prediction wherever they are put" if broken else ""
    if finding.reason in (reasons.UNDECIDED, reasons.TOO_FEW):
        why = f"; {undecided(finding, about)}"
    quantity = "share of the evidence for the label that the same fill takes on an equal area outside the boxes"
    return FindingWords("the same fill elsewhere", quantity, f"{seen}{why}.")


def _probability(finding: Finding) -> FindingWords:
    quantity = "loss of the label's probability without the object, minus the loss from the same fill elsewhere"
    lost = cost(finding.value)
    sentence = f"In probability, removing the object costs {lost} more than hiding equal areas elsewhere."
    return FindingWords("probability", quantity, sentence)
