"""What came of every background behind the objects, as the record tells it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from checks.statistics.crossed import Loans
from checks.table.answers import Answered
from checks.table.evidence import Evidence, Floats
from checks.table.variants import read_variant

INTERVENTION = "background_replaced"
KINDS = ("same", "other")


class Swap(NamedTuple):
    """What came of every background."""

    same: Loans
    """Backgrounds of the same class: 1 where the label is predicted, else 0."""
    other: Loans
    """Backgrounds of pictures without an object of the class, likewise."""
    pull: Loans
    """On the latter: 1 where their picture's class is predicted, less what each other wrong class has."""

    def among(self, chosen: NDArray[np.bool_]) -> "Swap":
        return Swap(*(part.among(chosen) for part in self))


def note(evidence: Evidence, name: str) -> Floats:
    """(n,) what the intervention noted beside its answers; NaN where it noted nothing."""
    return evidence.notes.get((INTERVENTION, name), np.full(evidence.n, np.nan))


def swapped(evidence: Evidence) -> Swap:
    lenders = {kind: _lenders(evidence, kind) for kind in KINDS}
    return Swap(
        Loans(1, _kept(evidence, "same"), lenders["same"]),
        Loans(-1, _kept(evidence, "other"), lenders["other"]),
        Loans(1, _pulled(evidence), lenders["other"]),
    )


def variants(evidence: Evidence, kind: str) -> list[str]:
    """Those on whose backgrounds of that kind pictures were put."""
    there = [(name, read_variant(name)) for name in evidence.variants(INTERVENTION)]
    return [name for name, variant in there if variant.kind == kind and variant.number is not None]


def _lenders(evidence: Evidence, kind: str) -> NDArray[np.int64]:
    """(V, n) the sample that lent each background, or the cluster that it belongs to."""
    numbers = _stacked(evidence, [note(evidence, f"donor of {v}") for v in variants(evidence, kind)])
    samples = np.nan_to_num(numbers, nan=0).astype(np.int64)
    return samples if evidence.cluster_of is None else np.unique(evidence.cluster_of, return_inverse=True)[1][samples]


def _kept(evidence: Evidence, kind: str) -> Floats:
    """(V, n) 1 where the answer is the label."""
    answers = [evidence.answered(INTERVENTION, variant) for variant in variants(evidence, kind)]
    kept = [np.where(answer.asked, answer.predicted == evidence.class_index, np.nan) for answer in answers]
    return _stacked(evidence, kept)


def _pulled(evidence: Evidence) -> Floats:
    """(V, n) by which the answer goes to the class of the background; 0 on average where it goes nowhere."""
    pulls = []
    for answered, donor in donors(evidence):
        to_donor = answered.predicted == donor
        astray = ~to_donor & (answered.predicted != evidence.class_index)
        pull = to_donor - astray / max(1, evidence.classes - 2)
        pulls.append(np.where(answered.asked & np.isfinite(donor), pull, np.nan))
    return _stacked(evidence, pulls)


def pull_of(evidence: Evidence) -> Floats:
    """(n,) by which the prediction goes to the class of the background, the mean over a picture's backgrounds."""
    return swapped(evidence).pull.each


def _stacked(evidence: Evidence, rows: Sequence[Floats]) -> Floats:
    return np.stack(rows) if rows else np.empty((0, evidence.n))


def donors(evidence: Evidence) -> Iterator[tuple[Answered, Floats]]:
    """The answers on each background of another class, and (n,) the class of its picture."""
    for variant in variants(evidence, "other"):
        yield evidence.answered(INTERVENTION, variant), note(evidence, f"donor class {read_variant(variant).number}")
