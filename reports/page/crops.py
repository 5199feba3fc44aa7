"""The crops of candidates for a cue, as the page shows them."""

from audit.record.experiment_readers import read_crops
from audit.record.record import Record
from reports.page import images

MOST_CROPS = 4
"""Most crops of a candidate on the page; the record holds more."""


def crops(record: Record) -> dict[int, tuple[str, ...]]:
    """Data URIs of each candidate's first crops, by its number; 0 is an example of a stamped picture of the control."""
    by_cue: dict[int, tuple[str, ...]] = {}
    for crop in read_crops(record):
        shown = by_cue.setdefault(crop.cue, ())
        if len(shown) < MOST_CROPS:
            by_cue[crop.cue] = (*shown, images.small(crop.encoded))
    return by_cue
