"""Does the prediction stand in other light and colours?"""

from audit.registry import Need
from checks.demand import Demand
from checks.profile import Share
from checks.swaps.verdict import swap_demands, swap_verdict
from checks.table.evidence import Evidence
from checks.table.layout import Layout
from checks.verdict import Verdict

NEEDS: frozenset[Need] = frozenset({"region"})
RULE = "survives_other_colour"
INTERVENTION = "colour_swapped"


def survives_other_colour(evidence: Evidence, *, max_reliance: Share) -> Verdict:
    """Pictures predicted right stay right in the colours of other classes as often as in those of their own class.

    Judged as `checks.swaps.verdict` says, by `max_reliance`. Details, as there: `paired`, `lenders`, `right_on_own`,
    `right_on_other`, `directed`, `followed`, `lenders_needed`, `without_answer`, `unanswered_because`,
    `share_of_evidence`, `classes`, `of_classes`.
    """
    return swap_verdict(evidence, RULE, INTERVENTION, max_reliance)


def needed(layout: Layout, *, max_reliance: Share) -> tuple[Demand, ...]:
    """What the swap needs."""
    return swap_demands(layout, INTERVENTION, max_reliance)
