"""The whole inspection: samples in, and out comes how well each quantity tells their label."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from audit.datasets.exclusions import Exclusion
from audit.datasets.picture_root import Images
from audit.datasets.sample import Sample
from audit.engine.progress import PICTURES, QUANTITIES, Progress
from audit.errors import AuditError
from audit.inspection.counting import LEVEL, SEED, counted, findings
from audit.inspection.findings import Copies, Inspection
from audit.inspection.independence import copies, joined, same_key
from audit.inspection.neighbours import Ints, how_many
from audit.inspection.readings import Readings, read_pictures
from audit.phrases import count


def inspect(
    folder: Images,
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
    entries = []
    for key in sorted(readings.columns, key=lambda key: (key[0], key[1].name)):
        column = readings.columns[key]
        used = column.used[readings.read]
        entries.append(counted(key, column.numbers(SEED), label[used], group[used], words, k))
        progress(len(entries), len(readings.columns), QUANTITIES, len(entries) / len(readings.columns))
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
        findings=findings(entries),
        boxed=any(sample.boxes for sample in kept),
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
    group = joined(len(kept), [*ties, alike])
    if not len(alike[0]):
        return group, None
    example = kept[int(alike[1][0])].image, kept[int(alike[0][0])].image
    return group, Copies(len(np.unique(np.concatenate(alike))), example)
