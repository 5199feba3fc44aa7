"""What the page is made of: a record, its table, and which methods' maps are evidence."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.datasets.sample import Box
from audit.record.record import Record
from audit.record.sample_readers import Pictures, Samples, read_exclusions, read_pictures, read_samples
from audit.record.schema import ExclusionRow
from checks.apply import apply
from checks.conclude import VALIDITY, taken_out
from checks.judge import limits_of
from checks.table.evidence import Evidence
from checks.table.read_evidence import read_evidence
from reports.result.build import identity
from reports.result.schema import Identity
from reports.result.summary import class_name

NO_PROFILE = "default"
"""Whose limits say what a miss is where the record holds none, as one that `measure` alone made."""


@dataclass(frozen=True, eq=False)
class Exploration:
    """The N samples of the page: those of the data set by their numbers, then those that never got one."""

    record: Record
    table: Evidence
    identity: Identity
    numbered: Samples
    pictures: Pictures
    """Those of the table."""
    excluded: tuple[ExclusionRow, ...]
    taken_out: frozenset[str]
    """Methods whose maps are no evidence."""

    @cached_property
    def unnumbered(self) -> tuple[ExclusionRow, ...]:
        """Those that were excluded before samples were numbered."""
        return tuple(row for row in self.excluded if row.sample is None)

    @cached_property
    def exclusion(self) -> dict[int, ExclusionRow]:
        """By place on the page."""
        places = {int(number): place for place, number in enumerate(self.numbered.number)}
        known = {places[row.sample]: row for row in self.excluded if row.sample is not None and row.sample in places}
        return known | dict(enumerate(self.unnumbered, len(self.numbered.number)))

    @property
    def count(self) -> int:
        """N."""
        return len(self.numbered.number) + len(self.unnumbered)

    @cached_property
    def measured(self) -> NDArray[np.int64]:
        """(n,) the places of the measured samples, rising, in the order of the table."""
        return np.searchsorted(self.numbered.number, self.table.sample)

    def over_all(self, column: NDArray[Any], missing: Any) -> NDArray[Any]:
        """(N,) of a column (n,) of the table; `missing` for samples that were not measured."""
        whole = np.full(self.count, missing, dtype=column.dtype)
        whole[self.measured] = column
        return whole

    @cached_property
    def frame_boxes(self) -> dict[int, tuple[Box, ...]]:
        """By place: the boxes of a measured sample, in pixels of the frame."""
        return dict(zip(self.measured.tolist(), self.pictures.frame_boxes, strict=True))

    def class_name(self, index: int) -> str:
        return class_name(self.identity.classes, index)


def explored(record: Record) -> Exploration:
    """Read a record. Nothing of it is judged but whose maps are evidence, by its own limits or the default ones.

    Raises AuditError where the record cannot be read.
    """
    table = read_evidence(record, limits_of(record, None if record.has("profile") else NO_PROFILE))
    judged = [apply(table, VALIDITY)] if VALIDITY in table.profile.rules else []
    return Exploration(
        record,
        table,
        identity(record),
        read_samples(record),
        read_pictures(record),
        read_exclusions(record),
        frozenset(taken_out(judged)),
    )
