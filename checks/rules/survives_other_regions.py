"""Cues at a place: does the prediction stand where places that tell the label show something else?"""

from audit.registry import Need
from checks.demand import Demand
from checks.profile import Share
from checks.swaps.regions import regions_verdict
from checks.swaps.verdict import lending_demands
from checks.table.evidence import Evidence
from checks.table.layout import Layout
from checks.table.regions import OUTSIDE
from checks.verdict import Verdict

NEEDS: frozenset[Need] = frozenset({"region"})


def survives_other_regions(evidence: Evidence, *, max_reliance: Share, max_pull: Share) -> Verdict:
    """No place outside the boxes that tells the label decides the answer.

    The regions are those of the search `telling_regions`, judged as `checks.swaps.regions` says.

    The key of a finding is its intervention, as 'region 1'. Details as there: `paired`, `lenders`, `right_on_own`,
    `right_on_other`, `directed`, `followed`, `lenders_needed`, `without_answer`, `unanswered_because`,
    `share_of_evidence`, `classes`, `of_classes`, `box`, `area`, `told_by`, `share`, `chance`, `telling`,
    `told_classes`, `max_pull`.
    """
    return regions_verdict(evidence, "survives_other_regions", OUTSIDE, max_reliance, max_pull, whole_swapped=True)


def needed(layout: Layout, *, max_reliance: Share, max_pull: Share) -> tuple[Demand, ...]:
    """The search, and what the swap of one region needs."""
    del max_pull
    return *layout.experiments(OUTSIDE), *lending_demands(layout, OUTSIDE, max_reliance)
