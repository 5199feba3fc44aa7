"""Non-inferiority of the maps: the mean relevance mass on the object."""

from collections.abc import Sequence

import numpy as np

from checks import reasons
from checks.baseline.discordance import Margin, margin_of, non_inferior
from checks.baseline.matched import Floats, Pairs
from checks.baseline.shares import lowest_first
from checks.statistics.bounds import Bounds
from checks.statistics.subset import Subset
from checks.table.mean_difference import ROUNDING
from checks.verdict import Direction, Finding, Outcome, Profile, Unit, Verdict, worst


def maps_hold(pairs: Pairs, sample: Sequence[int], profile: Profile, seed: int) -> Verdict:
    """Advice wherever experiments were made: a map alone cannot certify, nor can it condemn.

    Bounds of the mean change, paired, for every method. sample: (n,) the numbers in the candidate's record.

    Details of a finding: the `method`, its mean `mass` in the boxes, and that with the baseline as `baseline_mass`.
    """
    allowed = margin_of(profile)
    findings = tuple(_finding(pairs, sample, method, allowed, seed) for method in pairs.after.mass)
    outcome = worst(finding.outcome for finding in findings)
    return Verdict(
        rule="maps_hold",
        outcome=outcome,
        decided_by=next((finding.key for finding in findings if finding.outcome is outcome), None),
        reason="" if findings else reasons.NO_METHOD,
        why=allowed.why,
        advisory=bool(pairs.before.judged.any()),
        findings=findings,
    )


def _finding(pairs: Pairs, sample: Sequence[int], method: str, allowed: Margin, seed: int) -> Finding:
    old, new = pairs.before.mass[method], pairs.after.mass[method]
    both = np.isfinite(old) & np.isfinite(new)
    change = (new - old)[both]
    change = np.where(np.abs(change) < ROUNDING, 0.0, change)
    cluster = None if pairs.cluster is None else pairs.cluster[both]
    subset = Subset(len(change), allowed.confidence, seed, cluster)
    bounds = _bounds(change, pairs.same, subset)
    outcome, reason = _decided(subset, bounds, allowed.margin)
    masses = {"mass": float(new[both].mean()), "baseline_mass": float(old[both].mean())} if subset.n else {}
    return Finding(
        key=method,
        outcome=outcome,
        quantity="relevance_mass_change",
        unit=Unit.DIFFERENCE,
        better=Direction.HIGHER,
        value=float(np.sort(change).mean()) if subset.n else None,
        limit=-allowed.margin,
        **subset.counted,
        lower=bounds.lower if bounds else None,
        upper=bounds.upper if bounds else None,
        further=subset.further_for_mean(change, -allowed.margin) if outcome is Outcome.INCONCLUSIVE else None,
        reason=reason,
        details={"method": method, **masses},
        worst=lowest_first(np.array(sample, dtype=np.int64)[both].tolist(), change < 0, change),
    )


def _bounds(change: Floats, same: bool, subset: Subset) -> Bounds | None:
    if same and len(change):
        return Bounds(0.0, 0.0)
    return subset.mean(change) if subset.enough else None


def _decided(subset: Subset, bounds: Bounds | None, margin: float) -> tuple[Outcome, str]:
    if subset.n == 0:
        return Outcome.INVALID, reasons.NO_PICTURES
    if bounds is None:
        return Outcome.INCONCLUSIVE, reasons.UNDECIDED if subset.enough else reasons.TOO_FEW
    outcome = non_inferior(Bounds(-bounds.upper, -bounds.lower), margin)
    if outcome is Outcome.PASS:
        return outcome, ""
    return outcome, reasons.BEYOND_LIMIT if outcome is Outcome.FAIL else reasons.UNDECIDED
