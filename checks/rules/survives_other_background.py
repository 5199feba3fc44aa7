"""Sufficiency: does the prediction stand on other backgrounds?"""

from audit.registry import Need
from checks.demand import Demand
from checks.profile import Share
from checks.swaps.verdict import swap_demands, swap_verdict
from checks.table.evidence import Evidence
from checks.table.layout import Layout
from checks.verdict import Details, Verdict

NEEDS: frozenset[Need] = frozenset({"region"})
RULE = "survives_other_background"
INTERVENTION = "background_replaced"
PLAIN = ("mean", "blur")
"""Backgrounds without content."""


def survives_other_background(evidence: Evidence, *, max_reliance: Share) -> Verdict:
    """Pictures predicted right stay right on backgrounds of other classes as often as on those of their own class.

    Judged as `checks.swaps.verdict` says, by `max_reliance`. Details, as there: `paired`, `lenders`, `right_on_own`,
    `right_on_other`, `directed`, `followed`, `lenders_needed`, `without_answer`, `unanswered_because`,
    `share_of_evidence`, `classes`, `of_classes`; and the share
    that is right on each `plain` background.
    """
    verdict = swap_verdict(evidence, RULE, INTERVENTION, max_reliance)
    plain = {"plain": _plain(evidence)}
    findings = tuple(f.model_copy(update={"details": {**f.details, **plain}}) for f in verdict.findings)
    return verdict.model_copy(update={"findings": findings})


def needed(layout: Layout, *, max_reliance: Share) -> tuple[Demand, ...]:
    """What the swap needs."""
    return swap_demands(layout, INTERVENTION, max_reliance)


def _plain(evidence: Evidence) -> Details:
    """The share that is right on each background without content."""
    shares = {}
    for fill in PLAIN:
        answered = evidence.answered(INTERVENTION, fill)
        if (there := evidence.right & answered.asked).any():
            shares[fill] = float((answered.predicted == evidence.class_index)[there].mean())
    return shares
