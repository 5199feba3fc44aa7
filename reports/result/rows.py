"""One row for each measured sample: what went in, what the network answered, and how each map lies on the boxes."""

from collections.abc import Iterator, Sequence

import numpy as np
from pydantic import Field

from audit.record.record import Record
from audit.record.sample_readers import read_pictures
from audit.record.schema import MEASURES
from checks.frozen import Frozen
from checks.table.answers import json_number
from checks.table.cells import EXPERIMENT, judged_by_experiment, miss_of, missed
from checks.table.evidence import Evidence
from reports.result.summary import class_name


class Scores(Frozen):
    """One map against the boxes. Every score is null where the map is dead."""

    dead: bool
    mass: float | None
    lift: float | None
    rank: float | None
    pointing: float | None
    auc: float | None


class OnForbidden(Frozen):
    """What of one picture is forbidden, and what of its maps lies on it."""

    area_share: float
    mass: dict[str, float | None] = Field(description="by source; null where its map is dead")


class Prediction(Frozen):
    """What the model answered. Null where it yielded no number."""

    class_index: int | None
    class_name: str | None
    confidence: float | None = Field(description="probability of the predicted class")
    label_probability: float | None
    label_rank: int | None = Field(description="1 where the label is the prediction")
    right: bool


class Row(Frozen):
    """One measured sample: a picture and one of its labels."""

    sample: int
    image: str = Field(description="path below the picture folder")
    label: str = Field(description="the data set's own word")
    class_index: int
    class_name: str
    picture_sha256: str
    boxes: tuple[tuple[float, float, float, float], ...] = Field(
        description="x0, y0, x1, y1 in the network's frame, half-open"
    )
    picture_size: tuple[int, int] = Field(description="width and height of the picture, in its own pixels")
    picture_boxes: tuple[tuple[float, float, float, float], ...] = Field(
        description="x0, y0, x1, y1 in pixels of the picture, half-open"
    )
    area_share: float | None = Field(description="share of the frame that the boxes cover")
    prediction: Prediction
    scores: dict[str, Scores] = Field(description="by source; a source that made no map here is left out")
    forbidden: OnForbidden | None = Field(description="null where the picture has no forbidden pixels")
    wrong_reason: tuple[str, ...] = Field(
        description="'experiment', and the methods whose maps are evidence, under which it is right for the wrong"
        " reason"
    )
    lead: float | None = Field(
        description="log-odds of the label for the object alone less those for its surroundings alone, by the"
        " fill that favours the object most; null where not judged"
    )
    metadata: dict[str, str] = Field(description="what the annotations say besides label and box, as a scenario")


def rows(record: Record, evidence: Evidence, classes: tuple[str, ...], kept: Sequence[str]) -> Iterator[Row]:
    """In the order of the samples' numbers. classes: the model's names. kept: the methods whose maps are evidence."""
    pictures = read_pictures(record)
    miss = miss_of(evidence.profile)
    sources = (*evidence.methods, *evidence.null_maps)
    scores = {source: _scores(evidence, source) for source in sources}
    misses = {EXPERIMENT: (evidence.right & missed(evidence, miss)).tolist()}
    misses |= {method: (evidence.right & evidence.miss(method)).tolist() for method in kept}
    lead = np.where(judged_by_experiment(evidence), evidence.lead(miss.fills), np.nan)
    for i, number in enumerate(pictures.number.tolist()):
        target = int(evidence.class_index[i])
        width, height = pictures.size[i].tolist()
        yield Row(
            sample=number,
            image=pictures.image[i],
            label=pictures.label[i],
            class_index=target,
            class_name=class_name(classes, target),
            picture_sha256=pictures.sha256[i],
            boxes=pictures.frame_boxes[i],
            picture_size=(width, height),
            picture_boxes=pictures.boxes[i],
            area_share=json_number(evidence.area_share[i]),
            prediction=_prediction(evidence, i, classes),
            scores={source: scores[source][i] for source in sources if evidence.made[source][i]},
            forbidden=_on_forbidden(evidence, i),
            wrong_reason=tuple(source for source, wrong in misses.items() if wrong[i]),
            lead=json_number(lead[i]),
            metadata=pictures.metadata[i],
        )


def _scores(evidence: Evidence, source: str) -> list[Scores]:
    values = [evidence.scores[source][measure].tolist() for measure in MEASURES]
    return [
        Scores(dead=dead, **{m: json_number(v) for m, v in zip(MEASURES, row, strict=True)})
        for dead, *row in zip(evidence.dead[source].tolist(), *values, strict=True)
    ]


def _on_forbidden(evidence: Evidence, i: int) -> OnForbidden | None:
    forbidden = evidence.forbidden
    if forbidden is None or not np.isfinite(forbidden.area[i]):
        return None
    mass = {source: json_number(values[i]) for source, values in forbidden.mass.items() if evidence.made[source][i]}
    return OnForbidden(area_share=float(forbidden.area[i]), mass=mass)


def _prediction(evidence: Evidence, i: int, classes: tuple[str, ...]) -> Prediction:
    predicted, rank = int(evidence.predicted[i]), evidence.label_rank[i]
    return Prediction(
        class_index=predicted if predicted >= 0 else None,
        class_name=class_name(classes, predicted) if predicted >= 0 else None,
        confidence=json_number(evidence.confidence_of_prediction[i]),
        label_probability=json_number(evidence.probability[i]),
        label_rank=int(rank) if np.isfinite(rank) else None,
        right=predicted == int(evidence.class_index[i]),
    )
