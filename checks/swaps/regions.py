"""Regions that tell the label, swapped and judged in points, and a class at a time."""

from dataclasses import replace

import numpy as np

from checks.swaps.verdict import swap_finding, unfit_swap
from checks.table.evidence import Evidence
from checks.table.needs import Missing, invalid
from checks.table.regions import NOUNS, Region
from checks.verdict import Details, Finding, Outcome, Verdict, weakest, worst

NOT_SEARCHED = "not_searched"
"""Reason: the search for such regions was not run."""
NO_REGION = "no_region"
"""Reason: the search could propose none, so that none could be swapped."""
PULLS_A_CLASS = "pulls_a_class"
"""Reason: what a region shows in pictures of one class pulls others to that class, for certain and too strongly."""
NOTHING_STANDS_OUT = "nothing_stands_out"
"""Reason: so much of what may tell the class tells the label as well that only a piece of it was swapped."""
MAY_PULL_A_CLASS = "may_pull_a_class"
"""Reason: it pulls them for certain, and perhaps too strongly."""


def regions_verdict(
    evidence: Evidence, rule: str, search: str, max_reliance: float, max_pull: float, *, whole_swapped: bool
) -> Verdict:
    """No region that `search` proposed decides the answer.

    The data propose the regions, without the network; each is swapped and judged as `checks.swaps.verdict` says, by
    `max_reliance`. And a class at a time, over all pictures that were looked at: of the evidence for a class, the share
    that the region of its own pictures brings into pictures of others (`checks.statistics.pull`). FAIL where that pull
    is there for certain (Holm over the classes) and the lower bound of its share is over `max_pull`; INCONCLUSIVE where
    the pull is certain and the upper bound alone is over it. A class with fewer than 10 pictures or lenders is not
    judged on its own, and hinders no verdict on the others. Where no place stands out and the best piece alone was
    swapped, there is no PASS, unless the whole is swapped for another rule (`whole_swapped`). With several regions,
    every bound holds with 1 - (1 - confidence) / regions (Bonferroni).

    The key of a finding is its intervention, as 'region 1'. Details, as there: `paired`, `lenders`, `right_on_own`,
    `right_on_other`, `directed`, `followed`, `lenders_needed`, `without_answer`, `unanswered_because`,
    `share_of_evidence`, `classes`, `of_classes`. Of the region its `box` as shares of its frame, its `area` and that of
    all that tells the label as well (`told_by`), the `share` of the neighbours that tell its label against `chance`,
    whether it is `telling` and for which `told_classes`; and `max_pull`.
    """
    searched = evidence.regions.get(search)
    if searched is None:
        return invalid(rule, Missing(NOT_SEARCHED, {}))
    some = evidence.among(np.isin(evidence.sample, searched.pictures))
    confidence = 1 - (1 - evidence.confidence) / max(1, len(searched.regions))
    strict = replace(some, profile=some.profile.model_copy(update={"confidence": confidence}))
    for region in searched.regions:
        if verdict := unfit_swap(strict, rule, region.name):
            return verdict
    swapped = NOUNS[search].replace(" ", "_")
    findings = tuple(_finding(strict, region, swapped, max_reliance, max_pull) for region in searched.regions)
    if not whole_swapped:
        findings = tuple(map(_unless_only_a_piece, findings, searched.regions))
    if not findings:
        return Verdict(rule=rule, outcome=Outcome.INCONCLUSIVE, reason=NO_REGION)
    outcome = worst(finding.outcome for finding in findings)
    return Verdict(rule=rule, outcome=outcome, decided_by=weakest(findings).key, findings=findings)


def _finding(evidence: Evidence, region: Region, swapped: str, max_reliance: float, max_pull: float) -> Finding:
    """swapped: the property, as the quantity names it."""
    finding = swap_finding(evidence, region.name, max_reliance)
    certain = [each for each in finding.details["classes"] if each["certain"]]
    outcome, reason = _with_classes(finding, certain, max_pull)
    decided = outcome is not Outcome.INCONCLUSIVE or reason != finding.reason
    return finding.model_copy(
        update={
            "quantity": f"reliance_on_{swapped}" if finding.details["paired"] else f"accuracy_lost_on_other_{swapped}",
            "outcome": outcome,
            "reason": reason,
            "further": None if decided else finding.further,
            "details": {**finding.details, **_details(region), "max_pull": max_pull},
        }
    )


def _with_classes(finding: Finding, certain: list[Details], max_pull: float) -> tuple[Outcome, str]:
    """certain: the classes that are pulled for certain."""
    if finding.outcome in (Outcome.INVALID, Outcome.FAIL):
        return finding.outcome, finding.reason
    if any(each["lower"] > max_pull for each in certain):
        return Outcome.FAIL, PULLS_A_CLASS
    if finding.outcome is Outcome.PASS and any(each["upper"] > max_pull for each in certain):
        return Outcome.INCONCLUSIVE, MAY_PULL_A_CLASS
    return finding.outcome, finding.reason


def _unless_only_a_piece(finding: Finding, region: Region) -> Finding:
    if finding.outcome is Outcome.PASS and region.told_by > region.area:
        return finding.model_copy(update={"outcome": Outcome.INCONCLUSIVE, "reason": NOTHING_STANDS_OUT})
    return finding


def _details(region: Region) -> Details:
    return {
        "box": list(region.box),
        "area": region.area,
        "told_by": region.told_by,
        "share": region.share,
        "chance": region.chance,
        "telling": region.telling,
        "told_classes": list(region.classes),
    }
