"""Do clusters tell dependent pictures apart? And which column should the settings name, where they name none?"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from checks.statistics.clusters import effective_n
from checks.table.cells import judged_by_experiment, miss_of
from checks.table.evidence import Evidence, Floats
from checks.table.kinds import CLASS, repeated
from checks.table.mean_difference import WORST
from checks.verdict import Direction, Finding, Outcome, Unit

FEWEST_VALUES = 10
"""Values of a column that may stand for clusters. With fewer, their spread is no estimate, and a column rather says
what a picture is like, as its light does."""
WELL_UNDER = 0.5
"""Share of the pictures that they are worth. A bound that ignores it is too narrow by two fifths."""
NO_CLUSTER_STATED = "no_cluster_stated"
"""Reason: pictures state no cluster although the settings name a column of them."""
CLUSTER_NOT_NAMED = "cluster_not_named"
"""Reason: pictures with one value of a column are alike, but the settings do not name it."""


def cluster_findings(evidence: Evidence) -> tuple[Finding, ...]:
    """One finding on the clusters that the settings name, and a warning for each column that should be named instead.

    A column whose values do not repeat tells no pictures apart that are not independent: the others are looked at then
    as if none were named. Before them comes a finding on the pictures that are copies of each other, if any are.

    Details: how many pictures are `copies`, of how many `groups`; the `column`; of the named one, how many pictures are
    `silent` about it, and how many independent pictures they are `worth` by how alike they are; of another, its number
    of distinct `values`.
    """
    ids = evidence.metadata.get(evidence.cluster_column, np.full(evidence.n, "", dtype=object))
    named = (*_copies(evidence), *((_named(evidence, ids),) if evidence.cluster_column else ()))
    if evidence.cluster_column and len(np.unique(ids)) <= evidence.n / 2:
        return named
    return (*named, *(_warning(evidence, column, worth) for column, worth in unnamed(evidence).items()))


def unnamed(evidence: Evidence) -> dict[str, float]:
    """Columns by which the pictures are worth well under n independent ones, and how many: the worst first.

    A column's values must repeat: at least `FEWEST_VALUES` of them, with two pictures each on the average. Pictures of
    one class are alike anyway, so a column that says again which class they are of is no cluster: what counts is how
    far a picture lies from the mean of its class. Of columns that say the same, the first is named.
    """
    values, known = _values(evidence)
    values = values - _means(values, known, evidence.class_index)
    dependent: dict[str, float] = {}
    same = repeated(evidence.label, evidence.metadata)
    for column, ids in evidence.metadata.items():
        stated = known & (ids != "")
        n, distinct = int(stated.sum()), len(np.unique(ids[stated]))
        if FEWEST_VALUES <= distinct <= n / 2 and same.get(column, CLASS) == CLASS:
            worth = effective_n(values[stated], ids[stated])
            dependent |= {column: worth} if worth < WELL_UNDER * n else {}
    return dict(sorted(dependent.items(), key=lambda item: (item[1], item[0])))


def _means(values: Floats, known: NDArray[np.bool_], class_index: NDArray[np.int64]) -> Floats:
    """(n,) the mean of each picture's class, over the known values."""
    of = np.unique(class_index, return_inverse=True)[1]
    total, n = np.bincount(of, np.where(known, values, 0.0)), np.bincount(of, known)
    return np.asarray((total / np.maximum(n, 1))[of])


def _values(evidence: Evidence) -> tuple[Floats, NDArray[np.bool_]]:
    """(n,) what tells whether pictures are alike, and where it is there: the lead, or the label's probability."""
    lead = np.where(judged_by_experiment(evidence), evidence.lead(miss_of(evidence.profile).fills), np.nan)
    values = lead if np.isfinite(lead).any() else evidence.probability
    return np.nan_to_num(values), np.isfinite(values)


def _copies(evidence: Evidence) -> tuple[Finding, ...]:
    """None where no picture is a copy of another. Of several samples in one picture, one counts."""
    group = evidence.copies[np.unique(evidence.image.astype(str), return_index=True)[1]]
    sizes = np.unique(group, return_counts=True)[1]
    several = sizes[sizes > 1]
    if not len(several):
        return ()
    finding = Finding(
        key="copies",
        outcome=Outcome.PASS,
        quantity="pictures_with_copies",
        unit=Unit.COUNT,
        better=Direction.LOWER,
        value=int(several.sum()),
        n=len(group),
        exact=True,
        details={"copies": int(several.sum()), "groups": len(several)},
        advisory=True,
    )
    return (finding,)


def _named(evidence: Evidence, ids: NDArray[Any]) -> Finding:
    """ids: (n,) what the pictures state; '' for nothing."""
    assert evidence.cluster is not None, "a column is named"
    silent = ids == ""
    subset = evidence.subset(np.ones(evidence.n, bool))
    values, known = _values(evidence)
    return Finding(
        key="clusters",
        outcome=Outcome.INVALID if silent.any() else Outcome.PASS,
        quantity="independent_pictures_at_worst",
        unit=Unit.COUNT,
        better=Direction.HIGHER,
        value=subset.independent,
        **subset.counted,
        reason=NO_CLUSTER_STATED if silent.any() else "",
        details={
            "column": evidence.cluster_column,
            "silent": int(silent.sum()),
            "worth": effective_n(values[known], evidence.cluster[known]) if known.any() else None,
        },
        worst=tuple(int(number) for number in evidence.sample[silent][:WORST]),
        advisory=not silent.any(),
    )


def _warning(evidence: Evidence, column: str, worth: float) -> Finding:
    return Finding(
        key=f"column/{column}",
        outcome=Outcome.INCONCLUSIVE,
        quantity="independent_pictures_by_likeness",
        unit=Unit.COUNT,
        better=Direction.HIGHER,
        value=worth,
        n=evidence.n,
        reason=CLUSTER_NOT_NAMED,
        details={"column": column, "values": len(np.unique(evidence.metadata[column]))},
        advisory=True,
    )
