"""A paired comparison: is the mean of the differences over a limit?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from checks.evidence import Evidence, Floats
from checks.statistics import MOST_UNITS, further_for_mean, mean_bounds
from checks.verdict import Finding, Outcome, worst
from checks.words import count, two_digits

FEWEST = 20
"""Pictures. With fewer, a 95 % bound of a skewed score holds in under 90 % of all draws (`test_coverage_*`)."""
ROUNDING = 1e-6
"""A difference under this is the rounding of single precision, and counts as none."""
WORST = 8
"""Samples that a finding names."""


@dataclass(frozen=True)
class Comparison:
    """The mean difference over n pictures, its one-sided bounds, and what follows for the limit."""

    outcome: Outcome
    limit: float
    n: int
    value: float | None
    lower: float | None
    upper: float | None
    further: int | None
    worst: tuple[int, ...]
    """Samples with the lowest differences, lowest first; where a difference is not finite, those samples."""


def compare(difference: Floats, sample: NDArray[np.int64], limit: float, evidence: Evidence) -> Comparison:
    """PASS where the lower bound is over the limit, FAIL where the upper bound is under it, else INCONCLUSIVE.

    difference, sample: (n,), paired over the same pictures. No picture, or a difference that is no number: INVALID.
    """
    n = len(difference)
    finite = np.isfinite(difference)
    if n == 0 or not finite.all():
        return Comparison(
            Outcome.INVALID, limit, n, None, None, None, None, lowest(difference[~finite], sample[~finite])
        )
    difference = np.where(np.abs(difference) < ROUNDING, 0.0, difference)
    value = float(np.sort(difference).mean())
    bounds = mean_bounds(difference, evidence.confidence, evidence.seed)
    lower, upper = bounds if bounds else (None, None)
    outcome, further = Outcome.INCONCLUSIVE, None
    if n < FEWEST:
        further = FEWEST - n
    elif lower is not None and lower > limit:
        outcome = Outcome.PASS
    elif upper is not None and upper < limit:
        outcome = Outcome.FAIL
    else:
        further = further_for_mean(difference, limit, evidence.confidence)
    return Comparison(outcome, limit, n, value, lower, upper, further, lowest(difference, sample))


def lowest(value: Floats, sample: NDArray[np.int64]) -> tuple[int, ...]:
    """The numbers of the samples with the lowest values, lowest first, ties by number."""
    return tuple(int(number) for number in sample[np.lexsort((sample, value))][:WORST])


def undecided(found: Comparison) -> str:
    """What it would take to decide, for a sentence."""
    if found.n < FEWEST:
        return f"{count(found.n, 'picture')} where at least {FEWEST} are needed"
    return needed(found.further, within_reach=found.value is not None and found.value > found.limit)


def needed(further: int | None, *, within_reach: bool) -> str:
    """What a PASS would take at the observed rate, for a sentence. within_reach: the estimate is over the limit."""
    if further is not None:
        return f"about {count(two_digits(further), 'further picture')} would decide it at this rate"
    if within_reach:
        return f"not even {count(MOST_UNITS, 'such picture')} would decide it at this rate"
    return "no number of such pictures would make it a PASS at this rate"


def headline(findings: Sequence[Finding], passed: str) -> str:
    """One sentence for all findings, of which the weakest speaks."""
    if not findings:
        return "Nothing could be compared."
    outcome, sentence = weakest(findings).outcome, weakest(findings).sentence
    alike = sum(finding.outcome is outcome for finding in findings)
    if len(findings) == 1:
        return sentence
    if outcome is Outcome.PASS:
        return f"{len(findings)} of {len(findings)} {passed}; the weakest: {sentence}"
    return f"{sentence} {alike} of {len(findings)} comparisons {'is' if alike == 1 else 'are'} {outcome}."


def weakest(findings: Sequence[Finding]) -> Finding:
    """Of those with the worst outcome, the one with the lowest value. Needs one finding at least."""
    outcome = worst(finding.outcome for finding in findings)
    telling = [finding for finding in findings if finding.outcome is outcome]
    return min(telling, key=lambda f: -np.inf if f.value is None else f.value)
