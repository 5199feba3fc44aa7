"""What is missing from the evidence, and whether that is little enough to trust the rest."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.datasets.exclusions import by_scope
from audit.registry import Need
from checks import reasons
from checks.demand import Demand
from checks.profile import Count, Share
from checks.statistics.subset import FEWEST
from checks.table.cluster_columns import cluster_findings
from checks.table.domain import domain_demands, domain_findings
from checks.table.evidence import Evidence
from checks.table.layout import Layout
from checks.table.mean_difference import WORST
from checks.table.needs import incapable
from checks.table.training import training_findings
from checks.verdict import Direction, Finding, Outcome, Unit, Verdict, weakest, worst

NEEDS: frozenset[Need] = frozenset()
RULE = "evidence_is_complete"
HARDLY = 0.1
"""Share of a class's pictures. Where no more are predicted right, experiments, made on those, say nothing of it."""
DISTINCT = "distinct_pictures"
"""What is counted, and the key of a demand for it."""
SAMPLES_LEFT = "samples_left"
"""Key of a demand: samples that are not excluded, of the `samples` that lie in the scope (details)."""
SCOPE = "scope"
"""Key: samples outside the scope, where there are any."""
NO_SAMPLES = "no_samples"
"""Reason: the data set holds no sample."""
TOO_FEW_DISTINCT = "too_few_distinct"
"""Reason: fewer distinct pictures than the profile asks for."""
NONE_IN_SCOPE = "none_in_scope"
"""Reason: every sample lies outside the scope."""
MAPS_MISSING = "maps_missing"
"""Reason: maps were not made at all."""
HARDLY_PREDICTED = "hardly_predicted"
"""Reason: a class of many pictures is hardly ever predicted."""


def evidence_is_complete(
    evidence: Evidence,
    *,
    max_excluded: Share,
    max_dead: Share,
    max_duplicates: Share,
    min_pictures: Count,
    max_trained_on: Share = 0.0,
) -> Verdict:
    """Few samples are excluded, few maps are dead, few pictures are copies, and enough pictures remain.

    The shares are counts of this very data set, not estimates: they have no confidence bound. A sample outside the
    scope, which the settings state beforehand (`OUTSIDE_SCOPE`), is no defect: such samples are counted on their own,
    and the share of exclusions is one of the samples inside the scope. INVALID: too many exclusions, dead maps, copies
    (samples whose picture's very pixels were already there under the same class) or pictures that the network was
    trained on, where the settings name these, or a map that was not made at all. Too few distinct pictures, among which
    near copies count once: INCONCLUSIVE, as is a class of 20 pictures or more of which hardly one is predicted right:
    of such a class nothing is shown. Where the settings name clusters, a picture that states none is INVALID; where
    they do not, a column that looks as if it should be named gets a warning.

    Details of the findings: `excluded` and the number of exclusions `by_reason`; those `outside` the scope, also
    `by_reason`; `samples` that the pictures show; `copies`; of each method, the `method` and how many of its maps are
    `dead` and `missing`; of `classes` that are hardly ever predicted, `label`, pictures `right` and `pictures`. Those
    of near copies and clusters are in `cluster_findings`, those of the profile's domain in `domain_findings`, those of
    training pictures in `training_findings`.
    """
    findings = (
        _exclusions(evidence, max_excluded),
        *_outside_scope(evidence),
        _pictures(evidence, min_pictures),
        _duplicates(evidence, max_duplicates),
        *(_maps(evidence, method, max_dead) for method in evidence.methods),
        _classes(evidence),
        *cluster_findings(evidence),
        *domain_findings(evidence),
        *training_findings(evidence, max_trained_on),
    )
    entering = [finding for finding in findings if not finding.advisory]
    maps = bool(evidence.methods) or incapable(RULE, evidence) is not None
    outcome = worst(finding.outcome for finding in entering) if maps else Outcome.INVALID
    deciding = weakest(entering)
    decides = deciding.outcome is outcome
    return Verdict(
        rule=RULE,
        outcome=outcome,
        decided_by=deciding.key if decides else None,
        reason="" if decides else reasons.NO_METHOD,
        findings=findings,
    )


def needed(layout: Layout, *, max_excluded: Share, min_pictures: Count) -> tuple[Demand, ...]:
    """Distinct pictures, samples in scope that have no defect, and the domain's cells.

    A picture that is loaded may be excluded yet.
    """
    pictures = Demand(key=DISTINCT, have=len(set(layout.image.tolist())), needed=min_pictures)
    in_scope = layout.n + layout.defects
    beyond = in_scope > 0 and layout.defects / in_scope > max_excluded
    least = max(layout.n + 1, math.ceil((1 - max_excluded) * in_scope)) if beyond else 0
    left = Demand(key=SAMPLES_LEFT, have=layout.n, needed=least, details={"samples": in_scope})
    return pictures, left, *domain_demands(layout)


def _exclusions(evidence: Evidence, limit: float) -> Finding:
    defects, outside = by_scope(evidence.exclusions)
    in_scope = evidence.total - len(outside)
    return _share(
        "exclusions",
        "excluded_share",
        (len(defects), in_scope),
        limit,
        reason="" if in_scope else NONE_IN_SCOPE if evidence.total else NO_SAMPLES,
        details={"excluded": len(defects), "by_reason": _by_reason(defects)},
    )


def _outside_scope(evidence: Evidence) -> Iterator[Finding]:
    """What the settings leave out beforehand, where there is any; shown, since it bounds what the audit speaks of."""
    _, outside = by_scope(evidence.exclusions)
    if outside:
        yield Finding(
            key=SCOPE,
            outcome=Outcome.PASS,
            quantity="outside_scope_share",
            unit=Unit.SHARE,
            better=Direction.LOWER,
            value=len(outside) / evidence.total,
            n=evidence.total,
            details={"outside": len(outside), "by_reason": _by_reason(outside)},
            advisory=True,
        )


def _by_reason(reasons: Iterable[str]) -> dict[str, int]:
    """How many of each, the most frequent first."""
    return dict(sorted(Counter(reasons).items(), key=lambda item: (-item[1], item[0])))


def _pictures(evidence: Evidence, limit: int) -> Finding:
    n = len(np.unique(evidence.copies))
    enough = n >= limit
    return Finding(
        key="pictures",
        outcome=Outcome.PASS if enough else Outcome.INCONCLUSIVE if n else Outcome.INVALID,
        quantity=DISTINCT,
        unit=Unit.COUNT,
        better=Direction.HIGHER,
        value=n,
        limit=limit,
        n=n,
        exact=True,
        further=None if enough else limit - n,
        reason="" if enough else TOO_FEW_DISTINCT if n else reasons.NO_PICTURES,
        details={"samples": evidence.n},
    )


def _duplicates(evidence: Evidence, limit: float) -> Finding:
    seen: set[tuple[str, int]] = set()
    copies = []
    for number, pixels, index in sorted(
        zip(evidence.sample.tolist(), evidence.pixels.tolist(), evidence.class_index.tolist(), strict=True)
    ):
        if (pixels, index) in seen:
            copies.append(number)
        seen.add((pixels, index))
    return _share(
        "duplicates",
        "duplicate_share",
        (len(copies), evidence.n),
        limit,
        worst=tuple(copies[:WORST]),
        details={"copies": len(copies)},
    )


def _maps(evidence: Evidence, method: str, limit: float) -> Finding:
    # what a detector does not detect has no score of which a map could be made
    asked = evidence.right if evidence.detects else np.ones(evidence.n, dtype=bool)
    made, promised = evidence.made[method] & asked, evidence.promised(method) & asked
    dead, missing = made & _unusable(evidence, method), promised & ~made
    return _share(
        f"maps/{method}",
        "dead_map_share",
        (int(dead.sum()), int((made | promised).sum())),
        limit,
        reason=MAPS_MISSING if missing.any() else "",
        worst=tuple(int(number) for number in np.sort(evidence.sample[dead | missing])[:WORST]),
        details={"method": method, "dead": int(dead.sum()), "missing": int(missing.sum())},
    )


def _unusable(evidence: Evidence, method: str) -> NDArray[np.bool_]:
    """Dead, or alive without a score though there are boxes."""
    unscored = ~np.isfinite(evidence.scores[method]["mass"]) & evidence.boxed
    return np.asarray(evidence.dead[method] | unscored)


def _classes(evidence: Evidence) -> Finding:
    classes, of = np.unique(evidence.class_index, return_inverse=True)
    pictures = np.bincount(of, minlength=len(classes))
    right = np.bincount(of, weights=evidence.right, minlength=len(classes)).astype(int)
    hardly = np.flatnonzero((pictures >= FEWEST) & (right <= HARDLY * pictures))
    return Finding(
        key="classes",
        outcome=Outcome.INCONCLUSIVE if len(hardly) else Outcome.PASS,
        quantity="classes_hardly_predicted",
        unit=Unit.COUNT,
        better=Direction.LOWER,
        value=len(hardly),
        limit=0,
        exact=True,
        n=len(classes),
        reason=HARDLY_PREDICTED if len(hardly) else "",
        details={
            "classes": [
                {"label": str(evidence.label[of == i][0]), "right": int(right[i]), "pictures": int(pictures[i])}
                for i in hardly
            ]
        },
    )


def _share(
    key: str,
    quantity: str,
    counted: tuple[int, int],
    limit: float,
    *,
    details: dict[str, Any],
    reason: str = "",
    worst: tuple[int, ...] = (),
) -> Finding:
    """A share that may be `limit` at most, from how many and of how many. reason: why it is INVALID all the same."""
    k, n = counted
    share = k / n if n else None
    reason = reason or (reasons.NO_PICTURES if share is None else reasons.BEYOND_LIMIT if share > limit else "")
    return Finding(
        key=key,
        outcome=Outcome.INVALID if reason else Outcome.PASS,
        quantity=quantity,
        unit=Unit.SHARE,
        better=Direction.LOWER,
        value=share,
        limit=limit,
        exact=True,
        n=n,
        reason=reason,
        details=details,
        worst=worst,
    )
