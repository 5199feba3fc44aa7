"""The label audit as values: what `audit.json` says of the boxes."""

from pydantic import Field

from audit.record.record import Record
from checks.verdict import Frozen
from reports.page.box_audit import Boxes, Kind, kinds, read_boxes, spreads


class BoxSpread(Frozen):
    """One quantity of the boxes."""

    quantity: str
    low: float = Field(description="the 5 % quantile")
    median: float
    high: float = Field(description="the 95 % quantile")


class SuspectBox(Frozen):
    """One box that is worth a look."""

    sample: int
    box: tuple[float, float, float, float] = Field(description="x0, y0, x1, y1 in pixels of the picture, half-open")
    said: str


class BoxSuspicion(Frozen):
    """One kind of suspicion, with every box that it falls on; of a pair the second, of a picture the first."""

    title: str
    about: str
    suspects: tuple[SuspectBox, ...] = Field(description="the most suspicious first")


class Labels(Frozen):
    """The boxes themselves. A suspicion is a reason to look, and no part of the verdict."""

    boxes: int
    pictures: int
    spreads: tuple[BoxSpread, ...]
    suspicions: tuple[BoxSuspicion, ...] = Field(description="one for each kind, also where no box is suspicious")


def label_values(record: Record) -> Labels | None:
    """The audit of the measured samples' boxes; None where there is none."""
    boxes = read_boxes(record)
    if not len(boxes.sample):
        return None
    return Labels(
        boxes=len(boxes.sample),
        pictures=len(set(boxes.file.tolist())),
        spreads=tuple(BoxSpread(quantity=s.quantity, low=s.low, median=s.median, high=s.high) for s in spreads(boxes)),
        suspicions=tuple(_suspicion(kind, boxes) for kind in kinds(boxes)),
    )


def _suspicion(kind: Kind, boxes: Boxes) -> BoxSuspicion:
    samples, corners = boxes.sample[kind.rows].tolist(), boxes.corners[kind.rows].tolist()
    suspects = tuple(
        SuspectBox(sample=sample, box=tuple(box), said=said)
        for sample, box, said in zip(samples, corners, kind.said, strict=True)
    )
    return BoxSuspicion(title=kind.title, about=kind.about, suspects=suspects)
