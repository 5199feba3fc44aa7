"""The record in a few numbers: a mean for each source and each class. Both the page and `audit.json` show them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from audit.datasets.exclusions import by_scope
from checks.frozen import Frozen
from checks.table.evidence import Evidence, Floats


class SourceSummary(Frozen):
    """Means over the pictures for which a source made a map that is not dead."""

    source: str = Field(description="label of a saliency method or a null map")
    kind: str = Field(description="'method' or 'null map'")
    n: int = Field(description="maps that the means rest on")
    dead: int = Field(description="maps that are zero everywhere or not finite; counted, never averaged")
    area_share: float | None = Field(description="mean area share of the boxes on these pictures: chance for the mass")
    mass: float | None = Field(description="mean relevance mass inside the boxes")
    lift: float | None = Field(description="mean of mass / area share; chance is 1")
    rank: float | None = Field(description="mean relevance rank accuracy; chance is the area share")
    pointing: float | None = Field(description="share of pictures whose maximum lies in a box")
    auc: float | None = Field(description="mean localisation AUC; chance is 0.5")


class ClassSummary(Frozen):
    """One class as the first saliency method whose maps are evidence sees it."""

    class_index: int
    name: str
    n: int = Field(description="pictures measured")
    right: int = Field(description="of them, predicted right")
    scored: int = Field(description="of them, with a map that is not dead")
    area_share: float | None = Field(description="mean area share on the scored pictures")
    mass: float | None = Field(description="mean relevance mass on the scored pictures")
    auc: float | None = Field(description="mean localisation AUC on the scored pictures")
    wrong_reason: int | None = Field(
        description="pictures predicted right although the evidence does not lie on the object; null where no method's"
        " maps are evidence"
    )


class Counts(Frozen):
    """How many samples there are, and what became of them."""

    total: int = Field(description="samples in the data set")
    measured: int
    excluded: int = Field(description="for a defect")
    outside_scope: int = Field(description="left out by the settings, which state beforehand what the audit speaks of")
    right: int = Field(description="measured pictures that were predicted right")
    accuracy: float | None
    complete: bool = Field(description="no sample was left unread; false where the run was broken off")


def counts(evidence: Evidence) -> Counts:
    """What became of the samples."""
    right = int(evidence.right.sum())
    defects, outside = by_scope(evidence.exclusions)
    return Counts(
        total=evidence.total,
        measured=evidence.n,
        excluded=len(defects),
        outside_scope=len(outside),
        right=right,
        accuracy=right / evidence.n if evidence.n else None,
        complete=evidence.complete,
    )


def usable(evidence: Evidence, source: str) -> NDArray[np.bool_]:
    """(n,) the source made a map here that can be scored."""
    return np.asarray(evidence.living(source) & np.isfinite(evidence.scores[source]["mass"]))


def source_summaries(evidence: Evidence) -> tuple[SourceSummary, ...]:
    """One for each method, then one for each null map, in the settings' order."""
    kinds = [(label, "method") for label in evidence.methods] + [(label, "null map") for label in evidence.null_maps]
    return tuple(_source(evidence, label, kind) for label, kind in kinds)


def _source(evidence: Evidence, source: str, kind: str) -> SourceSummary:
    chosen = usable(evidence, source)
    means = {measure: mean(values[chosen]) for measure, values in evidence.scores[source].items()}
    return SourceSummary(
        source=source,
        kind=kind,
        n=int(chosen.sum()),
        dead=int(evidence.dead[source].sum()),
        area_share=mean(evidence.area_share[chosen]),
        **means,
    )


def class_summaries(evidence: Evidence, method: str | None, names: Sequence[str]) -> tuple[ClassSummary, ...]:
    """One for each class that has pictures, in the order of the class indices.

    method: None where no map is evidence.
    """
    if not evidence.n:
        return ()
    nothing = np.zeros(evidence.n, bool)
    chosen, wrong = (usable(evidence, method), evidence.right & evidence.miss(method)) if method else (nothing, nothing)
    scores = evidence.scores[method] if method else dict.fromkeys(("mass", "auc"), np.full(evidence.n, np.nan))
    present, place = np.unique(evidence.class_index, return_inverse=True)

    def total(values: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(place, weights=values, minlength=len(present)).astype(np.int64)

    def averages(values: Floats) -> list[float | None]:
        good = chosen & np.isfinite(values)
        held = np.bincount(place[good], minlength=len(present))
        added = np.bincount(place[good], weights=values[good], minlength=len(present))
        return [float(a / h) if h else None for a, h in zip(added, held, strict=True)]

    columns = zip(
        present.tolist(),
        np.bincount(place).tolist(),
        total(evidence.right).tolist(),
        total(chosen).tolist(),
        averages(evidence.area_share),
        averages(scores["mass"]),
        averages(scores["auc"]),
        total(wrong).tolist(),
        strict=True,
    )
    return tuple(
        ClassSummary(
            class_index=index,
            name=class_name(names, index),
            n=n,
            right=right,
            scored=scored,
            area_share=area,
            mass=mass,
            auc=auc,
            wrong_reason=missed if method else None,
        )
        for index, n, right, scored, area, mass, auc, missed in columns
    )


def class_name(names: Sequence[str], index: int) -> str:
    """The model's name for a class; its number where the record has none."""
    return names[index] if 0 <= index < len(names) else f"class {index}"


def mean(values: Floats) -> float | None:
    """The mean of the finite values; None where there is none."""
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else None
