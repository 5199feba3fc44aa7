"""Every sample of the record as columns: what it is, what became of it, what the network answered."""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from checks.table.cells import judged_by_experiment, miss_of, missed
from checks.table.slices import MOST_VALUES, columns, slices, stated
from reports.explore.columns import (
    LOG_ODDS_STEPS,
    SCORE_STEPS,
    SHARE_STEPS,
    Texts,
    shares,
    sorted_texts,
    stepped,
    texts,
)
from reports.explore.exploration import Exploration
from reports.result.experiments import halves
from reports.wording.numbers import short

CELLS = (
    "right, for the right reason",
    "right for the wrong reason",
    "wrong, used the object",
    "wrong, used the surroundings",
    "not judged by experiment",
)
WRONG_REASON = 1
RIGHT, WRONG, SILENT, WAITING = "predicted right", "predicted wrong", "no number from the network", "not measured"
SHOWN_MEASURES = ("mass", "auc", "rank", "pointing")
SHOWN_OTHERWISE = frozenset({"class", "prediction"})
"""Derived columns that say what the page says anyway."""
_HASH = re.compile("[0-9a-fA-F]{32,}")


def sample_columns(exploration: Exploration) -> dict[str, Any]:
    """All of them, as the page's scripts read them. Texts are places in lists, numbers are whole steps."""
    table, numbered = exploration.table, exploration.numbered
    loose = exploration.unnumbered
    classes = [exploration.class_name(index) for index in numbered.class_index.tolist()]
    predicted = exploration.over_all(table.predicted, -1).tolist()
    two = halves(table, miss_of(table.profile).fills)
    return {
        "steps": {"share": SHARE_STEPS, "score": SCORE_STEPS, "odds": LOG_ODDS_STEPS},
        "number": [*numbered.number.tolist(), *(None for _ in loose)],
        "image": list(texts([*numbered.image, *(row.image for row in loose)])),
        "label": list(texts([*numbered.label, *(row.label for row in loose)])),
        "class": list(sorted_texts([*classes, *(None for _ in loose)])),
        "answer": list(sorted_texts([exploration.class_name(i) if i >= 0 else None for i in predicted])),
        "fate": list(sorted_texts(_fates(exploration))),
        "detail": {place: row.detail for place, row in exploration.exclusion.items()},
        "cell": {"values": list(CELLS), "at": _cells(exploration), "worst": WRONG_REASON},
        "probability": shares(_over(exploration, table.probability)),
        "confidence": shares(_over(exploration, table.confidence_of_prediction)),
        "area": shares(_over(exploration, table.area_share)) if table.boxed else [],
        "alone": stepped(_over(exploration, two.alone), LOG_ODDS_STEPS),
        "surroundings": stepped(_over(exploration, two.surroundings), LOG_ODDS_STEPS),
        "lead": stepped(_over(exploration, two.alone - two.surroundings), LOG_ODDS_STEPS),
        "scores": {method: _scores(exploration, method) for method in table.methods},
        "dead": {method: exploration.measured[table.dead[method]].tolist() for method in table.methods},
        "kinds": list(_kinds(exploration)),
        "boxes": _boxes(exploration),
    }


def _over(exploration: Exploration, column: Any) -> Any:
    return exploration.over_all(np.asarray(column, dtype=np.float64), np.nan)


def _fates(exploration: Exploration) -> list[str | None]:
    """What became of every sample."""
    table = exploration.table
    answers = np.where(table.right, RIGHT, np.where(table.predicted >= 0, WRONG, SILENT)).astype(object)
    fates = exploration.over_all(answers, WAITING).tolist()
    for place, row in exploration.exclusion.items():
        fates[place] = f"excluded: {row.reason}"
    return list(fates)


def _cells(exploration: Exploration) -> list[int]:
    """(N,) places in `CELLS`; −1 for samples that were not measured."""
    table = exploration.table
    judged, off = judged_by_experiment(table), missed(table, miss_of(table.profile))
    cells = np.where(judged, 2 * ~table.right + off, len(CELLS) - 1)
    whole: list[int] = exploration.over_all(cells.astype(np.int64), -1).tolist()
    return whole


def _scores(exploration: Exploration, method: str) -> dict[str, Any]:
    scores = exploration.table.scores[method]
    return {measure: stepped(_over(exploration, scores[measure]), SCORE_STEPS) for measure in SHOWN_MEASURES}


def _kinds(exploration: Exploration) -> Iterable[dict[str, Any]]:
    """Every column that tells kinds of pictures apart; those with few values are offered to choose from."""
    table = exploration.table
    for column in columns(table) if table.n else ():
        if column in SHOWN_OTHERWISE and column not in table.metadata:
            continue
        if column in table.metadata:
            values = stated(table.metadata[column])
            if all(_HASH.fullmatch(value) for value in set(values.tolist())):
                continue
            whole = exploration.over_all(values.astype(object), None).tolist()
            named = sorted_texts(whole)
        else:
            named = _derived(exploration, column)
        yield {"name": short(column), "texts": list(named), "offered": 1 < len(named.values) <= MOST_VALUES}


def _derived(exploration: Exploration, column: str) -> Texts:
    parts = slices(exploration.table, column)
    at = np.full(exploration.table.n, -1)
    for place, part in enumerate(parts):
        at[part.here] = place
    return Texts(texts([part.value for part in parts]).values, exploration.over_all(at, -1).tolist())


def _boxes(exploration: Exploration) -> list[list[float]]:
    """(N,) x0, y0, x1, y1 of each box after the other, in pixels of the frame."""
    from_record = exploration.frame_boxes
    return [
        [round(value, 1) for box in from_record.get(place, ()) for value in box] for place in range(exploration.count)
    ]
