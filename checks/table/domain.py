"""Where the measured pictures lie in the operational design domain: in which cell of each parameter, or outside."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from checks.demand import Demand
from checks.domain import Parameter
from checks.table.domain_cells import OUTSIDE, UNSTATED, Placed, pair_counts, placed
from checks.table.evidence import Evidence
from checks.table.layout import Layout
from checks.table.slices import column_of, is_derived
from checks.verdict import Direction, Finding, Outcome, Unit

NO_DOMAIN_COLUMN = "no_domain_column"
"""Reason: the data have no such column."""
EMPTY_CELLS = "empty_cells"
"""Reason: no picture lies in some cells of the domain."""
DOMAIN_CELLS = "domain_cells"
"""Key of a demand."""
MOST_LISTED = 1_000
"""Pairs of cells that a finding names."""


def outside(places: Sequence[Placed]) -> int:
    """Pictures that lie outside the domain by some parameter, or of which one is not stated."""
    return int(np.any([place.cell < 0 for place in places], axis=0).sum()) if places else 0


def places_of(evidence: Evidence) -> dict[str, Placed | None]:
    """By parameter of the profile's domain; None where the data have no such column."""
    columns = {parameter.name: column_of(evidence, parameter.column) for parameter in evidence.profile.domain}
    return {
        parameter.name: None if (column := columns[parameter.name]) is None else placed(parameter, column)
        for parameter in evidence.profile.domain
    }


def domain_demands(layout: Layout) -> Iterator[Demand]:
    """The cells of each parameter that the annotations hold, which none may lack; nothing of what pictures decide.

    Details: the `parameter`, and the names of the cells that are `empty`.
    """
    for parameter in layout.profile.domain:
        column = layout.metadata.get(parameter.column)
        if column is None and is_derived(parameter.column):
            continue
        counts = np.zeros(len(parameter.cells)) if column is None else placed(parameter, column).counts
        empty = [name for name, count in zip(parameter.cells, counts.tolist(), strict=True) if not count]
        held, details = len(counts) - len(empty), {"parameter": parameter.name, "empty": empty}
        yield Demand(key=DOMAIN_CELLS, have=held, needed=len(counts), details={**details})


def domain_findings(evidence: Evidence) -> Iterator[Finding]:
    """One for each parameter, which enters, and one for each pair of parameters, which is shown.

    A cell without pictures makes a parameter INCONCLUSIVE. Details: of a parameter its `parameter`, `column`, the names
    of its `cells` with their `counts`, those that are `empty`, and how many pictures lie `outside` or are `unstated`;
    of a pair the two `parameters`, the number of its `cells`, and those without pictures (`empty`, the first of them).
    """
    places = places_of(evidence)
    for parameter in evidence.profile.domain:
        place = places[parameter.name]
        yield _lacking(parameter) if place is None else _parameter(place, evidence.n)
    known = [place for place in places.values() if place is not None]
    yield from (_pair(one, other, evidence.n) for one, other in combinations(known, 2))


def _lacking(parameter: Parameter) -> Finding:
    return Finding(
        key=f"domain/{parameter.name}",
        outcome=Outcome.INVALID,
        quantity="domain_cells_without_pictures",
        unit=Unit.COUNT,
        better=Direction.LOWER,
        value=None,
        limit=0,
        n=0,
        reason=NO_DOMAIN_COLUMN,
        details={"parameter": parameter.name, "column": parameter.column},
    )


def _parameter(place: Placed, n: int) -> Finding:
    parameter, counts = place.parameter, place.counts
    empty = [name for name, count in zip(parameter.cells, counts.tolist(), strict=True) if not count]
    details = {
        "parameter": parameter.name,
        "column": parameter.column,
        "cells": list(parameter.cells),
        "counts": counts.tolist(),
        "empty": empty,
        "outside": int((place.cell == OUTSIDE).sum()),
        "unstated": int((place.cell == UNSTATED).sum()),
    }
    return _counted(parameter.name, "domain_cells_without_pictures", len(empty), n, details)


def _pair(one: Placed, other: Placed, n: int) -> Finding:
    counts = pair_counts(one, other)
    rows, columns = np.nonzero(counts == 0)
    names = (one.parameter.cells, other.parameter.cells)
    empty = [[names[0][row], names[1][column]] for row, column in zip(rows.tolist(), columns.tolist(), strict=True)]
    pair = [one.parameter.name, other.parameter.name]
    details = {"parameters": pair, "cells": int(counts.size), "empty": empty[:MOST_LISTED]}
    return _counted(" × ".join(pair), "domain_pairs_without_pictures", len(empty), n, details, advisory=True)


def _counted(
    name: str, quantity: str, empty: int, n: int, details: dict[str, Any], *, advisory: bool = False
) -> Finding:
    """None may be empty."""
    return Finding(
        key=f"domain/{name}",
        outcome=Outcome.INCONCLUSIVE if empty else Outcome.PASS,
        quantity=quantity,
        unit=Unit.COUNT,
        better=Direction.LOWER,
        value=empty,
        limit=0,
        n=n,
        exact=True,
        reason=EMPTY_CELLS if empty else "",
        details=details,
        advisory=advisory,
    )
