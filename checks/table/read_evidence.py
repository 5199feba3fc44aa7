"""The record read once into the columns that rules see."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from audit.datasets.sample import LONGEST_NAME, MOST_COLUMNS, Box
from audit.draws import are_drawn
from audit.errors import AuditError
from audit.record.experiment_readers import read_answers, read_cues, read_notes, read_unmade
from audit.record.map_readers import read_cascade, read_forbidden_shares, read_scores
from audit.record.record import Record
from audit.record.sample_readers import count_samples, read_done, read_exclusions, read_pictures
from audit.record.schema import MEASURES
from audit.record.training_copies import TRAINING_COPIES, TrainingCopies, training_copies
from checks.table.answers import given_answers, note_columns, unmade_places
from checks.table.controls import Planted, cues_of, read_planted, stages_by_method
from checks.table.dependence import read_dependence
from checks.table.evidence import Evidence, Floats
from checks.table.forbidden_pixels import forbidden_by_source
from checks.table.read_sampled import read_sampled
from checks.table.regions import NOUNS, Regions, read_regions
from checks.verdict import Profile

MOST_LOG_ODDS = 36.0
"""Log-odds of the largest probability below 1 that double precision can tell."""
T = TypeVar("T")
AGAIN = "Run the audit again."


def read_evidence(record: Record, profile: Profile) -> Evidence:
    """Read a record, to be judged by the profile. Raises AuditError where it does not say what was run."""
    pictures = read_pictures(record)
    methods, null_maps = (tuple(_stated(record, "sources", kind)) for kind in ("methods", "null_maps"))
    number = pictures.number
    scored = {source: _scores(record, source, number) for source in (*methods, *null_maps)}
    exclusions, samples = read_exclusions(record), count_samples(record)
    metadata, frame = _metadata(pictures.metadata), _frame(record)
    return Evidence(
        sample=number,
        picture=pictures.sha256,
        image=pictures.image,
        pixels=pictures.pixels_sha256,
        label=pictures.label,
        class_index=pictures.class_index,
        area_share=pictures.area_share,
        probability=pictures.probability,
        label_rank=pictures.label_rank,
        predicted=pictures.predicted,
        confidence_of_prediction=pictures.confidence,
        methods=methods,
        null_maps=null_maps,
        null_map_names=_names(record, null_maps),
        scores={source: part.scores for source, part in scored.items()},
        made={source: part.made for source, part in scored.items()},
        dead={source: part.dead for source, part in scored.items()},
        drawn={source: _drawn(record, source, number, samples) for source in scored},
        exclusions=tuple(sorted(row.reason for row in exclusions)),
        total=samples + sum(row.sample is None for row in exclusions),
        complete=len(read_done(record)) == samples,
        seed=int(_stated(record, "settings", "run", "seed")),
        classes=len(_class_names(record)),
        profile=profile,
        log_odds=log_odds_of(pictures.probability),
        logit_classes=tuple(record.identity().get("logit_classes") or ()),
        answers=given_answers(read_answers(record), number),
        **_asked_of(record.identity())._asdict(),
        unmade=unmade_places(read_unmade(record), number),
        notes=note_columns(read_notes(record), number),
        cascade=stages_by_method(read_cascade(record)),
        cues=cues_of(read_cues(record)),
        **_left(record)._asdict(),
        experiments=record.identity().get("experiments") or {},
        frame=frame,
        metadata=metadata,
        box=_enclosing(pictures.frame_boxes, frame),
        **read_dependence(record, pictures)._asdict(),
        sampled=read_sampled(record),
        forbidden=forbidden_by_source(read_forbidden_shares(record), number),
    )


def _names(record: Record, null_maps: Sequence[str]) -> frozenset[str]:
    """Of null maps by their labels."""
    stated = _stated(record, "settings", "saliency", "null_maps")
    return frozenset(entry["name"] for entry in stated if entry["label"] in null_maps)


def _class_names(record: Record) -> Sequence[str]:
    names: Sequence[str] = _stated(record, "classes")
    if (longest := max(map(len, names))) > LONGEST_NAME:
        raise ValueError(f"a class name of {longest:,} characters")
    return names


def _metadata(entries: Sequence[Mapping[str, Any]]) -> dict[str, NDArray[Any]]:
    """(n,) by column, from the entries of each picture."""
    columns = sorted({column for entry in entries for column in entry})
    if len(columns) > MOST_COLUMNS:
        raise ValueError(f"{len(columns):,} columns of metadata")
    return {c: np.array([str(entry.get(c, "")) for entry in entries], dtype=object) for c in columns}


def _enclosing(stated: Sequence[Sequence[Box]], frame: tuple[int, int] | None) -> Floats | None:
    """(n, 4) as shares of the frame, from the boxes of each picture."""
    if frame is None:
        return None
    enclosing = np.full((len(stated), 4), np.nan)
    for row, boxes in enumerate(stated):
        if boxes:
            corners = np.asarray(boxes, dtype=np.float64)
            enclosing[row] = [*corners[:, :2].min(axis=0), *corners[:, 2:].max(axis=0)]
    height, width = frame
    return enclosing / np.array([width, height, width, height], dtype=np.float64)


def log_odds_of(probability: Floats) -> Floats:
    """log p - log(1 - p), within what double precision can tell; NaN stays."""
    least = np.exp(-MOST_LOG_ODDS)
    p = np.clip(probability, least, 1 - least)
    return np.asarray(np.log(p) - np.log1p(-p))


def _frame(record: Record) -> tuple[int, int] | None:
    stated = record.identity().get("frame")
    return (int(stated[0]), int(stated[1])) if stated else None


def _left_by(record: Record, experiment: str, read: Callable[[Mapping[str, Any]], T]) -> T:
    """What a control or search left in the identity."""
    try:
        return read(record.identity())
    except (KeyError, TypeError, ValueError) as error:
        raise AuditError(
            record.path, f"holds a broken entry {experiment!r} ({error!r})", "need a record as written by a run", AGAIN
        ) from error


class _Left(NamedTuple):
    """What entries of the identity hold."""

    planted: Planted | None
    regions: Mapping[str, Regions]
    training: TrainingCopies | None


def _left(record: Record) -> _Left:
    regions = {search: _left_by(record, search, partial(read_regions, search)) for search in NOUNS}
    return _Left(
        planted=_left_by(record, "planted_cue", read_planted),
        regions={search: found for search, found in regions.items() if found is not None},
        training=_left_by(record, TRAINING_COPIES, training_copies),
    )


class _Scored(NamedTuple):
    """The maps of one source, each column (n,) in the order of the pictures."""

    scores: dict[str, Floats]
    """By measure."""
    made: NDArray[np.bool_]
    dead: NDArray[np.bool_]


def _scores(record: Record, source: str, number: NDArray[np.int64]) -> _Scored:
    """number: (n,) of the measured samples, rising."""
    read = read_scores(record, source)
    if not np.isin(read.sample, number).all():
        raise AuditError(
            record.path, f"has scores of {source} without a picture", "need a record as written by a run", AGAIN
        )
    place = np.searchsorted(number, read.sample)
    made, dead = np.zeros(len(number), bool), np.zeros(len(number), bool)
    made[place], dead[place] = True, read.dead
    scores = {measure: np.full(len(number), np.nan) for measure in MEASURES}
    for measure, values in read.values.items():
        scores[measure][place] = values
    return _Scored(scores, made, dead)


class _AskedOf(NamedTuple):
    """What the model and the data are, as far as it decides what can be asked."""

    left_out: Mapping[str, tuple[str, ...]]
    boxed: bool
    detects: bool


def _asked_of(identity: Mapping[str, Any]) -> _AskedOf:
    return _AskedOf(
        left_out=_left_out(identity),
        boxed=(identity.get("dataset") or {}).get("boxed") is not False,
        detects=bool((identity.get("capabilities") or {}).get("at_places")),
    )


def _left_out(identity: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    stated = identity.get("left_out") or {}
    return {str(name): tuple(map(str, lacking)) for name, lacking in stated.items()}


def _drawn(record: Record, source: str, number: NDArray[np.int64], total: int) -> NDArray[np.bool_]:
    """(n,) the samples that its maps were to be made for. total: samples of the data set."""
    options = (record.identity().get("options") or {}).get(source)
    return are_drawn(number, options, total, int(_stated(record, "settings", "run", "seed")))


def _stated(record: Record, *keys: str) -> Any:
    """One entry of the record's identity."""
    entry: Any = record.identity()
    for key in keys:
        if not isinstance(entry, Mapping) or key not in entry:
            raise AuditError(
                record.path,
                f"does not state {'.'.join(keys)}",
                "need a record as written by a run",
                AGAIN,
            )
        entry = entry[key]
    return entry
