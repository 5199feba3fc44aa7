"""What becomes of one batch, wherever it is measured: here, in another process, or on another machine."""

import json
import math
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit.engine.plan import Plan
from audit.engine.shown_samples import ShownSamples
from audit.models.pass_counter import Passes
from audit.record.row_text import packed_rows, unpacked_rows
from audit.record.schema import MetaRow, Rows
from audit.settings import Settings

AUC, AT_ONCE = "auc", "at once"


@dataclass(frozen=True, eq=False)
class MeasuredBatch:
    """The rows of one range of samples, and what decides which of them the gallery shows."""

    numbers: range
    rows: Rows
    """For the record. Its small pictures are those of all samples that may be shown."""
    auc: Mapping[int, float]
    """As `Measured` has it."""
    at_once: int
    """Pictures that went through the network at once."""

    @property
    def passes(self) -> int:
        """Forward and backward."""
        return sum(row.forward + row.backward for row in self.rows.get("passes", ()))

    def shown(self, members: Collection[int]) -> Rows:
        """The rows with the small pictures of these samples alone."""
        return {**self.rows, "thumbnail": [row for row in self.rows.get("thumbnail", ()) if row.sample in members]}

    def packed(self) -> bytes:
        """As bytes that are read without running anything."""
        auc = [[number, None if math.isnan(value) else value] for number, value in self.auc.items()]
        beside = [MetaRow(AUC, json.dumps(auc)), MetaRow(AT_ONCE, json.dumps(self.at_once))]
        return packed_rows({**self.rows, "meta": beside})


def unpacked(numbers: range, packed: bytes) -> MeasuredBatch:
    """The batch of these samples. Raises ValueError, TypeError or LookupError where the bytes are none of it."""
    rows = unpacked_rows(packed)
    beside = {row.key: json.loads(row.value) for row in rows.pop("meta")}
    auc = {int(number): math.nan if value is None else float(value) for number, value in beside[AUC]}
    excluded = [row.sample for row in rows.get("exclusion", ()) if row.sample is not None]
    if sorted([*excluded, *(row.sample for row in rows.get("picture", ()))]) != list(numbers) or not auc.keys() <= set(
        numbers
    ):
        raise ValueError("rows of other samples")
    return MeasuredBatch(numbers, rows, auc, int(beside[AT_ONCE]))


Source = Callable[[Sequence[range], Passes, ShownSamples], Generator[MeasuredBatch, None, None]]
"""Yields the measured batches of ranges of samples in their order. It gets a copy of what is shown before the first."""


@dataclass(frozen=True, eq=False)
class Job:
    """What an engine gets before the record is made."""

    plan: Plan
    entries: Mapping[str, Any]
    """Of the record's identity."""
    settings: Settings
    """As they were given, before anything that the model cannot do was left out."""
    device: str


Engine = Callable[[Job], Source]
"""What measures the pictures of a job. Raises AuditError where it cannot."""
