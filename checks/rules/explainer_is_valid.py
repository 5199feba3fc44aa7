"""Explainers: whose maps change when the network forgets what it has learnt?"""

import numpy as np

from audit.registry import Need
from checks import reasons
from checks.demand import PICTURES, Demand
from checks.profile import Share
from checks.statistics.bounds import FEWEST_OF_A_MEAN, Bounds, mean_bounds
from checks.table.evidence import Evidence
from checks.table.layout import Layout
from checks.table.needs import incapable
from checks.verdict import Direction, Finding, Outcome, Unit, Verdict, weakest

NEEDS: frozenset[Need] = frozenset()
RULE = "explainer_is_valid"
CONTROL = "randomisation"
NO_CONTROL = "no_control"
"""Reason: the control `randomisation` was not run."""
NOTHING_RANDOMISED = "nothing_randomised"
"""Reason: the control ran, but the network has no layer that it could randomise."""
NO_LIVING_MAP = "no_living_map"
"""Reason: no map of the copy with random weights lives, so there is none to compare with."""


def explainer_is_valid(evidence: Evidence, *, max_similarity: Share) -> Verdict:
    """A method's maps differ from those that it makes of a network with random weights.

    Cascading randomisation (Adebayo et al. 2018): the mean rank correlation of the maps of the network and of a copy
    all of whose layers are random. A method is valid where the upper bound is within `max_similarity`; any other is
    taken out of the verdict. PASS where one method at least is valid. Else INCONCLUSIVE where more pictures could show
    one to be, or INVALID: then no map of this audit is evidence. INVALID too where the study was not run;
    INCONCLUSIVE where the model has no weights that could be replaced, as a black box.

    A finding's key is its method; details: the `method`, and how many pictures the control was `asked` of. Details of
    the verdict: the methods `kept` and `taken_out`.
    """
    if unable := incapable(RULE, evidence, CONTROL) or incapable(RULE, evidence):
        return unable
    if CONTROL not in evidence.experiments or not evidence.cascade:
        reason = NOTHING_RANDOMISED if CONTROL in evidence.experiments else NO_CONTROL
        return Verdict(rule=RULE, outcome=Outcome.INVALID, reason=reason)
    findings = [_finding(evidence, method, max_similarity) for method in evidence.methods]
    outcomes = {finding.outcome for finding in findings}
    outcome = next((o for o in (Outcome.PASS, Outcome.INCONCLUSIVE) if o in outcomes), Outcome.INVALID)
    out = [finding for finding in findings if finding.outcome is not Outcome.PASS]
    if outcome is Outcome.PASS:
        findings = [f.model_copy(update={"advisory": True}) if f in out else f for f in findings]
    return Verdict(
        rule=RULE,
        outcome=outcome,
        decided_by=_deciding(findings, outcome),
        reason="" if findings else reasons.NO_METHOD,
        details={
            "kept": [finding.key for finding in findings if finding.outcome is Outcome.PASS],
            "taken_out": [finding.key for finding in out],
        },
        findings=tuple(findings),
    )


def needed(layout: Layout) -> tuple[Demand, ...]:
    """Pictures, as many as a mean needs before it has bounds."""
    pictures = Demand(key=PICTURES, have=layout.drawn(CONTROL).n, needed=FEWEST_OF_A_MEAN)
    return *layout.experiments(CONTROL), pictures


def _deciding(findings: list[Finding], outcome: Outcome) -> str | None:
    """Of those with the outcome the nearest to its limit. Where none has it, since all of them FAIL, of all."""
    with_outcome = [finding for finding in findings if finding.outcome is outcome] or findings
    return weakest(with_outcome).key if with_outcome else None


def _finding(evidence: Evidence, method: str, limit: float) -> Finding:
    stages = evidence.cascade.get(method, ())
    similarity = stages[-1].similarity if stages else np.empty(0)
    end = similarity[np.isfinite(similarity)]
    bounds = mean_bounds(end, evidence.confidence, evidence.seed)
    outcome, reason = _decided(len(end), bounds, limit)
    return Finding(
        key=method,
        outcome=outcome,
        quantity="rank_correlation_with_random_weights",
        unit=Unit.CORRELATION,
        better=Direction.LOWER,
        value=float(end.mean()) if len(end) else None,
        limit=limit,
        chance=0.0,
        n=len(end),
        lower=bounds.lower if bounds else None,
        upper=bounds.upper if bounds else None,
        confidence=evidence.confidence if bounds else None,
        reason=reason,
        details={"method": method, "asked": len(similarity)},
    )


def _decided(n: int, bounds: Bounds | None, limit: float) -> tuple[Outcome, str]:
    if n == 0:
        return Outcome.INVALID, NO_LIVING_MAP
    if bounds is None:
        return Outcome.INCONCLUSIVE, reasons.TOO_FEW
    if bounds.upper <= limit:
        return Outcome.PASS, ""
    if bounds.lower > limit:
        return Outcome.FAIL, reasons.BEYOND_LIMIT
    return Outcome.INCONCLUSIVE, reasons.UNDECIDED
