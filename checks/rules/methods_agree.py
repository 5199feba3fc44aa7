"""Methods against each other: do their maps rank the places of a picture alike?"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from audit.registry import Need
from checks import reasons
from checks.demand import Demand
from checks.profile import Share
from checks.statistics.bounds import Bounds, mean_bounds
from checks.table.evidence import Evidence, Floats
from checks.table.layout import Layout
from checks.table.needs import incapable
from checks.verdict import Direction, Finding, Outcome, Unit, Verdict, weakest

NEEDS: frozenset[Need] = frozenset()

METHODS = "methods"
"""Key of a demand."""
CONTROL = "randomisation"
NO_COPY = "no_copy"
"""Reason: no maps of a copy with random weights, which would say how alike two maps of one picture are anyway."""
ONE_METHOD = "one_method"
"""Reason: fewer than two methods were run, so nothing can agree."""


def methods_agree(evidence: Evidence, *, min_agreement: Share) -> Verdict:
    """The methods' maps agree, pair by pair.

    The mean rank correlation of two methods' maps over the pictures on which both live. Two maps of one picture are
    alike anyway, as far as they show its edges. So the limit is what each method's own maps have in common with those
    that it makes of a copy with random weights (the upper bound of their mean rank correlation), the larger of the two,
    and `min_agreement` at the least. PASS where the lower bound of every pair's is over its limit, else INCONCLUSIVE,
    never FAIL: methods that disagree say something about the methods. INCONCLUSIVE too where there is no such copy. Of
    three and more, one that agrees with none of the others, which agree among themselves, is named.

    Details of a finding: both `methods`, and the agreement of each with its `own_copy` (the bound; null where there is
    none). Details of the verdict: that one method as `dissenter`, where there is one.
    """
    if unable := incapable("methods_agree", evidence):
        return unable
    findings = tuple(_finding(evidence, pair, min_agreement) for pair in combinations(evidence.methods, 2))
    alike = bool(findings) and all(finding.outcome is Outcome.PASS for finding in findings)
    alone = dissenter(evidence.methods, findings)
    return Verdict(
        rule="methods_agree",
        outcome=Outcome.PASS if alike else Outcome.INCONCLUSIVE,
        decided_by=weakest(findings).key if findings else None,
        reason="" if findings else ONE_METHOD,
        details={"dissenter": alone} if alone else {},
        findings=findings,
    )


def needed(layout: Layout) -> tuple[Demand, ...]:
    """Two methods, and the control that makes maps of a copy with random weights."""
    methods = Demand(key=METHODS, have=layout.asked.methods, needed=2)
    return layout.maps or (*layout.experiments(CONTROL), methods)


def _key(pair: tuple[str, str]) -> str:
    return "/".join(pair)


def _finding(evidence: Evidence, pair: tuple[str, str], limit: float) -> Finding:
    agreement = _agreement(evidence, pair)
    compared = np.isfinite(agreement)
    subset, agreement = evidence.subset(compared), agreement[compared]
    bounds = subset.mean(agreement)
    copies = {method: _own_copy(evidence, method) for method in pair}
    known = [value for value in copies.values() if value is not None]
    limit = max(limit, *known) if known else limit
    reason = _reason(subset.n, bounds, limit) or ("" if len(known) == len(pair) else NO_COPY)
    return Finding(
        key=_key(pair),
        outcome=Outcome.INCONCLUSIVE if reason else Outcome.PASS,
        quantity="rank_correlation_of_methods",
        unit=Unit.CORRELATION,
        better=Direction.HIGHER,
        value=float(agreement.mean()) if subset.n else None,
        limit=limit,
        chance=max(known, default=None),
        **subset.counted,
        lower=bounds.lower if bounds else None,
        upper=bounds.upper if bounds else None,
        reason=reason,
        details={"methods": list(pair), "own_copy": copies},
    )


def _own_copy(evidence: Evidence, method: str) -> float | None:
    """The most that its maps agree, with confidence, with those of a copy all of whose layers are random."""
    stages = evidence.cascade.get(method, ())
    similarity = stages[-1].similarity if stages else np.empty(0)
    bounds = mean_bounds(similarity[np.isfinite(similarity)], evidence.confidence, evidence.seed)
    return bounds.upper if bounds else None


def _reason(n: int, bounds: Bounds | None, limit: float) -> str:
    """Why they do not agree for certain; '' where they do."""
    if n == 0:
        return reasons.NO_PICTURES
    if bounds is None:
        return reasons.TOO_FEW
    if bounds.lower > limit:
        return ""
    return reasons.BEYOND_LIMIT if bounds.upper < limit else reasons.UNDECIDED


def _agreement(evidence: Evidence, pair: tuple[str, str]) -> Floats:
    """(n,) NaN where not both maps live."""
    one, other = pair
    missing = np.full(evidence.n, np.nan)
    return evidence.notes.get(
        (one, f"agreement with {other}"), evidence.notes.get((other, f"agreement with {one}"), missing)
    )


def dissenter(methods: Sequence[str], findings: Sequence[Finding]) -> str:
    """The one method that agrees with none, while the others all agree; '' where there is none."""
    agree = {finding.key: finding.outcome is Outcome.PASS for finding in findings}
    pairs = list(combinations(methods, 2))
    lonely = [method for method in methods if all(agree[_key(pair)] is (method not in pair) for pair in pairs)]
    return lonely[0] if len(methods) > 2 and len(lonely) == 1 else ""
