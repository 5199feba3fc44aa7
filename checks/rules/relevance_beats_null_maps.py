"""Relevance against maps that have learnt nothing, on the same pictures."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from audit.registry import Need
from checks import reasons
from checks.demand import PICTURES, Demand, of_pictures
from checks.profile import Share
from checks.table.evidence import Evidence
from checks.table.layout import Layout
from checks.table.mean_difference import MeanDifference, mean_difference
from checks.table.needs import incapable
from checks.verdict import Direction, Finding, Outcome, Unit, Verdict, weakest, worst

NEEDS: frozenset[Need] = frozenset({"region"})
RULE = "relevance_beats_null_maps"
Measure = Literal["mass", "auc"]
QUANTITY = {"mass": "relevance_over_null_map", "auc": "auc_over_null_map"}
UNIT = {"mass": Unit.DIFFERENCE, "auc": Unit.AUC}
REQUIRED = "required_null_maps"
"""Key of the finding that null maps are missing; details: the names `missing`."""
NO_NULL_MAP = "no_null_map"
"""Reason: no null map was made."""
LACKS_REQUIRED = "lacks_required"
"""Reason: the record lacks null maps that the profile requires."""
SHORT_OF_MARGIN = "short_of_margin"
"""Reason: more for certain than the null map, but not for certain by the margin."""
BEHIND = "behind"
"""Reason: less for certain than the null map."""
ALIKE = "alike"
"""Reason: neither more nor less for certain than the null map."""


def relevance_beats_null_maps(
    evidence: Evidence, *, margin: Share, measure: Measure = "mass", required: tuple[str, ...] = ()
) -> Verdict:
    """Every method puts more relevance on the object than every null map, which has learnt nothing.

    Paired over the pictures for which both maps were made and neither is dead. PASS where the lower bound of the mean
    difference of `measure` is over `margin`. Otherwise INCONCLUSIVE, never FAIL: where a null map does as well, the
    pictures cannot tell this model's maps from no model at all, which is a fault of the pictures. INVALID where the
    record lacks one of the null maps `required`, by the names that `saliency-audit list` gives, but INCONCLUSIVE where
    the model cannot yield it, or no maps at all.

    Details of a finding: `method`, `null_map`, `measure` and the method's `mean`; `chance` is that of the null map.
    """
    missing = [name for name in required if name not in evidence.null_map_names]
    beyond = [name for name in missing if name in evidence.left_out]
    if unable := incapable(RULE, evidence) or (incapable(RULE, evidence, *beyond) if missing == beyond != [] else None):
        return unable
    findings = tuple(
        _finding(evidence, method, null_map, margin, measure)
        for method in evidence.methods
        for null_map in evidence.null_maps
    )
    if missing:
        findings = (_lacks(missing, margin, measure), *findings)
    nothing = reasons.NO_METHOD if not evidence.methods else NO_NULL_MAP
    return Verdict(
        rule=RULE,
        outcome=worst(finding.outcome for finding in findings),
        decided_by=REQUIRED if missing else weakest(findings).key if findings else None,
        reason="" if findings else nothing,
        findings=findings,
    )


def needed(layout: Layout) -> tuple[Demand, ...]:
    """Pictures, as many as a bound of a mean takes."""
    return *layout.maps, of_pictures(layout.subset, layout.subset.missing, PICTURES)


def _lacks(missing: Sequence[str], margin: float, measure: Measure) -> Finding:
    return Finding(
        key=REQUIRED,
        outcome=Outcome.INVALID,
        quantity=QUANTITY[measure],
        unit=UNIT[measure],
        better=Direction.HIGHER,
        value=None,
        limit=margin,
        n=0,
        reason=LACKS_REQUIRED,
        details={"missing": list(missing)},
    )


def _finding(evidence: Evidence, method: str, null_map: str, margin: float, measure: Measure) -> Finding:
    both = evidence.living(method) & evidence.living(null_map)
    score, null_score = evidence.scores[method][measure], evidence.scores[null_map][measure]
    difference = mean_difference(evidence, both, score - null_score, margin)
    measured = difference.value is not None
    outcome, reason = _decided(difference)
    details = {"method": method, "null_map": null_map, "measure": measure}
    return Finding(
        key=f"{method}/{null_map}",
        outcome=outcome,
        quantity=QUANTITY[measure],
        unit=UNIT[measure],
        better=Direction.HIGHER,
        chance=float(np.mean(null_score[both])) if measured else None,
        **difference.numbers,
        reason=reason,
        details={**details, "mean": float(np.mean(score[both]))} if measured else {**details},
    )


def _decided(difference: MeanDifference) -> tuple[Outcome, str]:
    if difference.outcome is Outcome.PASS or difference.reason == reasons.NO_SCORE:
        return difference.outcome, difference.reason
    if difference.reason in (reasons.NO_PICTURES, reasons.TOO_FEW):
        return Outcome.INCONCLUSIVE, difference.reason
    if difference.lower is not None and difference.lower > 0:
        return Outcome.INCONCLUSIVE, SHORT_OF_MARGIN
    if difference.upper is not None and difference.upper < 0:
        return Outcome.INCONCLUSIVE, BEHIND
    return Outcome.INCONCLUSIVE, ALIKE
