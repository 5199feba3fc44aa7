"""The record as columns, the form in which rules read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.errors import AuditError
from audit.record import MEASURES, Record

Floats = NDArray[np.float64]
AGAIN = "Run the audit again."


@dataclass(frozen=True, eq=False)
class Evidence:
    """Arrays over the n measured samples, in the order of their numbers. NaN where a map was dead or not made.

    scores[source][measure]: (n,), measures as in `audit.record.MEASURES`. A source is a method's or a null map's label.
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
    confidence: float
    """Of every bound, from the profile."""
    seed: int
    classes: int
    """How many the network knows."""

    @property
    def n(self) -> int:
        return len(self.sample)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Predicted right."""
        return np.asarray(self.predicted == self.class_index)

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


def evidence(record: Record, confidence: float) -> Evidence:
    """Read a record. Raises AuditError where it does not say what was run."""
    pictures = record.columns(
        "SELECT p.sample, p.sha256, s.label, s.class, p.area_share, p.probability, p.label_rank, p.predicted,"
        " p.confidence FROM picture p JOIN sample s ON s.id = p.sample ORDER BY p.sample"
    )
    methods = tuple(_stated(record, "sources", "methods"))
    null_maps = tuple(_stated(record, "sources", "null_maps"))
    named = {entry["label"]: entry["name"] for entry in _stated(record, "settings", "saliency", "null_maps")}
    number = pictures["sample"].astype(np.int64)
    scores: dict[str, dict[str, Floats]] = {}
    made: dict[str, NDArray[np.bool_]] = {}
    dead: dict[str, NDArray[np.bool_]] = {}
    for source in (*methods, *null_maps):
        scores[source], made[source], dead[source] = _scores(record, source, number)
    reasons = tuple(record.columns("SELECT reason FROM exclusion ORDER BY reason")["reason"].tolist())
    samples = int(record.columns("SELECT count(*) AS n FROM sample")["n"][0])
    left_out = int(record.columns("SELECT count(*) AS n FROM exclusion WHERE sample IS NULL")["n"][0])
    return Evidence(
        sample=number,
        picture=pictures["sha256"],
        label=pictures["label"],
        class_index=pictures["class"].astype(np.int64),
        area_share=pictures["area_share"].astype(np.float64),
        probability=pictures["probability"].astype(np.float64),
        label_rank=pictures["label_rank"].astype(np.float64),
        predicted=np.nan_to_num(pictures["predicted"].astype(np.float64), nan=-1).astype(np.int64),
        confidence_of_prediction=pictures["confidence"].astype(np.float64),
        methods=methods,
        null_maps=null_maps,
        null_map_names=frozenset(named[label] for label in null_maps if label in named),
        scores=scores,
        made=made,
        dead=dead,
        exclusions=reasons,
        total=samples + left_out,
        complete=len(record.done()) == samples,
        confidence=confidence,
        seed=int(_stated(record, "settings", "run", "seed")),
        classes=len(_stated(record, "classes")),
    )


def _scores(
    record: Record, source: str, number: NDArray[np.int64]
) -> tuple[dict[str, Floats], NDArray[np.bool_], NDArray[np.bool_]]:
    """Scores by measure, which maps were made and which of them are dead, each (n,) in the order of `number`."""
    found = record.columns(
        f"SELECT sample, dead, {', '.join(MEASURES)} FROM score WHERE source = ? ORDER BY sample", (source,)
    )
    if not np.isin(found["sample"], number).all():
        raise AuditError(
            record.path, f"has scores of {source} without a picture", "need a record as a run writes it", AGAIN
        )
    place = np.searchsorted(number, found["sample"].astype(np.int64))
    made, dead = np.zeros(len(number), bool), np.zeros(len(number), bool)
    made[place], dead[place] = True, found["dead"].astype(bool)
    scores = {measure: np.full(len(number), np.nan) for measure in MEASURES}
    for measure in MEASURES:
        scores[measure][place] = found[measure].astype(np.float64)
    return scores, made, dead


def _stated(record: Record, *keys: str) -> Any:
    """One entry of the record's identity."""
    found: Any = record.identity()
    for key in keys:
        if not isinstance(found, Mapping) or key not in found:
            raise AuditError(
                record.path,
                f"does not state {'.'.join(keys)}",
                "need a record as a run writes it",
                AGAIN,
            )
        found = found[key]
    return found
