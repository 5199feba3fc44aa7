"""Do clusters tell dependent pictures apart? And which column should the settings name, where they name none?"""

import numpy as np
from numpy.typing import NDArray

from checks.statistics.clusters import effective_n
from checks.table.cells import judged_by_experiment, miss_of
from checks.table.evidence import Evidence, Floats
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
    as if none were named.

    Details: the `column`; of the named one, how many pictures are `silent` about it, and how many independent pictures
    they are `worth` by how alike they are; of another, its number of distinct `values`.
    """
    named = () if evidence.cluster is None else (_named(evidence, evidence.cluster),)
    if evidence.cluster is not None and len(np.unique(evidence.cluster)) <= evidence.n / 2:
        return named
    return (*named, *(_warning(evidence, column, worth) for column, worth in unnamed(evidence).items()))


def unnamed(evidence: Evidence) -> dict[str, float]:
    """Columns by which the pictures are worth well under n independent ones, and how many: the worst first.

    A column's values must repeat: at least `FEWEST_VALUES` of them, with two pictures each on the average.
    """
    values, known = _values(evidence)
    dependent: dict[str, float] = {}
    for column, ids in evidence.metadata.items():
        stated = known & (ids != "")
        n, distinct = int(stated.sum()), len(np.unique(ids[stated]))
        if FEWEST_VALUES <= distinct <= n / 2:
            worth = effective_n(values[stated], ids[stated])
            dependent |= {column: worth} if worth < WELL_UNDER * n else {}
    return dict(sorted(dependent.items(), key=lambda item: (item[1], item[0])))


def _values(evidence: Evidence) -> tuple[Floats, NDArray[np.bool_]]:
    """(n,) what tells whether pictures are alike, and where it is there: the lead, or the label's probability."""
    lead = np.where(judged_by_experiment(evidence), evidence.lead(miss_of(evidence.profile).fills), np.nan)
    values = lead if np.isfinite(lead).any() else evidence.probability
    return np.nan_to_num(values), np.isfinite(values)


def _named(evidence: Evidence, ids: NDArray[np.object_]) -> Finding:
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
            "worth": effective_n(values[known], ids[known]) if known.any() else None,
        },
        worst=tuple(int(number) for number in evidence.sample[silent][:WORST]),
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
