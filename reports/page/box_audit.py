"""The label audit on the page: the most suspicious boxes with their pictures, and charts of all of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup

from reports.charts import box_shapes
from reports.result.assessment import Assessment
from reports.result.box_table import read_boxes
from reports.result.boxes import BoxSpread, BoxSuspicion
from reports.result.rows import Row

MOST_SHOWN, MOST_NAMED = 6, 60
_PLURALS = {"box": "boxes", "pair": "pairs", "picture": "pictures"}


class Suspect(NamedTuple):
    """One sample with a suspicious box."""

    sample: int
    image: str
    label: str
    boxes: tuple[tuple[float, float, float, float], ...]
    """In the frame of the network's input."""
    reason: str


@dataclass(frozen=True)
class Suspicion:
    """One kind of suspicious boxes."""

    title: str
    about: str
    count: int
    counted: str
    """With what is counted: '2 boxes'."""
    shown: tuple[Suspect, ...]
    """The most suspicious first."""
    named: tuple[Suspect, ...]
    rest: int
    """The number of samples neither shown nor named."""


@dataclass(frozen=True)
class LabelAudit:
    """What the page says of the boxes."""

    boxes: int
    pictures: int
    spreads: tuple[BoxSpread, ...]
    charts: tuple[tuple[str, Markup], ...]
    suspicions: tuple[Suspicion, ...]


def label_audit(assessment: Assessment) -> LabelAudit | None:
    """The audit of the measured samples' boxes; None where there is none."""
    labels = assessment.audit.labels
    if labels is None:
        return None
    boxes = read_boxes(assessment.record)
    rows = {row.sample: row for row in assessment.audit.samples}
    return LabelAudit(
        boxes=labels.boxes,
        pictures=labels.pictures,
        spreads=labels.spreads,
        charts=box_shapes.box_charts(boxes.share, boxes.centre, boxes.aspect),
        suspicions=tuple(_suspicion(suspicion, rows) for suspicion in labels.suspicions),
    )


def _suspicion(suspicion: BoxSuspicion, rows: Mapping[int, Row]) -> Suspicion:
    count, samples = len(suspicion.suspects), {suspect.sample for suspect in suspicion.suspects}
    suspects: dict[int, Suspect] = {}
    for suspect in suspicion.suspects:
        number = suspect.sample
        if number not in suspects and len(suspects) < MOST_SHOWN + MOST_NAMED:
            row = rows[number]
            suspects[number] = Suspect(number, row.image, row.label, row.boxes, suspect.reason)
    first = tuple(suspects.values())
    return Suspicion(
        title=suspicion.title,
        about=suspicion.about,
        count=count,
        counted=f"{count:,} {suspicion.noun if count == 1 else _PLURALS[suspicion.noun]}",
        shown=first[:MOST_SHOWN],
        named=first[MOST_SHOWN:],
        rest=len(samples) - len(first),
    )
