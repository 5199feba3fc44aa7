"""Are pictures that are not independent told apart by a cluster? And which column should be named, where none is?"""

import numpy as np
from numpy.typing import NDArray

from checks.statistics.clusters import effective_n
from checks.table.cells import judged_by_experiment, miss_of
from checks.table.evidence import Evidence, Floats
from checks.table.mean_difference import WORST
from checks.verdict import Finding, Outcome
from checks.words import count

FEWEST_VALUES = 10
"""Of a column that may stand for clusters. With fewer, their spread is no estimate, and a column says rather what a
picture is like, as its light does."""
WELL_UNDER = 0.5
"""Of the pictures: what they are worth, so that a bound that ignores it is too narrow by two fifths."""


def clusters(evidence: Evidence) -> tuple[Finding, ...]:
    """One finding on the clusters that the settings name, and a warning for each column that should be named instead.

    A column whose values do not repeat tells no pictures apart that are not independent: the others are looked at then
    as if none were named.
    """
    named = () if evidence.cluster is None else (_named(evidence, evidence.cluster),)
    if evidence.cluster is not None and len(np.unique(evidence.cluster)) <= evidence.n / 2:
        return named
    return (*named, *(_warning(evidence, column, worth) for column, worth in unnamed(evidence).items()))


def unnamed(evidence: Evidence) -> dict[str, float]:
    """Columns by which the pictures are worth well under n independent ones, and how many: the worst first.

    A column's values must repeat: at least `FEWEST_VALUES` of them, with two pictures each on the average.
    """
    values, told = _values(evidence)
    found: dict[str, float] = {}
    for column, ids in evidence.metadata.items():
        stated = told & (ids != "")
        n, distinct = int(stated.sum()), len(np.unique(ids[stated]))
        if FEWEST_VALUES <= distinct <= n / 2:
            worth = effective_n(values[stated], ids[stated])
            found |= {column: worth} if worth < WELL_UNDER * n else {}
    return dict(sorted(found.items(), key=lambda item: (item[1], item[0])))


def _values(evidence: Evidence) -> tuple[Floats, NDArray[np.bool_]]:
    """(n,) what tells whether pictures are alike, and where it is there: the lead, or the label's probability."""
    lead = np.where(judged_by_experiment(evidence), evidence.lead(miss_of(evidence.profile).fills), np.nan)
    values = lead if np.isfinite(lead).any() else evidence.probability
    return np.nan_to_num(values), np.isfinite(values)


def _named(evidence: Evidence, ids: NDArray[np.object_]) -> Finding:
    silent = ids == ""
    subset = evidence.subset(np.ones(evidence.n, bool))
    values, told = _values(evidence)
    estimate = f"; by how alike they are, {effective_n(values[told], ids[told]):.0f}" if told.any() else ""
    if silent.any():
        sentence = f"{count(int(silent.sum()), 'picture')} of {evidence.n:,} state no {subset.noun}, which data.cluster"
        sentence += " names, so that nobody can say which are independent."
    else:
        sentence = f"{subset}, worth {subset.independent or 0:.0f} independent pictures where all of one are alike"
        sentence += f"{estimate}."
    return Finding(
        subject="clusters",
        outcome=Outcome.INVALID if silent.any() else Outcome.PASS,
        quantity="independent pictures that these are worth at worst",
        value=subset.independent,
        **subset.counted,
        worst=tuple(int(number) for number in evidence.sample[silent][:WORST]),
        sentence=sentence,
    )


def _warning(evidence: Evidence, column: str, worth: float) -> Finding:
    distinct = len(np.unique(evidence.metadata[column]))
    return Finding(
        subject=f"column {column}",
        outcome=Outcome.INCONCLUSIVE,
        quantity="independent pictures that these are worth, by how alike those with one value of the column are",
        value=worth,
        n=evidence.n,
        advisory=True,
        sentence=f"Warning: {count(evidence.n, 'picture')} share {distinct:,} values of '{column}' and are worth about"
        f' {worth:.0f} independent ones, so that every bound is too narrow unless data.cluster = "{column}" is set.',
    )
