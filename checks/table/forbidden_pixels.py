"""Forbidden pixels, as the record states them: how much of each picture they are, and of each map."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audit.record.map_readers import ForbiddenShares
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


def forbidden_by_source(shares: ForbiddenShares, number: Ints) -> Forbidden | None:
    """The record's shares by source; None where there is none. number: (n,) of the measured samples, rising."""
    if not len(shares.sample):
        return None
    known, place = np.isin(shares.sample, number), np.searchsorted(number, shares.sample)
    area = np.full(len(number), np.nan)
    area[place[known]] = shares.area_share[known]
    mass: dict[str, Floats] = {}
    for start, end in runs(shares.source):
        rows = start + np.flatnonzero(known[start:end])
        column = mass[str(shares.source[start])] = np.full(len(number), np.nan)
        column[place[rows]] = shares.mass[rows]
    return Forbidden(area, mass)
