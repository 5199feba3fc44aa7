"""Reading what experiments left: answers, notes, candidates for a cue, passes, and rows that cannot be true."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.record.class_logits import unpacked
from audit.record.dtypes import Bools, Floats, Ints, Objects, class_indices
from audit.record.numbered import rows_about
from audit.record.record import Record
from audit.record.schema import CropRow, CueRow, PassesRow
from audit.record.tables import ASKED

ABOUT_PICTURES = ("mask", "answer", "unmade", "note", "cascade", "grid", "crop", "forbidden", "repeat", "map_repeat")
"""Tables with one row for a sample and something else; what they say of samples without a picture is made up."""


@dataclass(frozen=True, eq=False)
class Answers:
    """n answers to altered pictures, by subject, intervention, variant, then in the order of the samples' numbers."""

    subject: Objects
    """(n,) str: the audited network, or a planted copy."""
    intervention: Objects
    """(n,) str"""
    variant: Objects
    """(n,) str"""
    sample: Ints
    """(n,)"""
    probability: Floats
    """(n,) of the label, or of a cue's class; like the next two NaN, or -1, where the answer was not finite."""
    log_odds: Floats
    """(n,)"""
    predicted: Ints
    """(n,)"""
    logits: NDArray[np.float32]
    """(n, J) of the classes that the identity names, centred; NaN where none were kept."""


@dataclass(frozen=True, eq=False)
class Unmade:
    """n altered pictures that could not be made, ordered as answers are."""

    subject: Objects
    """(n,) str"""
    intervention: Objects
    """(n,) str"""
    variant: Objects
    """(n,) str"""
    sample: Ints
    """(n,)"""


@dataclass(frozen=True, eq=False)
class Notes:
    """n numbers beside the scores, by source, name, then in the order of the samples' numbers."""

    source: Objects
    """(n,) str"""
    name: Objects
    """(n,) str"""
    sample: Ints
    """(n,)"""
    value: Floats
    """(n,)"""


@dataclass(frozen=True, eq=False)
class Repeats:
    """n answers against others to the same pixels, in the order of the samples' numbers."""

    sample: Ints
    """(n,)"""
    altered: Bools
    """(n,) the picture was altered."""
    way: Objects
    """(n,) str: `AGAIN` or `OTHERWISE`."""
    deviation: Floats
    """(n,) how far the label's log-odds are apart, NaN where one of them alone is no number."""


@dataclass(frozen=True, eq=False)
class MapRepeats:
    """n maps against others of the same pixels, in the order of the samples' numbers."""

    sample: Ints
    """(n,)"""
    source: Objects
    """(n,) str: label of the method or null map."""
    way: Objects
    """(n,) str: `AGAIN` or `OTHERWISE`."""
    deviation: Floats
    """(n,) share of the map by which they are apart, NaN where a place of one alone is no number."""


class Strays(NamedTuple):
    """Rows of one table about samples that were not measured."""

    table: str
    rows: int
    first: int
    """The lowest number of such a sample."""


def read_answers(record: Record) -> Answers:
    """The table `answer`."""
    names, columns = rows_about(record, "question", ASKED, "reply", "sample, probability, log_odds, predicted, logits")
    return Answers(
        **names,
        sample=_samples(columns),
        probability=columns["probability"].astype(np.float64),
        log_odds=columns["log_odds"].astype(np.float64),
        predicted=class_indices(columns["predicted"]),
        logits=unpacked(columns["logits"].astype(object), len(record.identity().get("logit_classes") or ())),
    )


def read_unmade(record: Record) -> Unmade:
    """The table `unmade`."""
    names, columns = rows_about(record, "question", ASKED, "no_reply", "sample")
    return Unmade(**names, sample=_samples(columns))


def _samples(columns: Mapping[str, NDArray[Any]]) -> Ints:
    """Raises ValueError for a row of no sample."""
    sample = columns["sample"].astype(np.float64)
    if not np.isfinite(sample).all():
        raise ValueError("rows of no sample")
    return sample.astype(np.int64)


def count_notes(record: Record) -> dict[tuple[str, str], int]:
    """How many rows the table `note` has, a number or not, by source and name."""
    columns = record.columns("SELECT source, name, count(*) AS rows FROM note GROUP BY source, name")
    names = zip(columns["source"].tolist(), columns["name"].tolist(), strict=True)
    return dict(zip(names, columns["rows"].tolist(), strict=True))


def read_notes(record: Record) -> Notes:
    """The table `note`."""
    names, columns = rows_about(record, "quantity", ("source", "name"), "reading", "sample, value")
    return Notes(
        **names,
        sample=columns["sample"].astype(np.int64),
        value=columns["value"].astype(np.float64),
    )


def read_cues(record: Record) -> tuple[CueRow, ...]:
    """The table `cue`, by number."""
    columns = record.columns("SELECT id, class, kind, x0, y0, x1, y1, side, seen_in, pictures FROM cue ORDER BY id")
    return tuple(map(CueRow, *(column.tolist() for column in columns.values())))


def read_crops(record: Record) -> tuple[CropRow, ...]:
    """The table `crop`, by cue and number."""
    columns = record.columns("SELECT cue, number, sample, x, y, encoded FROM crop ORDER BY cue, number")
    return tuple(map(CropRow, *(column.tolist() for column in columns.values())))


def read_repeats(record: Record) -> Repeats:
    """The table `repeat`."""
    columns = record.columns(
        "SELECT sample, intervention <> '' AS altered, way, deviation FROM repeat"
        " ORDER BY sample, intervention, variant, way"
    )
    return Repeats(
        sample=columns["sample"].astype(np.int64),
        altered=columns["altered"].astype(bool),
        way=columns["way"].astype(object),
        deviation=columns["deviation"].astype(np.float64),
    )


def read_map_repeats(record: Record) -> MapRepeats:
    """The table `map_repeat`."""
    columns = record.columns("SELECT sample, source, way, deviation FROM map_repeat ORDER BY sample, source, way")
    return MapRepeats(
        sample=columns["sample"].astype(np.int64),
        source=columns["source"].astype(object),
        way=columns["way"].astype(object),
        deviation=columns["deviation"].astype(np.float64),
    )


def read_passes(record: Record) -> tuple[PassesRow, ...]:
    """The sums of the table `passes` for each part, in the order in which they began."""
    columns = record.columns(
        "SELECT part, sum(pictures) AS pictures, sum(forward) AS forward, sum(backward) AS backward"
        " FROM passes GROUP BY part ORDER BY min(rowid)"
    )
    return tuple(map(PassesRow, *(column.tolist() for column in columns.values())))


def read_strays(record: Record) -> Strays | None:
    """The first table with rows about samples without a picture; None where there is none."""
    for table in ABOUT_PICTURES:
        columns = record.columns(
            f"SELECT count(*) AS rows, min(sample) AS first FROM {table}"
            " WHERE sample NOT IN (SELECT sample FROM picture)"
        )
        if rows := int(columns["rows"][0]):
            return Strays(table, rows, int(columns["first"][0]))
    return None
