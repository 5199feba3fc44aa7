"""The label audit as values: what `audit.json` says of the boxes."""

import numpy as np
from pydantic import Field

from checks.frozen import Frozen
from reports.result.box_suspicions import Suspicion, suspicions
from reports.result.box_table import Boxes


class BoxSpread(Frozen):
    """One quantity of the boxes."""

    quantity: str
    kind: str = Field(description="'share' or 'ratio'")
    low: float = Field(description="the 5 % quantile")
    median: float
    high: float = Field(description="the 95 % quantile")


class SuspectBox(Frozen):
    """One box that is worth a look."""

    sample: int
    box: tuple[float, float, float, float] = Field(description="x0, y0, x1, y1 in pixels of the picture, half-open")
    reason: str = Field(description="what is odd about it, in a few words")


class BoxSuspicion(Frozen):
    """One kind of suspicion, with every box that it falls on; of a pair the second, of a picture the first."""

    title: str
    about: str
    noun: str = Field(description="what is counted: 'box', 'pair' or 'picture'")
    suspects: tuple[SuspectBox, ...] = Field(description="the most suspicious first")


class Labels(Frozen):
    """The boxes themselves. A suspicion is a reason to look, and no part of the verdict."""

    boxes: int
    pictures: int
    spreads: tuple[BoxSpread, ...]
    suspicions: tuple[BoxSuspicion, ...] = Field(description="one for each kind, also where no box is suspicious")


def label_values(boxes: Boxes) -> Labels | None:
    """The audit of the measured samples' boxes; None where there is none."""
    if not len(boxes.sample):
        return None
    return Labels(
        boxes=len(boxes.sample),
        pictures=len(set(boxes.file.tolist())),
        spreads=spreads(boxes),
        suspicions=tuple(_suspicion(suspicion, boxes) for suspicion in suspicions(boxes)),
    )


def spreads(boxes: Boxes) -> tuple[BoxSpread, ...]:
    """Size, shape and place of the boxes, in a few numbers."""
    quantities = (
        ("Share of the picture", "share", boxes.share),
        ("Width by height", "ratio", boxes.aspect),
        ("Centre, from the left", "share", boxes.centre[:, 0]),
        ("Centre, from the top", "share", boxes.centre[:, 1]),
    )
    spread = []
    for quantity, kind, values in quantities:
        low, median, high = np.quantile(values, (0.05, 0.5, 0.95)).tolist()
        spread.append(BoxSpread(quantity=quantity, kind=kind, low=low, median=median, high=high))
    return tuple(spread)


def _suspicion(suspicion: Suspicion, boxes: Boxes) -> BoxSuspicion:
    samples, corners = boxes.sample[suspicion.rows].tolist(), boxes.corners[suspicion.rows].tolist()
    suspects = tuple(
        SuspectBox(sample=sample, box=tuple(box), reason=reason)
        for sample, box, reason in zip(samples, corners, suspicion.reasons, strict=True)
    )
    return BoxSuspicion(title=suspicion.title, about=suspicion.about, noun=suspicion.noun, suspects=suspects)
