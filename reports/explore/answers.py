"""What the network answered when a sample's picture was altered: columns by intervention and variant."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.record.schema import SUBJECT
from checks.table.answers import Given
from checks.table.variants import read_variant
from reports.explore.columns import shares, sorted_texts, whole
from reports.explore.exploration import Exploration
from reports.wording.alterations import group_title, is_cue, swapped_name, variant_name

FIRST = ("object_removed", "background_replaced", "forbidden_hidden")


class Lost(NamedTuple):
    """The samples whose right answer is lost when a property is taken from a picture of another class."""

    name: str
    asked: int
    at: list[int]
    """Places on the page."""


def answer_groups(exploration: Exploration) -> dict[str, Any]:
    """By intervention; each variant with its samples' places, probabilities, and answers as places in `classes`."""
    table = exploration.table
    keys = [(of, variant) for subject, of, variant in table.answers if subject == SUBJECT]
    classes = sorted({int(i) for of, variant in keys for i in np.unique(_given(exploration, of, variant).predicted)})
    names = sorted_texts([exploration.class_name(i) for i in classes if i >= 0])
    place_of = dict(zip([i for i in classes if i >= 0], names.at, strict=True))
    groups = [_group(exploration, of, sorted(v for o, v in keys if o == of), place_of) for of in _interventions(keys)]
    return {"classes": names.values, "groups": groups}


def lost_answers(exploration: Exploration) -> list[Lost]:
    """One for each property with a donor of another class."""
    keys = [(of, variant) for subject, of, variant in exploration.table.answers if subject == SUBJECT]
    losses = [_lost(exploration, of, [v for o, v in keys if o == of]) for of in _interventions(keys) if not is_cue(of)]
    return [loss for loss in losses if loss.asked]


def _interventions(keys: list[tuple[str, str]]) -> list[str]:
    """What is hidden, then what is swapped, what else was done, and candidates for a cue."""

    def rank(of: str) -> tuple[int, int, str]:
        first = FIRST.index(of) if of in FIRST else len(FIRST)
        return first, 2 if is_cue(of) else 0 if swapped_name(of) else 1, of

    return sorted({of for of, _ in keys}, key=rank)


def _given(exploration: Exploration, intervention: str, variant: str) -> Given:
    return exploration.table.answers[SUBJECT, intervention, variant]


def _group(exploration: Exploration, of: str, variants: list[str], place_of: dict[int, int]) -> dict[str, Any]:
    cue = next((cue for cue in exploration.table.cues if of == f"cue {cue.id}"), None)
    return {
        "title": group_title(of),
        "asks": "" if cue is None else exploration.class_name(cue.class_index),
        "rows": [_row(exploration, of, variant, place_of) for variant in sorted(variants, key=_usual)],
    }


def _usual(variant: str) -> tuple[bool, str]:
    """What is done to the object or the picture before its control elsewhere."""
    return read_variant(variant).elsewhere, variant


def _row(exploration: Exploration, of: str, variant: str, place_of: dict[int, int]) -> dict[str, Any]:
    given = _given(exploration, of, variant)
    donor = exploration.table.notes.get((of, f"donor of {variant}"))
    row = {
        "name": variant_name(of, variant),
        "at": exploration.measured[given.place].tolist(),
        "probability": shares(given.probability),
        "answer": [place_of.get(index, -1) for index in given.predicted.tolist()],
    }
    return row if donor is None else {**row, "donor": whole(_places(exploration, donor[given.place]))}


def _places(exploration: Exploration, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Samples by their places on the page, NaN where there is none."""
    known = exploration.numbered.number
    place = np.minimum(np.searchsorted(known, np.nan_to_num(numbers, nan=-1)), max(0, len(known) - 1))
    return np.where(known[place] == numbers, place, np.nan) if len(known) else np.full(len(numbers), np.nan)


def _lost(exploration: Exploration, of: str, variants: list[str]) -> Lost:
    table = exploration.table
    asked, lost = np.zeros(table.n, bool), np.zeros(table.n, bool)
    for variant in variants:
        read = read_variant(variant)
        if read.kind == "other" and read.number is not None:
            answered = table.answered(of, variant)
            asked |= answered.asked & table.right
            lost |= answered.asked & table.right & (answered.predicted != table.class_index)
    return Lost(swapped_name(of) or of.replace("_", " "), int(asked.sum()), exploration.measured[lost].tolist())
