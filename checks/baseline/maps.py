"""Non-inferiority of the maps: the mean relevance mass on the object."""

from collections.abc import Sequence

import numpy as np

from checks.baseline.discordance import Margin, margin_of, non_inferior, what_next
from checks.baseline.matched import Floats, Pairs
from checks.baseline.shares import lowest_first
from checks.statistics.bounds import Bounds
from checks.statistics.subset import Subset
from checks.table.mean_difference import ROUNDING
from checks.verdict import Finding, Outcome, Profile, Verdict, worst
from checks.words import percent, points

MASS = "relevance mass in the boxes less that of the baseline, mean over the pictures"
NO_MAPS = "Run both audits with a saliency method whose maps live."


def maps_hold(pairs: Pairs, sample: Sequence[int], profile: Profile, seed: int) -> Verdict:
    """Advice wherever experiments were made: a map alone cannot certify, nor can it condemn.

    Bounds of the mean change, paired, for every method. sample: (n,) the numbers in the candidate's record.
    """
    allowed = margin_of(profile)
    findings = tuple(_finding(pairs, sample, method, allowed, seed) for method in pairs.after.mass)
    outcome = worst(finding.outcome for finding in findings)
    lost = any(finding.value is not None and finding.value <= -allowed.margin for finding in findings)
    telling = next((finding.sentence for finding in findings if finding.outcome is outcome), "No method was run.")
    return Verdict(
        rule="maps_hold",
        question="Does as much relevance lie on the object as with the baseline?",
        outcome=outcome,
        sentence=telling,
        next_step=what_next(outcome, lost=lost, invalid=NO_MAPS),
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
    subset, n = Subset(len(change), allowed.confidence, seed, cluster, pairs.column), len(change)
    bounds = _bounds(change, pairs.same, subset)
    outcome = _outcome(n, bounds, allowed.margin)
    return Finding(
        subject=method,
        outcome=outcome,
        quantity=MASS,
        value=float(np.sort(change).mean()) if n else None,
        limit=-allowed.margin,
        **subset.counted,
        lower=bounds.lower if bounds else None,
        upper=bounds.upper if bounds else None,
        further=subset.further_for_mean(change, -allowed.margin) if outcome is Outcome.INCONCLUSIVE else None,
        worst=lowest_first(np.array(sample, dtype=np.int64)[both].tolist(), change < 0, change),
        sentence=_sentence(method, (old[both], new[both]), subset, bounds, allowed.margin),
    )


def _bounds(change: Floats, same: bool, subset: Subset) -> Bounds | None:
    if same and len(change):
        return Bounds(0.0, 0.0)
    return subset.mean(change) if subset.enough else None


def _outcome(n: int, bounds: Bounds | None, margin: float) -> Outcome:
    if n == 0:
        return Outcome.INVALID
    if bounds is None:
        return Outcome.INCONCLUSIVE
    return non_inferior(Bounds(-bounds.upper, -bounds.lower), margin)


def _sentence(method: str, masses: tuple[Floats, Floats], subset: Subset, bounds: Bounds | None, margin: float) -> str:
    old, new = masses
    if not len(old):
        return f"{method} has no picture on which the maps of both networks live."
    seen = (
        f"{method} puts {percent(float(new.mean()))} of its relevance into the boxes, with the baseline"
        f" {percent(float(old.mean()))}"
    )
    if bounds is None:
        return f"{seen} ({subset.too_few})."
    worse = _outcome(subset.n, bounds, margin) is Outcome.FAIL
    which, bound = ("upper", bounds.upper) if worse else ("lower", bounds.lower)
    return f"{seen} ({which} bound of the change {points(bound)}, margin {points(-margin)}, {subset})."
