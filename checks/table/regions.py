"""The regions that searches proposed since they tell the label, as the record states them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.datasets.sample import Box

OUTSIDE, ON_OBJECTS = "telling_regions", "telling_object_regions"
NOUNS = {OUTSIDE: "region", ON_OBJECTS: "object region"}
"""By search, what its regions are called: the swap of the first is named 'NOUN 1' in the record."""
MOST_REGIONS = 100


class Region(NamedTuple):
    """A part of a frame in which the data give the label away, as far as the search could tell.

    The frame is the picture, or where the search looked on objects the smallest box around those of each picture.
    """

    name: str
    """Of its swap in the record."""
    box: Box
    """x0, y0, x1, y1 around it, as shares of the frame."""
    area: float
    """Share of the frame that it covers."""
    told_by: float
    """Share of the frame that tells the label as well; more than `area` where it is too much for a place."""
    share: float
    """Of the nearest neighbours in what it looks like, those that bear the label."""
    chance: float
    telling: bool
    """For certain."""
    classes: tuple[str, ...]
    """Those that it tells from the rest, for certain."""


class Regions(NamedTuple):
    """What the search left."""

    pictures: NDArray[np.int64]
    """The numbers of the samples that were looked at."""
    regions: tuple[Region, ...]
    """The most telling first."""


def read_regions(search: str, identity: Mapping[str, Any]) -> Regions | None:
    """None where the search was not made. Raises KeyError, TypeError or ValueError where the entry is broken."""
    stated = identity.get(search)
    if stated is None:
        return None
    if len(stated["regions"]) > MOST_REGIONS:
        raise ValueError(f"{len(stated['regions']):,} regions")
    regions = tuple(_region(NOUNS[search], entry) for entry in stated["regions"])
    return Regions(np.array(stated["pictures"], dtype=np.int64), regions)


def _region(noun: str, entry: Mapping[str, Any]) -> Region:
    x0, y0, x1, y1 = map(float, entry["box"])
    return Region(
        name=f"{noun} {int(entry['id'])}",
        box=(x0, y0, x1, y1),
        area=float(entry["area"]),
        told_by=float(entry["told_by"]),
        share=float(entry["share"]),
        chance=float(entry["chance"]),
        telling=bool(entry["telling"]),
        classes=tuple(map(str, entry["classes"])),
    )
