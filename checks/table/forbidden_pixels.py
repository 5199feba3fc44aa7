"""Forbidden pixels, as the record states them: how much of each picture they are, and of each map."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audit.record.record import Record
from checks.table.answers import Floats, Ints, runs


@dataclass(frozen=True, eq=False)
class Forbidden:
    """Over all n pictures, of which some have forbidden pixels."""

    area: Floats
    """(n,) their share of the frame, which is chance for the mass; NaN where a picture has none."""
    mass: Mapping[str, Floats]
    """By source: (n,) the share of the relevance on them; NaN where there are none or the map is dead."""

    @property
    def there(self) -> NDArray[np.bool_]:
        """(n,) the picture has forbidden pixels."""
        return np.isfinite(self.area)

    def among(self, place: Ints) -> "Forbidden":
        """The same for the pictures at these places alone."""
        return Forbidden(self.area[place], {source: mass[place] for source, mass in self.mass.items()})


def read_forbidden(record: Record, number: Ints) -> Forbidden | None:
    """The table `forbidden`; None where it is empty. number: (n,) of the measured samples, rising."""
    found = record.columns("SELECT source, sample, area_share, mass FROM forbidden ORDER BY 1, 2")
    if not len(found["sample"]):
        return None
    sample, source = found["sample"].astype(np.int64), found["source"]
    known, place = np.isin(sample, number), np.searchsorted(number, sample)
    area, mass = (found[name].astype(np.float64) for name in ("area_share", "mass"))
    shares = np.full(len(number), np.nan)
    shares[place[known]] = area[known]
    by_source: dict[str, Floats] = {}
    for start, end in runs(source):
        rows = start + np.flatnonzero(known[start:end])
        column = by_source[str(source[start])] = np.full(len(number), np.nan)
        column[place[rows]] = mass[rows]
    return Forbidden(shares, by_source)
