"""Cues at a place: does the prediction stand where places that tell the label show something else?"""

from dataclasses import replace

import numpy as np

from checks.demand import Demand
from checks.profile import Share
from checks.swaps.verdict import lending_demands, swap_finding, unfit_swap
from checks.table.evidence import Evidence
from checks.table.layout import Layout
from checks.table.needs import Missing, invalid
from checks.table.regions import SEARCH, Region
from checks.verdict import Details, Finding, Outcome, Verdict, worst

RULE = "survives_other_regions"
NOT_SEARCHED = "not_searched"
"""Reason: the search `telling_regions` was not run."""
NO_REGION = "no_region"
"""Reason: no place of the frame is free of boxes in pictures of two classes, so that none could be swapped."""
PULLS_A_CLASS = "pulls_a_class"
"""Reason: what a region shows in pictures of one class pulls others to that class, for certain and too strongly."""
MAY_PULL_A_CLASS = "may_pull_a_class"
"""Reason: it pulls them for certain, and perhaps too strongly."""


def survives_other_regions(evidence: Evidence, *, max_reliance: Share, max_pull: Share) -> Verdict:
    """No place outside the boxes that tells the label decides the answer.

    The data propose the regions, without the network (`telling_regions`); each is swapped and judged as
    `checks.swaps.verdict` says, by `max_reliance`. And a class at a time, over all pictures that were looked at: of the
    evidence for a class, the share that the region of its own pictures brings into pictures of others
    (`checks.statistics.pull`). FAIL where that pull is there for certain (Holm over the classes) and the lower bound of
    its share is over `max_pull`; INCONCLUSIVE where the pull is certain and the upper bound alone is over it. A class
    with fewer than 10 pictures or lenders is not judged on its own, and hinders no verdict on the others. With several
    regions, every bound holds with 1 - (1 - confidence) / regions (Bonferroni).

    The key of a finding is its intervention, as 'region 1'. Details, as there: `paired`, `lenders`, `right_on_own`,
    `right_on_other`, `directed`, `followed`, `lenders_needed`, `without_answer`, `unanswered_because`,
    `share_of_evidence`, `classes`, `of_classes`. Of the region its `box` as shares of the frame, its `area` and that of
    all that tells the label as well (`told_by`), the `share` of the neighbours that tell its label against `chance`,
    whether it is `telling` and for which `told_classes`; and `max_pull`.
    """
    if evidence.regions is None:
        return invalid(RULE, Missing(NOT_SEARCHED, {}))
    some = evidence.among(np.isin(evidence.sample, evidence.regions.pictures))
    confidence = 1 - (1 - evidence.confidence) / max(1, len(evidence.regions.regions))
    strict = replace(some, profile=some.profile.model_copy(update={"confidence": confidence}))
    for region in evidence.regions.regions:
        if verdict := unfit_swap(strict, RULE, region.intervention):
            return verdict
    findings = tuple(_finding(strict, region, max_reliance, max_pull) for region in evidence.regions.regions)
    if not findings:
        return Verdict(rule=RULE, outcome=Outcome.INCONCLUSIVE, reason=NO_REGION)
    outcome = worst(finding.outcome for finding in findings)
    deciding = next(finding for finding in findings if finding.outcome is outcome)
    return Verdict(rule=RULE, outcome=outcome, decided_by=deciding.key, findings=findings)


def needed(layout: Layout, *, max_reliance: Share, max_pull: Share) -> tuple[Demand, ...]:
    """The search, and what the swap of one region needs."""
    del max_pull
    return *layout.experiments(SEARCH), *lending_demands(layout, SEARCH, max_reliance)


def _finding(evidence: Evidence, region: Region, max_reliance: float, max_pull: float) -> Finding:
    finding = swap_finding(evidence, region.intervention, max_reliance)
    certain = [each for each in finding.details["classes"] if each["certain"]]
    outcome, reason = _with_classes(finding, certain, max_pull)
    decided = outcome is not Outcome.INCONCLUSIVE or reason != finding.reason
    return finding.model_copy(
        update={
            "quantity": "reliance_on_region" if finding.details["paired"] else "accuracy_lost_on_other_region",
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
