"""What a data set can show, as far as annotations and a look at its pictures say: no network is asked."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from audit.datasets.discover import Found
from audit.datasets.exclusions import Rejected
from audit.datasets.picture_files import read_header
from audit.datasets.sample import Sample
from audit.engine.look import looked_at
from audit.engine.progress import Progress
from audit.errors import AuditError
from audit.inspection.findings import Inspection
from audit.inspection.inspect import inspect
from audit.settings_run import RunTable
from audit.starter.data_facts import Column, DataFacts

MOST_MEASURED = 2_000
"""Samples whose pictures' sizes are read."""
MOST_INSPECTED = 200
"""Samples whose pictures are decoded."""


def facts_of(reading: Found, most_box_share: float, progress: Progress) -> DataFacts:
    """The facts of a reading. most_box_share: above it a sample is left out."""
    samples = reading.dataset.samples
    shares = np.array(sorted(_shares(_some(samples, MOST_MEASURED), reading.images)))
    quartiles = tuple(np.quantile(shares, (0.25, 0.5, 0.75)).tolist()) if len(shares) else ()
    return DataFacts(
        samples=len(samples),
        missing=len(samples) - reading.present,
        masked=sum(bool(sample.masks) for sample in samples),
        measured=len(shares),
        box_shares=quartiles,
        covering=int((shares > most_box_share).sum()),
        most_box_share=most_box_share,
        columns=tuple(_columns(samples)),
        inspection=_inspected(reading, progress),
    )


def _some(samples: Sequence[Sample], most: int) -> list[Sample]:
    """So many samples, the classes in turn; the same at each call."""
    labels = {label: number for number, label in enumerate(sorted({sample.label for sample in samples}))}
    return [sample for sample, _ in looked_at([(sample, labels[sample.label]) for sample in samples], most, 0)]


def _shares(samples: Sequence[Sample], images: Path) -> list[float]:
    """What share of its picture a sample's boxes cover, where both are known; what two boxes share counts twice."""
    shares = []
    for sample in samples:
        try:
            width, height = sample.size or read_header(sample.image, images).shown
        except Rejected:
            continue
        if sample.boxes and width and height:
            covered = sum(
                (min(x1, width) - max(x0, 0)) * (min(y1, height) - max(y0, 0)) for x0, y0, x1, y1 in sample.boxes
            )
            shares.append(min(max(covered / (width * height), 0.0), 1.0))
    return shares


def _columns(samples: Sequence[Sample]) -> list[Column]:
    """Those of the metadata that have several values, the fewest first."""
    names = sorted({name for sample in samples for name in sample.metadata})
    values = {name: len({sample.metadata.get(name, "") for sample in samples}) for name in names}
    return sorted(
        (Column(name, number) for name, number in values.items() if number > 1), key=lambda column: column.values
    )


def _inspected(reading: Found, progress: Progress) -> Inspection | None:
    """What `inspect` finds in some of the samples; None where they have one label or none can be read."""
    some = _some(reading.dataset.samples, MOST_INSPECTED)
    try:
        return inspect(reading.images, some, (), None, RunTable().workers, progress)
    except AuditError:
        return None
