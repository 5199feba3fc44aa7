"""Did the network answer alike when it was asked again?"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.record.experiment_readers import read_repeats
from audit.record.record import Record
from audit.record.schema import AGAIN, OTHERWISE, REPEATED
from checks.table.evidence import Evidence

OF_ROUNDING = 0.1
"""Log-odds by which answers may differ between batches and memory layouts: at most 2.5 points of probability."""
ON_OTHER_DEVICES = 0.01
"""Log-odds by which answers to the same batch may differ on a device that adds in any order."""


def not_repeated(table: Evidence, record: Record) -> dict[str, Any]:
    """How many pictures were to be asked about again, and of how many it was `done`; empty where that is all."""
    promised = _promised(record, table.total)
    repeats = read_repeats(record)
    plain = [repeats.sample[~repeats.altered & (repeats.way == way)] for way in (AGAIN, OTHERWISE)]
    wanted = table.sample[promised[table.sample]]
    done = np.isin(wanted, plain[0]) & np.isin(wanted, plain[1])
    if promised.sum() < min(REPEATED, table.sample.max() + 1) or not done.all():
        return {"done": int(done.sum()), "pictures": max(len(wanted), min(REPEATED, table.n))}
    return {}


def _promised(record: Record, total: int) -> NDArray[np.bool_]:
    """(total,) the samples of the batches that were drawn, as the record states them."""
    promised = np.zeros(total, bool)
    for drawn in record.identity().get("repeated") or []:
        promised[slice(*drawn)] = True
    return promised


def different_answers(record: Record) -> dict[str, Any]:
    """The `way` of asking again that changed answers, to how many `pictures` and by how much; empty where none did."""
    repeats = read_repeats(record)
    for way, tolerance in tolerances(record).items():
        asked = repeats.way == way
        differs = asked & ~(repeats.deviation <= tolerance)
        if differs.any():
            apart = repeats.deviation[differs]
            return {
                "way": way,
                "pictures": len(np.unique(repeats.sample[differs])),
                "of": len(np.unique(repeats.sample[asked])),
                "apart": float(np.nanmax(apart)) if np.isfinite(apart).any() else None,
                "tolerance": tolerance,
                "first": int(repeats.sample[differs].min()),
            }
    return {}


def tolerances(record: Record) -> dict[str, float]:
    """Log-odds by which answers to the same pixels may differ, by the way of asking again."""
    return {AGAIN: 0.0 if record.identity().get("device") == "cpu" else ON_OTHER_DEVICES, OTHERWISE: OF_ROUNDING}
