"""Cues on the object: does the prediction stand where places on it that tell the label show something else?"""

from audit.registry import Need
from checks.demand import Demand
from checks.profile import Share
from checks.swaps.regions import regions_verdict
from checks.swaps.verdict import lending_demands
from checks.table.evidence import Evidence
from checks.table.layout import Layout
from checks.table.regions import ON_OBJECTS
from checks.verdict import Verdict

NEEDS: frozenset[Need] = frozenset({"region"})


def survives_other_object_regions(evidence: Evidence, *, max_reliance: Share, max_pull: Share) -> Verdict:
    """No single place on the object, as a word or a tag there, decides the answer.

    The regions are those of the search `telling_object_regions`, judged as `checks.swaps.regions` says. What belongs to
    the object may tell its class: whether this place may is for the profile to say.
    Where the object tells it throughout, so that no place stands out, this is no PASS.

    The key of a finding is its intervention: 'object region 1'. Details as there: `paired`, `lenders`, `right_on_own`,
    `right_on_other`, `directed`, `followed`, `lenders_needed`, `without_answer`, `unanswered_because`,
    `share_of_evidence`, `classes`, `of_classes`, `box`, `area`, `told_by`, `share`, `chance`, `telling`,
    `told_classes`, `max_pull`.
    """
    return regions_verdict(
        evidence, "survives_other_object_regions", ON_OBJECTS, max_reliance, max_pull, whole_swapped=False
    )


def needed(layout: Layout, *, max_reliance: Share, max_pull: Share) -> tuple[Demand, ...]:
    """The search, and what the swap of one region needs."""
    del max_pull
    return *layout.experiments(ON_OBJECTS), *lending_demands(layout, ON_OBJECTS, max_reliance)
