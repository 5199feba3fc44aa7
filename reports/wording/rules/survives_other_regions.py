"""Reliance on places that tell the label, in words."""

from typing import Any

from checks.rules.survives_other_regions import MAY_PULL_A_CLASS, NO_REGION, NOT_SEARCHED, PULLS_A_CLASS
from checks.verdict import Finding, Outcome, Verdict
from reports.wording.missing import without_finding
from reports.wording.phrases import figure_at_limit, percent, points, share_at_limit
from reports.wording.places import region_place
from reports.wording.swaps import Swapped, swap_finding_words, swap_missing, swap_step
from reports.wording.words import About, FindingWords, Words, words_by_finding

QUESTION = "Does the answer stay right when places that tell the label show what other classes show there?"
SEARCH_AGAIN = "Run the audit again with the search telling_regions."
LEAVE_ROOM = "Check the boxes, which cover the frame in nearly every picture, and add pictures that have some room."
LOOK = (
    "Look at this place in pictures of each class, and find where the cue comes from (a tag, a logo, a border). Remove"
    " it from the training pictures, or randomise it across classes, and audit again."
)
MORE_OF_EACH = "Add pictures of every class, so that the pull of each is known more exactly, and audit again."


def survives_other_regions(verdict: Verdict, about: About) -> Words:
    """What each region costs, or which class it pulls."""
    if verdict.reason == NOT_SEARCHED:
        seen = "The search telling_regions was not run, so no place that tells the label was looked for."
        return without_finding(QUESTION, seen, SEARCH_AGAIN)
    if verdict.reason == NO_REGION:
        seen = "No place of the frame is free of boxes in pictures of two classes, so that none was swapped."
        return without_finding(QUESTION, seen, LEAVE_ROOM)
    if verdict.deciding is None:
        return swap_missing(QUESTION, verdict)
    findings = [_words(finding, about) for finding in verdict.findings]
    return words_by_finding(verdict, QUESTION, _next_step(verdict.deciding, about), findings)


def _next_step(finding: Finding, about: About) -> str:
    if finding.reason == PULLS_A_CLASS:
        return LOOK
    return MORE_OF_EACH if finding.reason == MAY_PULL_A_CLASS else swap_step(_swapped(finding), finding, about)


def _swapped(finding: Finding) -> Swapped:
    return Swapped(
        intervention=finding.key,
        question=QUESTION,
        nouns="patches",
        where="with",
        subject=f"{finding.key}, {_where(finding)}",
        untested="what pictures show at fixed places",
        next_step=LOOK,
    )


def _words(finding: Finding, about: About) -> FindingWords:
    words = swap_finding_words(_swapped(finding), finding, about)
    if finding.reason in (PULLS_A_CLASS, MAY_PULL_A_CLASS):
        return words._replace(sentence=_pulled(finding))
    if finding.outcome is Outcome.FAIL:
        return words._replace(sentence=_relied_on(finding))
    return words


def _relied_on(finding: Finding) -> str:
    own, other = (percent(finding.details[name]) for name in ("right_on_own", "right_on_other"))
    bound = f"loss at least {points(finding.lower or 0.0)}; allowed: {figure_at_limit(finding.limit)}"
    where = _where(finding)
    return f"{where[0].upper()}{where[1:]}, {own} stay right with own-class patches and {other} with others ({bound})."


def _where(finding: Finding) -> str:
    return region_place(finding.details["box"], finding.details["area"])


def _pulled(finding: Finding) -> str:
    """The class whose pull is the most certain to be too strong."""
    details = finding.details
    certain = [each for each in details["classes"] if each["certain"]]
    strongest: dict[str, Any] = max(certain, key=lambda each: each["lower"])
    where, allowed = _where(finding), share_at_limit(details["max_pull"])
    bound = f"at least {percent(strongest['lower'])}"
    if finding.reason == MAY_PULL_A_CLASS:
        strongest = max(certain, key=lambda each: each["upper"])
        bound = f"at most {percent(strongest['upper'])}"
    return (
        f"Patches {where} bring {percent(strongest['share'])} of the evidence for ‘{strongest['label']}’ into other"
        f" pictures ({bound}; allowed: {allowed})."
    )
