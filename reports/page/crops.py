"""The crops of candidates for a cue, as the page shows them."""

from audit.record.record import Record
from reports.page import images

MOST_CROPS = 4
"""Of a candidate, on the page; the record holds more."""


def crops(record: Record) -> dict[int, tuple[str, ...]]:
    """Data URIs of each candidate's first crops, by its number; 0 is an example of a stamped picture of the control."""
    columns = record.columns("SELECT cue, number, png FROM crop ORDER BY cue, number")
    shown: dict[int, tuple[str, ...]] = {}
    for cue, png in zip(columns["cue"].tolist(), columns["png"].tolist(), strict=True):
        first = shown.setdefault(int(cue), ())
        if len(first) < MOST_CROPS:
            shown[int(cue)] = (*first, images.small(png))
    return shown
