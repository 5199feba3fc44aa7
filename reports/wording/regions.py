"""Reliance on regions that tell the label in words, for every rule that judges them."""

from dataclasses import dataclass
from typing import Any

from checks.swaps.regions import MAY_PULL_A_CLASS, NO_REGION, NOT_SEARCHED, NOTHING_STANDS_OUT, PULLS_A_CLASS
from checks.verdict import Finding, Outcome, Verdict
from reports.wording.missing import without_finding
from reports.wording.phrases import figure_at_limit, percent, points, share_at_limit
from reports.wording.places import region_place
from reports.wording.swaps import Swapped, swap_finding_words, swap_missing, swap_step
from reports.wording.words import About, FindingWords, Words, words_by_finding

LOOK_YOURSELF = "Look at the pictures for words and tags: where the label can be told throughout, no search finds them."
MORE_OF_EACH = "Add pictures of every class, so that the pull of each is known more exactly, and audit again."


@dataclass(frozen=True)
class Regions:
    """What the regions of one search are called."""

    search: str
    question: str
    of_frame: str
    """After a place, whose place it is: ' of the object'; '' for the picture's."""
    nowhere: str
    """Why there was none to be swapped."""
    leave_room: str
    """What to do about that."""
    untested: str
    """What a network may rely on where they are not swapped."""
    bring: str
    """What their patches do, with the share and the class: 'bring {share} of the evidence for {label} …'."""
    look: str
    """What to do about reliance on one."""

    def place(self, finding: Finding) -> str:
        """Where the region is: 'at the bottom left'."""
        return region_place(finding.details["box"], finding.details["area"]) + self.of_frame


def regions_words(regions: Regions, verdict: Verdict, about: About) -> Words:
    """What each region costs, or which class it pulls."""
    if verdict.reason == NOT_SEARCHED:
        seen = f"The search {regions.search} was not run, so no place that tells the label was looked for."
        return without_finding(regions.question, seen, f"Run the audit again with the search {regions.search}.")
    if verdict.reason == NO_REGION:
        return without_finding(regions.question, regions.nowhere, regions.leave_room)
    if verdict.deciding is None:
        return swap_missing(regions.question, verdict)
    findings = [_words(regions, finding, about) for finding in verdict.findings]
    return words_by_finding(verdict, regions.question, _next_step(regions, verdict.deciding, about), findings)


def _next_step(regions: Regions, finding: Finding, about: About) -> str:
    if finding.reason == PULLS_A_CLASS:
        return regions.look
    if finding.reason == MAY_PULL_A_CLASS:
        return MORE_OF_EACH
    if finding.reason == NOTHING_STANDS_OUT:
        return LOOK_YOURSELF
    return swap_step(_swapped(regions, finding), finding, about)


def _swapped(regions: Regions, finding: Finding) -> Swapped:
    return Swapped(
        intervention=finding.key,
        question=regions.question,
        nouns="patches",
        where="with",
        subject=f"{finding.key}, {regions.place(finding)}",
        untested=regions.untested,
        next_step=regions.look,
    )


def _words(regions: Regions, finding: Finding, about: About) -> FindingWords:
    words = swap_finding_words(_swapped(regions, finding), finding, about)
    if finding.reason in (PULLS_A_CLASS, MAY_PULL_A_CLASS):
        return words._replace(sentence=_pulled(regions, finding))
    if finding.reason == NOTHING_STANDS_OUT:
        return words._replace(sentence=_throughout(regions, finding))
    if finding.outcome is Outcome.FAIL:
        return words._replace(sentence=_relied_on(regions, finding))
    return words


def _relied_on(regions: Regions, finding: Finding) -> str:
    own, other = (percent(finding.details[name]) for name in ("right_on_own", "right_on_other"))
    bound = f"loss at least {points(finding.lower or 0.0)}; allowed: {figure_at_limit(finding.limit)}"
    where = regions.place(finding)
    return f"{where[0].upper()}{where[1:]}, {own} stay right with own-class patches, {other} with others ({bound})."


def _throughout(regions: Regions, finding: Finding) -> str:
    told = f"{percent(finding.details['told_by'])}{regions.of_frame}"
    return f"No single place stands out: {told} tells the label as well, and the best piece alone was swapped."


def _pulled(regions: Regions, finding: Finding) -> str:
    """The class whose pull is the most certain to be too strong."""
    details = finding.details
    certain = [each for each in details["classes"] if each["certain"]]
    strongest: dict[str, Any] = max(certain, key=lambda each: each["lower"])
    bound = f"at least {percent(strongest['lower'])}"
    if finding.reason == MAY_PULL_A_CLASS:
        strongest = max(certain, key=lambda each: each["upper"])
        bound = f"at most {percent(strongest['upper'])}"
    brought = regions.bring.format(share=percent(strongest["share"]), label=f"‘{strongest['label']}’")
    return f"Patches {regions.place(finding)} {brought} ({bound}; allowed: {share_at_limit(details['max_pull'])})."
