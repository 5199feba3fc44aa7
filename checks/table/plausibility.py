"""Were the experiments finished, and can their numbers be true?"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from audit.record.experiment_readers import read_strays
from audit.record.record import Record
from checks.table.evidence import Evidence, Floats
from checks.table.mean_difference import ROUNDING


def unfinished_experiments(record: Record) -> list[str]:
    """Names of the controls and searches that the settings ask for and the run did not finish."""
    identity = record.identity()
    experiments = (identity.get("settings") or {}).get("experiments") or {}
    asked = [*(experiments.get("controls") or []), *(experiments.get("searches") or [])]
    names = [str(entry["name"]) for entry in asked if isinstance(entry, Mapping) and "name" in entry]
    return [name for name in names if identity.get(f"done {name}") is not True]


def strays(record: Record) -> dict[str, Any]:
    """How many rows the first `table` holds about samples that were not measured; empty where there is none."""
    stray = read_strays(record)
    return {} if stray is None else {"rows": stray.rows, "table": stray.table, "first": stray.first}


def impossible_answers(table: Evidence) -> dict[str, Any]:
    """The first `quantity` of the experiments that no run can yield, and what it is of; empty where there is none."""
    return next(_impossible(table), {})


def _impossible(table: Evidence) -> Iterator[dict[str, Any]]:
    for (subject, intervention, variant), given in table.answers.items():
        of = {"subject": subject, "intervention": intervention, "variant": variant}
        number = ~given.silent
        if not _within(given.probability[number], 0, 1):
            yield {"quantity": "probability", **of}
        if not np.isfinite(given.log_odds[number]).all():
            yield {"quantity": "log-odds", **of}
        if not ((given.predicted >= 0) & (given.predicted < table.classes))[number].all():
            yield {"quantity": "predicted class", **of}
    for method, stages in table.cascade.items():
        for stage in stages:
            if not _within(stage.similarity[~np.isnan(stage.similarity)], -1, 1):
                yield {"quantity": "similarity", "source": method, "randomised": stage.layers}
    for cue in table.cues:
        shares = np.array([cue.side, *(cue.box or ())])
        if not (_within(shares, 0, 1) and 0 <= cue.seen_in <= cue.pictures and 0 <= cue.class_index < table.classes):
            yield {"quantity": "cue", "cue": cue.id}
    if table.planted and not _within(np.array(table.planted.lambdas), 0, 1):
        yield {"quantity": "lambda of the planted cue"}


def _within(values: Floats, low: float, high: float) -> bool:
    """All of them, up to rounding. NaN is not."""
    return bool(((values >= low - ROUNDING) & (values <= high + ROUNDING)).all())
