"""What came of every swap of a property, as the record tells it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from checks.statistics.crossed import Loans
from checks.table.answers import Answered
from checks.table.evidence import Evidence, Floats
from checks.table.variants import KINDS, read_variant


class Swap(NamedTuple):
    """What came of every donor."""

    same: Loans
    """Donors of the same class: 1 where the label is predicted, else 0."""
    other: Loans
    """Donors without an object of the class, likewise."""
    pull: Loans
    """Of the latter: 1 where their class is predicted, less what each other wrong class has."""

    def among(self, chosen: NDArray[np.bool_]) -> "Swap":
        return Swap(*(part.among(chosen) for part in self))


def note(evidence: Evidence, intervention: str, name: str) -> Floats:
    """(n,) what the intervention noted beside its answers; NaN where it noted nothing."""
    return evidence.notes.get((intervention, name), np.full(evidence.n, np.nan))


def swap_of(evidence: Evidence, intervention: str) -> Swap:
    """What came of an intervention whose variants are named after their donors."""
    lenders = {kind: lenders_of(evidence, intervention, kind) for kind in KINDS}
    return Swap(
        Loans(1, _kept(evidence, intervention, "same"), lenders["same"]),
        Loans(-1, _kept(evidence, intervention, "other"), lenders["other"]),
        Loans(1, _pulled(evidence, intervention), lenders["other"]),
    )


def variants(evidence: Evidence, intervention: str, kind: str) -> list[str]:
    """Those in which pictures were given the property of donors of that kind."""
    there = [(name, read_variant(name)) for name in evidence.variants(intervention)]
    return [name for name, variant in there if variant.kind == kind and variant.number is not None]


def donors(evidence: Evidence, intervention: str) -> Iterator[tuple[Answered, Floats]]:
    """The answers under each donor of another class, and (n,) the class of its picture."""
    for variant in variants(evidence, intervention, "other"):
        number = read_variant(variant).number
        yield evidence.answered(intervention, variant), note(evidence, intervention, f"donor class {number}")


def lenders_of(evidence: Evidence, intervention: str, kind: str) -> NDArray[np.int64]:
    """(V, n), as `variants` orders them: the sample that each donor is, or the cluster that it belongs to."""
    names = [f"donor of {variant}" for variant in variants(evidence, intervention, kind)]
    numbers = _stacked(evidence, [note(evidence, intervention, name) for name in names])
    samples = np.nan_to_num(numbers, nan=0).astype(np.int64)
    return samples if evidence.cluster_of is None else np.unique(evidence.cluster_of, return_inverse=True)[1][samples]


def _kept(evidence: Evidence, intervention: str, kind: str) -> Floats:
    """(V, n) 1 where the answer is the label."""
    answers = [evidence.answered(intervention, variant) for variant in variants(evidence, intervention, kind)]
    kept = [np.where(answer.asked, answer.predicted == evidence.class_index, np.nan) for answer in answers]
    return _stacked(evidence, kept)


def _pulled(evidence: Evidence, intervention: str) -> Floats:
    """(V, n) by which the answer goes to the class of the donor; 0 on average where it goes nowhere."""
    pulls = []
    for answered, donor in donors(evidence, intervention):
        to_donor = answered.predicted == donor
        astray = ~to_donor & (answered.predicted != evidence.class_index)
        pull = to_donor - astray / max(1, evidence.classes - 2)
        pulls.append(np.where(answered.asked & np.isfinite(donor), pull, np.nan))
    return _stacked(evidence, pulls)


def _stacked(evidence: Evidence, rows: Sequence[Floats]) -> Floats:
    return np.stack(rows) if rows else np.empty((0, evidence.n))
