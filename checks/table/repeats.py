"""Did the network answer alike, and were the maps alike, when it was asked again?"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.record.experiment_readers import read_map_repeats, read_repeats
from audit.record.record import Record
from audit.record.repeat_rows import AGAIN, OTHERWISE, REPEATED
from checks.table.answers import Ints
from checks.table.evidence import Evidence, Floats

OF_ROUNDING = 0.1
"""Log-odds by which answers may differ between batches and memory layouts: at most 2.5 points of probability."""
ON_OTHER_DEVICES = 0.01
"""Log-odds by which answers to the same batch may differ on a device that adds in any order."""
TURNED_BY_ROUNDING = 0.05
"""Share of answers that may name another class between batches and memory layouts: two classes may lie close together
in a picture, but not in most. The log-odds hardly tell, where a network is never sure."""
MAP_OF_ROUNDING = 0.1
"""Share of a map by which it may differ between batches and memory layouts, where rounding opens or shuts a ReLU."""


def not_repeated(table: Evidence, record: Record) -> dict[str, Any]:
    """How many pictures were to be asked about again, and of how many it was `done`; empty where that is all."""
    promised = _promised(record, table.total)
    repeats, maps = read_repeats(record), read_map_repeats(record)
    wanted, first = table.sample[promised[table.sample]], next(iter(table.methods), "")
    unmade = wanted[~table.made[first][promised[table.sample]]] if first else wanted
    done = np.ones(len(wanted), bool)
    for way in (AGAIN, OTHERWISE):
        done &= np.isin(wanted, repeats.sample[~repeats.altered & (repeats.way == way)])
        done &= np.isin(wanted, maps.sample[(maps.source == first) & (maps.way == way)]) | np.isin(wanted, unmade)
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
        if differing := _differing(repeats.sample[asked], np.abs(repeats.deviation[asked]), tolerance):
            return {"way": way, **differing}
    return {}


def different_classes(record: Record) -> dict[str, Any]:
    """The `way` of asking again for which too many `pictures` were named another class; empty where there is none."""
    repeats = read_repeats(record)
    for way in (AGAIN, OTHERWISE):
        asked = repeats.way == way
        sample, turned = repeats.sample[asked], repeats.deviation[asked] < 0
        if turned.sum() > TURNED_BY_ROUNDING * len(turned):
            counted = {"pictures": len(np.unique(sample[turned])), "of": len(np.unique(sample))}
            return {"way": way, **counted, "tolerance": TURNED_BY_ROUNDING, "first": int(sample[turned].min())}
    return {}


def different_maps(record: Record) -> dict[str, Any]:
    """As `different_answers`, of the maps of the first `source` that made others."""
    maps = read_map_repeats(record)
    for source in dict.fromkeys(maps.source.tolist()):
        for way, tolerance in map_tolerances(record).items():
            asked = (maps.source == source) & (maps.way == way)
            if differing := _differing(maps.sample[asked], maps.deviation[asked], tolerance):
                return {"source": source, "way": way, **differing}
    return {}


def _differing(sample: Ints, deviation: Floats, tolerance: float) -> dict[str, Any]:
    differs = ~(deviation <= tolerance)
    if not differs.any():
        return {}
    apart = deviation[differs]
    return {
        "pictures": len(np.unique(sample[differs])),
        "of": len(np.unique(sample)),
        "apart": float(np.nanmax(apart)) if np.isfinite(apart).any() else None,
        "tolerance": tolerance,
        "first": int(sample[differs].min()),
    }


def tolerances(record: Record) -> dict[str, float]:
    """Log-odds by which answers to the same pixels may differ, by the way of asking again."""
    return {AGAIN: 0.0 if _to_the_last_bit(record) else ON_OTHER_DEVICES, OTHERWISE: OF_ROUNDING}


def map_tolerances(record: Record) -> dict[str, float]:
    """Shares of a map by which two of the same pixels may differ, by the way of asking again."""
    return {AGAIN: 0.0 if _to_the_last_bit(record) else MAP_OF_ROUNDING, OTHERWISE: MAP_OF_ROUNDING}


def _to_the_last_bit(record: Record) -> bool:
    """The network must repeat itself exactly: on a CPU, unless its kind says that it rounds otherwise each time."""
    identity = record.identity()
    stated = (identity.get("capabilities") or {}).get("deterministic")
    return bool(identity.get("device") == "cpu" and stated is not False)
