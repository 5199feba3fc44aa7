"""Coverage of the operational design domain: how many pictures lie in each cell, and in each pair of cells."""

from itertools import combinations

import numpy as np
from pydantic import Field

from checks.frozen import Frozen
from checks.table.domain import outside, places_of
from checks.table.domain_cells import OUTSIDE, UNSTATED, Placed, pair_counts
from checks.table.evidence import Evidence


class DomainCell(Frozen):
    """One value or range of a parameter."""

    cell: str
    n: int = Field(description="pictures")
    right: int = Field(description="of them, predicted right")


class DomainParameter(Frozen):
    """One parameter of the domain, and where the pictures lie in it."""

    parameter: str
    column: str
    unit: str
    source: str
    known: bool = Field(description="the data have the column; else no picture has a place in it")
    cells: tuple[DomainCell, ...]
    outside: int = Field(description="pictures that lie in no cell")
    unstated: int = Field(description="pictures that state nothing, or no number")


class DomainPair(Frozen):
    """Two parameters against each other."""

    one: str
    other: str
    counts: tuple[tuple[int, ...], ...] = Field(description="pictures, a row for each cell of the one")


class Domain(Frozen):
    """The domain that the profile states, and what of it the pictures cover."""

    parameters: tuple[DomainParameter, ...]
    pairs: tuple[DomainPair, ...]
    outside: int = Field(description="pictures outside the domain by some parameter, or without a place in one")
    empty: int = Field(description="cells without a picture, over all parameters")

    @property
    def covered(self) -> bool:
        """Every cell of every parameter holds a picture, and every picture lies in the domain."""
        return bool(self.parameters) and not self.empty and not self.outside


def domain_coverage(evidence: Evidence) -> Domain | None:
    """None where the profile states no domain."""
    if not evidence.profile.domain:
        return None
    places = places_of(evidence)
    known = [place for place in places.values() if place is not None]
    parameters = tuple(
        DomainParameter(
            parameter=parameter.name,
            column=parameter.column,
            unit=parameter.unit,
            source=parameter.source,
            known=place is not None,
            cells=_cells(evidence, place) if place else tuple(_empty(name) for name in parameter.cells),
            outside=int((place.cell == OUTSIDE).sum()) if place else 0,
            unstated=int((place.cell == UNSTATED).sum()) if place else evidence.n,
        )
        for parameter in evidence.profile.domain
        for place in (places[parameter.name],)
    )
    pairs = tuple(
        DomainPair(one=one.parameter.name, other=other.parameter.name, counts=_rows(one, other))
        for one, other in combinations(known, 2)
    )
    empty = sum(not cell.n for parameter in parameters for cell in parameter.cells)
    return Domain(parameters=parameters, pairs=pairs, outside=outside(known), empty=empty)


def _cells(evidence: Evidence, place: Placed) -> tuple[DomainCell, ...]:
    there = place.cell[evidence.right & (place.cell >= 0)]
    right = np.bincount(there, minlength=len(place.parameter.cells)).tolist()
    columns = zip(place.parameter.cells, place.counts.tolist(), right, strict=True)
    return tuple(DomainCell(cell=cell, n=n, right=k) for cell, n, k in columns)


def _empty(name: str) -> DomainCell:
    return DomainCell(cell=name, n=0, right=0)


def _rows(one: Placed, other: Placed) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(row) for row in pair_counts(one, other).tolist())
