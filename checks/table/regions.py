"""The regions that a search proposed since they tell the label, as the record states them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.datasets.sample import Box

SEARCH = "telling_regions"
MOST_REGIONS = 100


class Region(NamedTuple):
    """A part of the frame in which the data give the label away, as far as the search could tell."""

    id: int
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

    @property
    def intervention(self) -> str:
        """The name of its swap in the record."""
        return f"region {self.id}"


class Regions(NamedTuple):
    """What the search left."""

    pictures: NDArray[np.int64]
    """The numbers of the samples that were looked at."""
    regions: tuple[Region, ...]
    """The most telling first."""


def read_regions(identity: Mapping[str, Any]) -> Regions | None:
    """None where no search was made. Raises KeyError, TypeError or ValueError where the entry is broken."""
    stated = identity.get(SEARCH)
    if stated is None:
        return None
    if len(stated["regions"]) > MOST_REGIONS:
        raise ValueError(f"{len(stated['regions']):,} regions")
    return Regions(np.array(stated["pictures"], dtype=np.int64), tuple(map(_region, stated["regions"])))


def _region(entry: Mapping[str, Any]) -> Region:
    x0, y0, x1, y1 = map(float, entry["box"])
    return Region(
        id=int(entry["id"]),
        box=(x0, y0, x1, y1),
        area=float(entry["area"]),
        told_by=float(entry["told_by"]),
        share=float(entry["share"]),
        chance=float(entry["chance"]),
        telling=bool(entry["telling"]),
        classes=tuple(map(str, entry["classes"])),
    )
