"""A paired comparison: is the mean of the differences over a limit?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from checks.statistics.bounds import MOST_UNITS
from checks.statistics.subset import Drawn
from checks.table.evidence import Evidence, Floats
from checks.verdict import Finding, Outcome, Tolerance, worst
from checks.words import count, two_digits

ROUNDING = 1e-6
"""A difference under this is the rounding of single precision, and counts as none."""
WORST = 8
"""Samples that a finding names."""


@dataclass(frozen=True)
class Comparison:
    """The mean difference over n pictures, its one-sided bounds, and what follows for the limit."""

    outcome: Outcome
    limit: float
    drawn: Drawn
    value: float | None
    lower: float | None
    upper: float | None
    further: int | None
    worst: tuple[int, ...]
    """Samples with the lowest differences, lowest first; where a difference is not finite, those samples."""
    tolerance: Tolerance | None = None

    @property
    def n(self) -> int:
        return self.drawn.n


def compare(evidence: Evidence, chosen: NDArray[np.bool_], difference: Floats, limit: float) -> Comparison:
    """PASS where the lower bound is over the limit, FAIL where the upper bound is under it, else INCONCLUSIVE.

    difference: (n,), paired, of which the chosen pictures (n,) count. None chosen, or a difference that is no number:
    INVALID.
    """
    drawn, difference, sample = evidence.drawn(chosen), difference[chosen], evidence.sample[chosen]
    finite = np.isfinite(difference)
    if drawn.n == 0 or not finite.all():
        return Comparison(
            Outcome.INVALID, limit, drawn, None, None, None, None, lowest(difference[~finite], sample[~finite])
        )
    difference = np.where(np.abs(difference) < ROUNDING, 0.0, difference)
    value = float(np.sort(difference).mean())
    bounds = drawn.mean(difference)
    lower, upper = bounds if bounds else (None, None)
    outcome, further = Outcome.INCONCLUSIVE, None
    if not drawn.enough:
        further = drawn.missing
    elif lower is not None and lower > limit:
        outcome = Outcome.PASS
    elif upper is not None and upper < limit:
        outcome = Outcome.FAIL
    else:
        further = drawn.further_for_mean(difference, limit)
    worst_first, tail = lowest(difference, sample), drawn.tolerance(difference)
    return Comparison(outcome, limit, drawn, value, lower, upper, further, worst_first, tail)


def lowest(value: Floats, sample: NDArray[np.int64]) -> tuple[int, ...]:
    """The numbers of the samples with the lowest values, lowest first, ties by number."""
    return tuple(int(number) for number in sample[np.lexsort((sample, value))][:WORST])


def undecided(found: Comparison) -> str:
    """What it would take to decide, for a sentence."""
    if not found.drawn.enough:
        return found.drawn.too_few
    within_reach = found.value is not None and found.value > found.limit
    return needed(found.further, within_reach=within_reach, noun=found.drawn.noun)


def needed(further: int | None, *, within_reach: bool, noun: str = "picture") -> str:
    """What a PASS would take at the observed rate, for a sentence. within_reach: the estimate is over the limit."""
    if further is not None:
        return f"about {count(two_digits(further), f'further {noun}')} would decide it at this rate"
    if within_reach:
        return f"not even {count(MOST_UNITS, f'such {noun}')} would decide it at this rate"
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
