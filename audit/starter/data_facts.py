"""The facts of a data set as values: `reports/wording/starter.py` makes the sentences."""

from dataclasses import dataclass

from audit.inspection.findings import Inspection


@dataclass(frozen=True)
class Column:
    """One column of the metadata."""

    name: str
    values: int
    """How many different ones there are."""


@dataclass(frozen=True)
class DataFacts:
    """What a data set can show."""

    samples: int
    missing: int
    """Samples whose picture is not there."""
    masked: int
    """Samples whose objects have masks."""
    measured: int
    """Samples of which the share of the picture that their boxes cover is known."""
    box_shares: tuple[float, ...]
    """The quartiles of these shares; none where no sample has a box."""
    covering: int
    """Samples whose boxes cover more than `most_box_share`."""
    most_box_share: float
    columns: tuple[Column, ...]
    inspection: Inspection | None
    """Of some of the samples; None where there was nothing to compare."""
