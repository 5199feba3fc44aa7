"""Is the mean of paired differences over a limit?"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checks import reasons
from checks.statistics.subset import Subset
from checks.table.evidence import Evidence, Floats
from checks.verdict import Outcome, Tolerance

ROUNDING = 1e-6
"""A difference under this is the rounding of single precision, and counts as none."""
WORST = 8
"""Samples that a finding names."""


@dataclass(frozen=True)
class MeanDifference:
    """The mean difference over n pictures, its one-sided bounds, and what follows for the limit."""

    outcome: Outcome
    reason: str
    """One of `checks.reasons`; '' for a PASS."""
    limit: float
    subset: Subset
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    further: int | None = None
    worst: tuple[int, ...] = ()
    """Samples with the lowest differences, lowest first; where a difference is not finite, those samples."""
    tolerance: Tolerance | None = None

    @property
    def n(self) -> int:
        return self.subset.n

    @property
    def numbers(self) -> dict[str, Any]:
        """As entries of a finding, all but outcome and reason."""
        return {
            "value": self.value,
            "limit": self.limit,
            **self.subset.counted,
            "lower": self.lower,
            "upper": self.upper,
            "further": self.further,
            "worst": self.worst,
            "tolerance": self.tolerance,
        }


def mean_difference(evidence: Evidence, chosen: NDArray[np.bool_], difference: Floats, limit: float) -> MeanDifference:
    """PASS where the lower bound is over the limit, FAIL where the upper bound is under it, else INCONCLUSIVE.

    difference: (n,), paired, of which the chosen pictures (n,) count. None chosen, or a difference that is no number:
    INVALID.
    """
    subset, difference, sample = evidence.subset(chosen), difference[chosen], evidence.sample[chosen]
    finite = np.isfinite(difference)
    if subset.n == 0 or not finite.all():
        reason = reasons.NO_SCORE if subset.n else reasons.NO_PICTURES
        broken = lowest(difference[~finite], sample[~finite])
        return MeanDifference(Outcome.INVALID, reason, limit, subset, worst=broken)
    difference = np.where(np.abs(difference) < ROUNDING, 0.0, difference)
    lower, upper = subset.mean(difference) or (None, None)
    outcome, reason = _decided(subset, lower, upper, limit)
    undecided = outcome is Outcome.INCONCLUSIVE
    return MeanDifference(
        outcome,
        reason,
        limit,
        subset,
        value=float(np.sort(difference).mean()),
        lower=lower,
        upper=upper,
        further=subset.further_for_mean(difference, limit) if undecided else None,
        worst=lowest(difference, sample),
        tolerance=subset.tolerance(difference),
    )


def _decided(subset: Subset, lower: float | None, upper: float | None, limit: float) -> tuple[Outcome, str]:
    if not subset.enough:
        return Outcome.INCONCLUSIVE, reasons.TOO_FEW
    if lower is not None and lower > limit:
        return Outcome.PASS, ""
    if upper is not None and upper < limit:
        return Outcome.FAIL, reasons.BEYOND_LIMIT
    return Outcome.INCONCLUSIVE, reasons.UNDECIDED


def lowest(value: Floats, sample: NDArray[np.int64]) -> tuple[int, ...]:
    """The numbers of the samples with the lowest values, lowest first, ties by number."""
    return tuple(int(number) for number in sample[np.lexsort((sample, value))][:WORST])
