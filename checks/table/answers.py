"""What the network answered to altered pictures, as columns."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.record.experiment_readers import Answers, Notes, Unmade

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Logits = NDArray[np.float32]
Key = tuple[str, str, str]
"""Subject, intervention, variant."""


def json_number(value: float) -> float | None:
    """An entry of a column as JSON has it: None where it is NaN or infinite."""
    return float(value) if math.isfinite(value) else None


@dataclass(frozen=True, eq=False)
class Answered:
    """The answers to one variant, over all n pictures: what they say of the label, or of a cue's class."""

    probability: Floats
    """(n,), NaN where there is no answer, or one that is no number."""
    log_odds: Floats
    """(n,), likewise."""
    predicted: Ints
    """(n,), -1 likewise."""

    @property
    def asked(self) -> NDArray[np.bool_]:
        """(n,) the answer is there, and a number."""
        return np.asarray(self.predicted >= 0)


@dataclass(frozen=True, eq=False)
class Given:
    """The answers to one variant, for the pictures that have one only: a control asks few of many."""

    place: Ints
    """(k,) rising, where these pictures stand among the n."""
    probability: Floats
    log_odds: Floats
    predicted: Ints
    """(k,), -1 where the network yielded no number; the others are NaN then."""
    logits: Logits | None = None
    """(k, J) of the classes that the record keeps them of, centred; NaN where it kept none. None: J is 0."""

    @property
    def silent(self) -> NDArray[np.bool_]:
        """(k,) the network was asked and yielded no number."""
        return np.asarray((self.predicted < 0) & np.isnan(self.probability) & np.isnan(self.log_odds))

    def over(self, n: int) -> Answered:
        probability, log_odds, predicted = np.full(n, np.nan), np.full(n, np.nan), np.full(n, -1, dtype=np.int64)
        probability[self.place], log_odds[self.place] = self.probability, self.log_odds
        predicted[self.place] = self.predicted
        return Answered(probability, log_odds, predicted)

    def logits_over(self, n: int) -> Logits:
        """(n, J), NaN where there is no answer."""
        logits = np.full((n, 0 if self.logits is None else self.logits.shape[1]), np.nan, np.float32)
        if self.logits is not None:
            logits[self.place] = self.logits
        return logits

    def among(self, chosen: Ints) -> "Given":
        """The same for the pictures at these places (rising) alone."""
        place = np.searchsorted(chosen, self.place)
        kept = np.append(chosen, -1)[place] == self.place
        logits = None if self.logits is None else self.logits[kept]
        return Given(place[kept], self.probability[kept], self.log_odds[kept], self.predicted[kept], logits)


def given_answers(answers: Answers, number: Ints) -> dict[Key, Given]:
    """The record's answers by variant; those for other samples are left out. number: (n,) measured ones, rising."""
    if not len(answers.sample):
        return {}
    probability, log_odds = answers.probability, answers.log_odds
    return {
        key: Given(place, probability[rows], log_odds[rows], answers.predicted[rows], answers.logits[rows])
        for key, rows, place in _by_variant(answers, number)
        if len(rows)
    }


def unmade_places(unmade: Unmade, number: Ints) -> dict[Key, Ints]:
    """Where the pictures stand that could not be altered, by variant. number: as for `given_answers`."""
    if not len(unmade.sample):
        return {}
    return {key: place for key, _, place in _by_variant(unmade, number)}


def _by_variant(asked: Answers | Unmade, number: Ints) -> Iterator[tuple[Key, Ints, Ints]]:
    """For each variant the rows for measured samples, and where these samples stand. There is one row at least."""
    known = np.isin(asked.sample, number)
    place = np.searchsorted(number, asked.sample)
    names = (asked.subject, asked.intervention, asked.variant)
    for start, end in runs(*names):
        rows = start + np.flatnonzero(known[start:end])
        yield (str(names[0][start]), str(names[1][start]), str(names[2][start])), rows, place[rows]


def note_columns(notes: Notes, number: Ints) -> dict[tuple[str, str], Floats]:
    """The record's notes: (n,) by source and name, NaN where there is none. number: as for `given_answers`."""
    if not len(notes.sample):
        return {}
    known = np.isin(notes.sample, number)
    place = np.searchsorted(number, notes.sample)
    columns: dict[tuple[str, str], Floats] = {}
    for start, end in runs(notes.source, notes.name):
        rows = start + np.flatnonzero(known[start:end])
        column = columns[str(notes.source[start]), str(notes.name[start])] = np.full(len(number), np.nan)
        column[place[rows]] = notes.value[rows]
    return columns


def runs(*columns: NDArray[Any]) -> Iterator[tuple[int, int]]:
    """Start and end of every stretch of rows that agree in all columns (n,); there is one row at least."""
    changes = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return pairwise([0, *(np.flatnonzero(changes) + 1).tolist(), len(columns[0])])
