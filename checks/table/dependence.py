"""Which pictures are not independent, as a record says it: by the column that the settings name, and as copies."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.errors import AuditError
from audit.record.dtypes import Ints
from audit.record.record import Record
from audit.record.sample_readers import Pictures, read_samples
from checks.table.copies import copy_groups, united


class Dependence(NamedTuple):
    """Columns of the evidence, under their names there."""

    copies: Ints
    cluster: NDArray[Any] | None
    cluster_column: str
    cluster_of: NDArray[Any] | None


def read_dependence(record: Record, pictures: Pictures) -> Dependence:
    """Of the measured pictures. Raises AuditError where a perceptual hash is broken."""
    try:
        copies = copy_groups(pictures.pixels_sha256, pictures.perceptual_hash)
    except ValueError as error:
        raise AuditError(
            record.path, f"is broken ({error})", "need a record as written by a run", "Run the audit again."
        ) from error
    settings = record.identity().get("settings") or {}
    column = str((settings.get("data") or {}).get("cluster") or "")
    if not column and len(np.unique(copies)) == len(copies):
        return Dependence(copies, None, "", None)
    samples = read_samples(record)
    place = np.searchsorted(samples.number, pictures.number)
    copied = copies.max(initial=0) + 1 + np.arange(len(samples.number))  # what was not measured is no copy
    copied[place] = copies
    stated = [np.array([str(entries.get(column, "")) for entries in samples.metadata], dtype=str)] if column else []
    cluster = united(copied, *stated)
    return Dependence(copies, cluster[place], column, cluster)
