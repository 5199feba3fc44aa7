"""The record as columns, the form in which rules read it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.datasets.sample import Box
from audit.errors import AuditError
from audit.record.experiment_readers import read_answers, read_cues, read_notes
from audit.record.map_readers import read_cascade, read_forbidden_shares, read_scores
from audit.record.record import Record
from audit.record.sample_readers import count_samples, read_done, read_exclusions, read_pictures, read_samples
from audit.record.schema import MEASURES, SUBJECT
from checks.statistics.subset import Subset
from checks.table.answers import Answered, Given, Key, given_answers, note_columns
from checks.table.controls import Cue, Planted, Stage, cues_of, read_planted, stages_by_method
from checks.table.forbidden_pixels import Forbidden, forbidden_by_source
from checks.verdict import Profile

Floats = NDArray[np.float64]
OTHER_BACKGROUND = {"mean": "mean", "blur": "blur", "donor": "other 1"}
"""For each fill of the object, the variant of `background_replaced` that fills everything else alike."""
MOST_LOG_ODDS = 36.0
"""Of a probability in double precision; beyond, it is 1."""
AGAIN = "Run the audit again."


@dataclass(frozen=True, eq=False)
class Evidence:
    """Arrays over the n measured samples, in the order of their numbers. NaN where a map was dead or not made.

    scores[source][measure]: (n,), measures as in `MEASURES`. A source is a method's or a null map's label.
    """

    sample: NDArray[np.int64]
    picture: NDArray[Any]
    """SHA-256 of the picture's file."""
    label: NDArray[Any]
    class_index: NDArray[np.int64]
    area_share: Floats
    probability: Floats
    label_rank: Floats
    predicted: NDArray[np.int64]
    """-1 where the network yields NaN."""
    confidence_of_prediction: Floats
    methods: tuple[str, ...]
    null_maps: tuple[str, ...]
    null_map_names: frozenset[str]
    """What they are, whatever their labels."""
    scores: Mapping[str, Mapping[str, Floats]]
    made: Mapping[str, NDArray[np.bool_]]
    """A map of this source was made for this sample (a null map may be made for a draw of the pictures only)."""
    dead: Mapping[str, NDArray[np.bool_]]
    exclusions: tuple[str, ...]
    """The reason of each exclusion."""
    total: int
    """Samples that the data set holds: measured and excluded."""
    complete: bool
    """Every sample was measured or excluded."""
    seed: int
    classes: int
    """How many the network knows."""
    profile: Profile
    """The limits that it is judged by."""
    log_odds: Floats
    """Of the label, on the pictures as they are."""
    answers: Mapping[Key, Given]
    notes: Mapping[tuple[str, str], Floats]
    """By source and name."""
    cascade: Mapping[str, tuple[Stage, ...]]
    """By method, from the output to the input, without the network as it is."""
    cues: tuple[Cue, ...]
    planted: Planted | None
    experiments: Mapping[str, Mapping[str, Any]]
    """The options of every intervention, control and search that was run, by its name."""
    frame: tuple[int, int] | None = None
    """(height, width) of the network's input in pixels; None where no picture was measured."""
    metadata: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """(n,) text by column, '' where a picture has no such entry."""
    box: Floats | None = None
    """(n, 4) x0, y0, x1, y1 of what encloses a picture's boxes, as shares of the frame."""
    cluster: NDArray[Any] | None = None
    """(n,) what pictures share that are not independent, as a flight; None where the settings name no column."""
    cluster_column: str = ""
    cluster_of: NDArray[Any] | None = None
    """(samples,) likewise, of every sample of the data set by its number, measured and chosen or not."""
    forbidden: Forbidden | None = None
    """None where no picture has forbidden pixels."""

    @property
    def n(self) -> int:
        return len(self.sample)

    @property
    def confidence(self) -> float:
        """Of every bound, from the profile."""
        return self.profile.confidence

    @property
    def right(self) -> NDArray[np.bool_]:
        """Predicted right."""
        return np.asarray(self.predicted == self.class_index)

    def subset(self, chosen: NDArray[np.bool_]) -> Subset:
        """The chosen pictures (n,), as what bounds are taken from."""
        cluster = None if self.cluster is None else self.cluster[chosen]
        return Subset(int(chosen.sum()), self.confidence, self.seed, cluster)

    def judged(self, method: str) -> NDArray[np.bool_]:
        """A map can be held against the boxes: it was made, it is not dead, and something lies outside the boxes."""
        return np.asarray(self.made[method] & ~self.dead[method] & (self.area_share < 1))

    def miss(self, method: str) -> NDArray[np.bool_]:
        """The evidence does not lie on the object: localisation AUC under ½, or mass under the area share.

        What cannot be judged is neither hit nor miss. A map that is judged but whose score is no number is a miss.
        """
        scores = self.scores[method]
        hit = (scores["auc"] >= 0.5) & (scores["mass"] >= self.area_share)
        return np.asarray(self.judged(method) & ~hit)

    @property
    def subjects(self) -> tuple[str, ...]:
        """Whose answers there are, sorted: 'model', and planted copies of it."""
        return tuple(sorted({subject for subject, _, _ in self.answers}))

    def variants(self, intervention: str, subject: str = SUBJECT) -> tuple[str, ...]:
        """Those with an answer to at least one picture, sorted."""
        return tuple(sorted(variant for whose, of, variant in self.answers if (whose, of) == (subject, intervention)))

    def answered(self, intervention: str, variant: str, subject: str = SUBJECT) -> Answered:
        """The answers to one variant; all NaN where there are none."""
        return self.answers.get((subject, intervention, variant), _NONE).over(self.n)

    def asked(self, intervention: str) -> NDArray[np.bool_]:
        """(n,) the network answered to at least one variant with a number."""
        found = np.zeros(self.n, bool)
        for variant in self.variants(intervention):
            found |= self.answered(intervention, variant).asked
        return found

    def lead(self, fills: Sequence[str]) -> Floats:
        """(n,) log-odds of the object alone less those of the surroundings alone, the largest over the fills.

        For each fill: the picture with everything but the object filled, against the one with the object filled. Every
        fill has an artefact of its own, and the object is given the benefit of each. A fill that one of the two was not
        made with is left out; NaN where that leaves none.
        """
        leads = [
            self.answered("background_replaced", OTHER_BACKGROUND[fill]).log_odds
            - self.answered("object_removed", fill).log_odds
            for fill in fills
        ]
        return largest(leads, self.n)

    def as_subject(self, subject: str) -> "Evidence":
        """Of a planted copy: the control's pictures with the mark shown, and its answers in place of the model's.

        It has no maps, since none are made of it but for its notes.
        """
        shown = self.answers.get((subject, "mark", "shown"), _NONE)
        index = self.class_index[shown.place]
        right = shown.predicted == index
        return replace(
            self._at(shown.place),
            probability=shown.probability,
            log_odds=shown.log_odds,
            label_rank=np.where(right, 1.0, np.nan),
            predicted=shown.predicted,
            confidence_of_prediction=np.where(right, shown.probability, np.nan),
            methods=(),
            null_maps=(),
            null_map_names=frozenset(),
            scores={},
            made={},
            dead={},
            forbidden=self.forbidden and replace(self.forbidden.among(shown.place), mass={}),
            answers={
                (SUBJECT, intervention, variant): given.among(shown.place)
                for (whose, intervention, variant), given in self.answers.items()
                if whose == subject
            },
            cascade={},
            cues=(),
            planted=None,
        )

    def among(self, chosen: NDArray[np.bool_]) -> "Evidence":
        """The chosen pictures (n,) alone, without exclusions. Controls and cues stay those of the whole run."""
        place = np.flatnonzero(chosen)
        answers = {key: given.among(place) for key, given in self.answers.items()}
        return replace(
            self._at(place),
            probability=self.probability[place],
            log_odds=self.log_odds[place],
            label_rank=self.label_rank[place],
            predicted=self.predicted[place],
            confidence_of_prediction=self.confidence_of_prediction[place],
            scores={s: {m: v[place] for m, v in scores.items()} for s, scores in self.scores.items()},
            made={source: values[place] for source, values in self.made.items()},
            dead={source: values[place] for source, values in self.dead.items()},
            answers={key: given for key, given in answers.items() if len(given.place)},
        )

    def _at(self, place: NDArray[np.int64]) -> "Evidence":
        """The columns that do not depend on the network, at these rows (rising)."""
        return replace(
            self,
            sample=self.sample[place],
            picture=self.picture[place],
            label=self.label[place],
            class_index=self.class_index[place],
            area_share=self.area_share[place],
            exclusions=(),
            total=len(place),
            notes={key: values[place] for key, values in self.notes.items()},
            metadata={column: values[place] for column, values in self.metadata.items()},
            box=None if self.box is None else self.box[place],
            cluster=None if self.cluster is None else self.cluster[place],
            forbidden=self.forbidden and self.forbidden.among(place),
        )


_NONE = Given(np.empty(0, np.int64), np.empty(0), np.empty(0), np.empty(0, np.int64))


def median(columns: Sequence[Floats], n: int) -> Floats:
    """(n,) over those that are a number; NaN where none is."""
    return _over(np.nanmedian, columns, n)


def largest(columns: Sequence[Floats], n: int) -> Floats:
    """(n,) of those that are a number; NaN where none is."""
    return _over(np.nanmax, columns, n)


def _over(summary: Callable[..., Any], columns: Sequence[Floats], n: int) -> Floats:
    if not columns:
        return np.full(n, np.nan)
    table = np.stack(columns)
    some = np.isfinite(table).any(axis=0)
    found = np.full(n, np.nan)
    found[some] = summary(np.where(np.isfinite(table), table, np.nan)[:, some], axis=0)
    return found


def evidence(record: Record, profile: Profile) -> Evidence:
    """Read a record, to be judged by the profile. Raises AuditError where it does not say what was run."""
    pictures = read_pictures(record)
    methods = tuple(_stated(record, "sources", "methods"))
    null_maps = tuple(_stated(record, "sources", "null_maps"))
    named = {entry["label"]: entry["name"] for entry in _stated(record, "settings", "saliency", "null_maps")}
    number = pictures.number
    scores: dict[str, dict[str, Floats]] = {}
    made: dict[str, NDArray[np.bool_]] = {}
    dead: dict[str, NDArray[np.bool_]] = {}
    for source in (*methods, *null_maps):
        scores[source], made[source], dead[source] = _scores(record, source, number)
    exclusions, samples = read_exclusions(record), count_samples(record)
    metadata, frame = _metadata(pictures.metadata), _frame(record)
    column = cluster_column(record)
    return Evidence(
        sample=number,
        picture=pictures.sha256,
        label=pictures.label,
        class_index=pictures.class_index,
        area_share=pictures.area_share,
        probability=pictures.probability,
        label_rank=pictures.label_rank,
        predicted=pictures.predicted,
        confidence_of_prediction=pictures.confidence,
        methods=methods,
        null_maps=null_maps,
        null_map_names=frozenset(named[label] for label in null_maps if label in named),
        scores=scores,
        made=made,
        dead=dead,
        exclusions=tuple(sorted(row.reason for row in exclusions)),
        total=samples + sum(row.sample is None for row in exclusions),
        complete=len(read_done(record)) == samples,
        seed=int(_stated(record, "settings", "run", "seed")),
        classes=len(_stated(record, "classes")),
        profile=profile,
        log_odds=log_odds_of(pictures.probability),
        answers=given_answers(read_answers(record), number),
        notes=note_columns(read_notes(record), number),
        cascade=stages_by_method(read_cascade(record)),
        cues=cues_of(read_cues(record)),
        planted=_planted(record),
        experiments=record.identity().get("experiments") or {},
        frame=frame,
        metadata=metadata,
        box=_enclosing(pictures.frame_boxes, frame),
        cluster=metadata.get(column, np.full(len(number), "", dtype=object)) if column else None,
        cluster_column=column,
        cluster_of=_cluster_of(record, column) if column else None,
        forbidden=forbidden_by_source(read_forbidden_shares(record), number),
    )


def cluster_column(record: Record) -> str:
    """The column that the settings name; '' for none."""
    settings = record.identity().get("settings") or {}
    return str((settings.get("data") or {}).get("cluster") or "")


def _cluster_of(record: Record, column: str) -> NDArray[Any]:
    return np.array([str(entries.get(column, "")) for entries in read_samples(record).metadata], dtype=str)


def _metadata(entries: Sequence[Mapping[str, Any]]) -> dict[str, NDArray[Any]]:
    """(n,) by column, from the entries of each picture."""
    columns = sorted({column for entry in entries for column in entry})
    return {c: np.array([str(entry.get(c, "")) for entry in entries], dtype=object) for c in columns}


def _enclosing(stated: Sequence[Sequence[Box]], frame: tuple[int, int] | None) -> Floats | None:
    """(n, 4) as shares of the frame, from the boxes of each picture."""
    if frame is None:
        return None
    found = np.full((len(stated), 4), np.nan)
    for row, boxes in enumerate(stated):
        if boxes:
            corners = np.asarray(boxes, dtype=np.float64)
            found[row] = [*corners[:, :2].min(axis=0), *corners[:, 2:].max(axis=0)]
    height, width = frame
    return found / np.array([width, height, width, height], dtype=np.float64)


def log_odds_of(probability: Floats) -> Floats:
    """log p - log(1 - p), within what double precision can tell; NaN stays."""
    least = np.exp(-MOST_LOG_ODDS)
    p = np.clip(probability, least, 1 - least)
    return np.asarray(np.log(p) - np.log1p(-p))


def _frame(record: Record) -> tuple[int, int] | None:
    stated = record.identity().get("frame")
    return (int(stated[0]), int(stated[1])) if stated else None


def _planted(record: Record) -> Planted | None:
    try:
        return read_planted(record.identity())
    except (KeyError, TypeError, ValueError) as error:
        raise AuditError(
            record.path, f"holds a broken entry 'planted_cue' ({error!r})", "need a record as written by a run", AGAIN
        ) from error


def _scores(
    record: Record, source: str, number: NDArray[np.int64]
) -> tuple[dict[str, Floats], NDArray[np.bool_], NDArray[np.bool_]]:
    """Scores by measure, which maps were made and which of them are dead, each (n,) in the order of `number`."""
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
    return scores, made, dead


def _stated(record: Record, *keys: str) -> Any:
    """One entry of the record's identity."""
    found: Any = record.identity()
    for key in keys:
        if not isinstance(found, Mapping) or key not in found:
            raise AuditError(
                record.path,
                f"does not state {'.'.join(keys)}",
                "need a record as written by a run",
                AGAIN,
            )
        found = found[key]
    return found
