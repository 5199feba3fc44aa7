"""The whole inspection: samples in, and out comes how well each quantity tells their label."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.datasets.exclusions import Exclusion
from audit.datasets.sample import Sample
from audit.engine.progress import PICTURES, QUANTITIES, Progress
from audit.errors import AuditError
from audit.holm import holm, holm_level
from audit.inspection.chance import Tally, critical, tally
from audit.inspection.findings import ClassShare, Copies, Finding, Inspection, Quantity
from audit.inspection.independence import copies, joined, same_key
from audit.inspection.neighbours import Ints, how_many, neighbours
from audit.inspection.readings import Readings, read_pictures
from audit.phrases import count

LEVEL = 0.05
"""Chance of any false alarm: half of it for all classes together, half for single ones, each by Holm."""
FEWEST_OF_CLASS = 10
"""Members of a class that is looked at on its own."""
SEED = 0


class Counted(NamedTuple):
    """One quantity, before the others are known."""

    descriptor: str
    quantity: Quantity
    pooled: Tally
    classes: tuple[tuple[str, Tally], ...]
    """Those with members enough."""


def inspect(
    folder: Path,
    samples: Sequence[Sample],
    excluded: Iterable[Exclusion],
    cluster: str | None,
    workers: int,
    progress: Progress,
) -> Inspection:
    """What tells the labels of these samples, whose pictures lie below `folder`.

    cluster: the column of the metadata whose members are never each other's neighbours. Nor are samples of one picture
    or file, nor copies; what such a group has of one label counts once. Raises AuditError where the pictures that can
    be read have fewer than two labels.
    """
    ordered = sorted(samples, key=lambda sample: (sample.image, sample.label))
    plain = [_without(sample, cluster) for sample in ordered]
    readings = read_pictures(folder, plain, workers, lambda done, total: progress(done, total, PICTURES, done / total))
    kept = [sample for sample, read in zip(ordered, readings.read, strict=True) if read]
    exclusions = (*excluded, *readings.exclusions)
    _check_labels(kept, exclusions)
    words = sorted({sample.label for sample in kept})
    label = np.searchsorted(words, [sample.label for sample in kept])
    group, copied = _groups(kept, readings, label, cluster)
    k = how_many(label)
    counted = []
    for key in sorted(readings.columns, key=lambda key: (key[0], key[1].name)):
        column = readings.columns[key]
        used = column.used[readings.read]
        counted.append(_counted(key, column.numbers(SEED), label[used], group[used], words, k))
        progress(len(counted), len(readings.columns), QUANTITIES, len(counted) / len(readings.columns))
    return Inspection(
        samples=len(kept),
        pictures=len({sample.image for sample in kept}),
        labels=dict(Counter(sample.label for sample in kept).most_common()),
        cluster=cluster,
        independent=len(np.unique(group * len(words) + label)),
        copies=copied,
        exclusions=exclusions,
        neighbours=k,
        level=LEVEL,
        findings=_findings(counted),
    )


def _without(sample: Sample, column: str | None) -> Sample:
    return replace(sample, metadata={key: value for key, value in sample.metadata.items() if key != column})


def _check_labels(kept: Sequence[Sample], exclusions: Sequence[Exclusion]) -> None:
    labels = {sample.label for sample in kept}
    if len(labels) >= 2:
        return
    why = f"; {count(len(exclusions), 'sample')} excluded, first {exclusions[0].detail}" if exclusions else ""
    seen = f"all pictures have one label, {min(labels)!r}" if labels else "no picture can be read"
    raise AuditError("data", f"{seen}{why}", "need pictures of two labels to tell apart")


def _groups(kept: Sequence[Sample], readings: Readings, label: Ints, cluster: str | None) -> tuple[Ints, Copies | None]:
    """The group of each sample that was read, and which of them are copies."""
    chosen = np.flatnonzero(readings.read)
    ties = [
        same_key([sample.image for sample in kept]),
        same_key([readings.files[at] for at in chosen]),
        same_key([sample.metadata.get(cluster) if cluster else None for sample in kept]),
    ]
    alike = copies(readings.small[chosen], readings.hulls[chosen], label)
    pairs = [np.concatenate(ends) for ends in zip(*ties, alike, strict=True)]
    if not len(alike[0]):
        return joined(len(kept), *pairs), None
    example = kept[int(alike[1][0])].image, kept[int(alike[0][0])].image
    return joined(len(kept), *pairs), Copies(len(np.unique(np.concatenate(alike))), example)


def _counted(
    key: tuple[str, Quantity],
    values: NDArray[np.float32],
    label: Ints,
    group: Ints,
    words: Sequence[str],
    k: int,
) -> Counted:
    pooled, of_class = tally(neighbours(values, group, k, SEED), label, group, len(words), SEED)
    classes = [(word, one) for word, one in zip(words, of_class, strict=True) if one.n >= FEWEST_OF_CLASS]
    return Counted(*key, pooled, tuple(classes))


def _findings(counted: Sequence[Counted]) -> tuple[Finding, ...]:
    pooled = [entry.pooled for entry in counted]
    p = [one.p for one in pooled]
    limits = [critical(level, one) for level, one in zip(holm_level(p, LEVEL / 2).tolist(), pooled, strict=True)]
    columns = zip(counted, limits, holm(p).tolist(), _classes(counted), strict=True)
    return tuple(sorted((_finding(*row) for row in columns), key=lambda finding: (not finding.telling, -finding.told)))


def _finding(entry: Counted, limit: float | None, p: float, classes: tuple[ClassShare, ...]) -> Finding:
    return Finding(
        descriptor=entry.descriptor,
        quantity=entry.quantity,
        share=entry.pooled.share,
        chance=entry.pooled.chance,
        critical=limit,
        p=p,
        n=entry.pooled.n,
        classes=classes,
        pooled=p <= LEVEL / 2,
    )


def _classes(counted: Sequence[Counted]) -> list[tuple[ClassShare, ...]]:
    """Of each quantity the classes that it tells from the rest, the best told first."""
    single = [(at, word, one) for at, entry in enumerate(counted) for word, one in entry.classes]
    told: list[list[ClassShare]] = [[] for _ in counted]
    for (at, word, one), p in zip(single, holm([one.p for _, _, one in single]), strict=True):
        if p <= LEVEL / 2:
            told[at].append(ClassShare(word, one.share, one.chance, one.n))
    return [tuple(sorted(shares, key=lambda one: one.chance - one.share)) for shares in told]
