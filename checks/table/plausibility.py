"""Were the experiments finished, and can their numbers be true?"""

from collections.abc import Iterator, Mapping

import numpy as np

from audit.record.experiment_readers import read_strays
from audit.record.record import Record
from checks.table.evidence import Evidence, Floats
from checks.table.mean_difference import ROUNDING
from checks.words import count, listed


def unfinished_experiments(record: Record) -> str:
    """Controls and searches that the settings ask for and the run did not finish, as a sentence; '' for none."""
    identity = record.identity()
    experiments = (identity.get("settings") or {}).get("experiments") or {}
    asked = [*(experiments.get("controls") or []), *(experiments.get("searches") or [])]
    names = [str(entry["name"]) for entry in asked if isinstance(entry, Mapping) and "name" in entry]
    left = [name for name in names if identity.get(f"done {name}") is not True]
    if not left:
        return ""
    return f"The run ended without {listed(left)}, which its settings ask for."


def strays(record: Record) -> str:
    """Rows about samples that were not measured, as a phrase; '' where there is none."""
    found = read_strays(record)
    if found is None:
        return ""
    rows = count(found.rows, "row")
    return f"{rows} in table {found.table} about samples without a picture, first number {found.first}"


def impossible_answers(found: Evidence) -> str:
    """The first quantity of the experiments that no run can yield; '' where there is none."""
    return next(_impossible(found), "")


def _impossible(found: Evidence) -> Iterator[str]:
    for (subject, intervention, variant), given in found.answers.items():
        of = f"of {subject} to {intervention} '{variant}'"
        number = ~given.silent
        if not _within(given.probability[number], 0, 1):
            yield f"probability {of}"
        if not np.isfinite(given.log_odds[number]).all():
            yield f"log-odds {of}"
        if not ((given.predicted >= 0) & (given.predicted < found.classes))[number].all():
            yield f"predicted class {of}"
    for method, stages in found.cascade.items():
        for stage in stages:
            if not _within(stage.similarity[~np.isnan(stage.similarity)], -1, 1):
                yield f"similarity of {method} with {stage.layers} randomised"
    for cue in found.cues:
        shares = np.array([cue.side, *(cue.box or ())])
        if not (_within(shares, 0, 1) and 0 <= cue.seen_in <= cue.pictures and 0 <= cue.class_index < found.classes):
            yield f"cue {cue.id}"
    if found.planted and not _within(np.array(found.planted.lambdas), 0, 1):
        yield "lambda of the planted cue"


def _within(values: Floats, low: float, high: float) -> bool:
    """All of them, up to rounding. NaN is not."""
    return bool(((values >= low - ROUNDING) & (values <= high + ROUNDING)).all())
