"""Relevance against the area share: what a map that knows nothing would score."""

import numpy as np

from audit.registry import Need
from checks import reasons
from checks.demand import PICTURES, Demand, of_pictures
from checks.profile import Share
from checks.table.evidence import Evidence
from checks.table.layout import Layout
from checks.table.mean_difference import mean_difference
from checks.table.needs import incapable
from checks.verdict import Direction, Finding, Unit, Verdict, weakest, worst

NEEDS: frozenset[Need] = frozenset({"region"})


def relevance_beats_chance(evidence: Evidence, *, margin: Share) -> Verdict:
    """Every saliency method puts more relevance on the object than chance would.

    Paired over the pictures: relevance mass in the boxes less the boxes' share of the frame, dead maps left out.
    PASS where the lower bound of the mean is over `margin`, FAIL where the upper bound is under it, INCONCLUSIVE where
    the model yields no maps.

    Details of a finding: the `method` and the mean `mass` in the boxes; `chance` is their mean share of the frame.
    """
    if unable := incapable("relevance_beats_chance", evidence):
        return unable
    findings = tuple(_finding(evidence, method, margin) for method in evidence.methods)
    return Verdict(
        rule="relevance_beats_chance",
        outcome=worst(finding.outcome for finding in findings),
        decided_by=weakest(findings).key if findings else None,
        reason="" if findings else reasons.NO_METHOD,
        findings=findings,
    )


def needed(layout: Layout) -> tuple[Demand, ...]:
    """Pictures, as many as a bound of a mean takes."""
    return *layout.maps, of_pictures(layout.subset, layout.subset.missing, PICTURES)


def _finding(evidence: Evidence, method: str, margin: float) -> Finding:
    living = evidence.living(method)
    mass = evidence.scores[method]["mass"]
    difference = mean_difference(evidence, living, mass - evidence.area_share, margin)
    measured = difference.value is not None
    return Finding(
        key=method,
        outcome=difference.outcome,
        quantity="relevance_over_chance",
        unit=Unit.DIFFERENCE,
        better=Direction.HIGHER,
        chance=float(np.mean(evidence.area_share[living])) if measured else None,
        **difference.numbers,
        reason=difference.reason,
        details={"method": method} | ({"mass": float(np.mean(mass[living]))} if measured else {}),
    )
