"""Necessity in words."""

from audit.phrases import count
from checks import reasons
from checks.rules.depends_on_object import ELSEWHERE, FILLS_BREAK, NOT_BOTH
from checks.verdict import Finding, Outcome, Verdict
from reports.wording.missing import HALF_FREE, NO_NUMBER, missing, without_judged
from reports.wording.phrases import cost, figure, figure_at_limit, points
from reports.wording.undecided import more_helps, pictures, pictures_to_add, too_few, undecided
from reports.wording.words import About, FindingWords, Words, words_by_finding

QUESTION = "Does removing the object cost more than hiding an equal area elsewhere?"
LABEL_STANDS = (
    "Look at the worst pictures: they keep their label without the object. Find out what else gives it away, remove"
    " that from the training pictures or randomise it across classes, and audit again."
)
MORE_ROOM = f"Add pictures {HALF_FREE}, or train the network on pictures with hidden parts."


def depends_on_object(verdict: Verdict, about: About) -> Words:
    """What removing the object costs, beyond the same fill elsewhere."""
    if verdict.deciding is None:
        return missing(QUESTION, verdict)
    findings = [_elsewhere(f) if f.key == ELSEWHERE else _removed(f, about) for f in verdict.findings]
    return words_by_finding(verdict, QUESTION, _next_step(verdict, about), findings)


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
    quantity = "loss of the label's probability without the object, minus the loss from the same fill elsewhere"
    return FindingWords("object removed", quantity, _sentence(finding, about))


def _sentence(finding: Finding, about: About) -> str:
    if finding.value is None:
        return _nothing(finding)
    value = finding.value
    required = f"required: more than {figure_at_limit(finding.limit)}"
    if finding.outcome is Outcome.FAIL:
        change = "does not change" if value <= 0 else "hardly changes"
        bound = f"loss {points(value)}, at most {figure(finding.upper)}"
        return f"Removing the object {change} the answer on {pictures(finding, about)} ({bound}; {required})."
    seen = f"Removing the object costs {cost(value)} more than hiding equal areas elsewhere"
    if finding.outcome is Outcome.PASS:
        return f"{seen}, on {pictures(finding, about)} (at least {figure(finding.lower)}; {required})."
    return _undecided(finding, about, seen)


def _undecided(finding: Finding, about: About, seen: str) -> str:
    if finding.reason == reasons.TOO_FEW:
        return f"{seen}, on {too_few(finding, about)}."
    if finding.reason == reasons.UNJUDGED:
        return without_judged(finding)
    if finding.reason == FILLS_BREAK:
        return f"{seen}, but the fills break the prediction wherever they are put."
    bound = f"at least {figure(finding.lower)}, limit {figure_at_limit(finding.limit)}"
    return f"{seen} ({bound}); {undecided(finding, about)}."


def _nothing(finding: Finding) -> str:
    if finding.reason != NOT_BOTH:
        return "No picture is predicted right, so no prediction can depend on the object."
    right = count(finding.details["right"], "picture")
    return (
        f"None of {right} predicted right has answers both without the object and with an equal area hidden elsewhere."
    )


def _elsewhere(finding: Finding) -> FindingWords:
    lost, allowed = cost(finding.value), figure_at_limit(finding.limit)
    seen = f"Hiding an equal area elsewhere costs {lost} (allowed: {allowed})"
    why = ": the fills break the prediction wherever they are put" if finding.reason == FILLS_BREAK else ""
    quantity = "loss of the label's probability from the same fill on an equal area outside the boxes"
    return FindingWords("the same fill elsewhere", quantity, f"{seen}{why}.")
