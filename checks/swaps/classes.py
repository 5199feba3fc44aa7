"""A swap judged a class at a time: a cue of one class drowns in numbers that are pooled over all."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.holm import holm
from checks.statistics.pull import Lent, Pull, pull_of
from checks.swaps.loans import lenders_of, note, variants
from checks.table.evidence import Evidence, Floats
from checks.table.variants import KINDS, read_variant
from checks.verdict import Details


class ClassPull(NamedTuple):
    """What the property of one class does to its logit in pictures of the others."""

    class_index: int
    label: str
    pull: Pull
    p: float
    """Adjusted over the classes (Holm)."""
    certain: bool
    """There is a pull, with the confidence of the bounds."""


def class_pulls(evidence: Evidence, intervention: str) -> tuple[ClassPull, ...]:
    """Of the classes with pictures and lenders enough, by class index. The predictions need not be right."""
    given = [(kind, name) for kind in KINDS for name in variants(evidence, intervention, kind)]
    if not given or not evidence.logit_classes:
        return ()
    logits = np.stack([evidence.logits(intervention, name) for _, name in given])
    of = np.stack([_class_of(evidence, intervention, kind, name) for kind, name in given])
    lender = np.concatenate([lenders_of(evidence, intervention, kind) for kind in KINDS])
    pulls = list(_pulls(evidence, logits, of, lender))
    adjusted = holm([pull.p for _, pull in pulls]).tolist()
    labels = dict(zip(evidence.class_index.tolist(), evidence.label.tolist(), strict=True))
    return tuple(
        ClassPull(index, str(labels.get(index, index)), pull, p, p <= 1 - evidence.confidence)
        for (index, pull), p in zip(pulls, adjusted, strict=True)
    )


def _share_of_evidence(pulls: Sequence[ClassPull]) -> float | None:
    """The share that the property brings of the evidence for all these classes together; None where there is none."""
    pull, rest = math.fsum(each.pull.pull for each in pulls), math.fsum(each.pull.rest for each in pulls)
    return pull / (pull + rest) if pull + rest > 0 else None


def class_details(evidence: Evidence, pulls: Sequence[ClassPull]) -> Details:
    """The classes, the most certain first, and how many there are in the data."""
    most_certain_first = sorted(pulls, key=lambda each: (each.p, -each.pull.share))
    return {
        "share_of_evidence": _share_of_evidence(pulls),
        "classes": [
            {
                "label": each.label,
                "share": each.pull.share,
                "lower": each.pull.bounds.lower,
                "upper": each.pull.bounds.upper,
                "p": each.p,
                "certain": each.certain,
                "pictures": each.pull.pictures,
                "lenders": each.pull.lenders,
            }
            for each in most_certain_first
        ],
        "of_classes": len(np.unique(evidence.class_index)),
    }


def _pulls(
    evidence: Evidence, logits: NDArray[np.float32], of: Floats, lender: NDArray[np.int64]
) -> Iterator[tuple[int, Pull]]:
    """logits: (V, n, J). of: (V, n) the donor's class. lender: (V, n)."""
    whose = evidence.sample if evidence.cluster is None else evidence.cluster
    unit = np.unique(whose, return_inverse=True)[1]
    for place, index in enumerate(evidence.logit_classes):
        known = np.where(np.isfinite(of), logits[:, :, place], np.nan).astype(np.float64)
        pull = pull_of(Lent(known, of == index, lender, evidence.class_index == index, unit), evidence.confidence)
        if pull:
            yield index, pull


def _class_of(evidence: Evidence, intervention: str, kind: str, variant: str) -> Floats:
    """(n,) the class whose property each picture was given; NaN where it was given none."""
    if kind == "same":
        return evidence.class_index.astype(np.float64)
    return note(evidence, intervention, f"donor class {read_variant(variant).number}")
