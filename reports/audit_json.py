"""`audit.json`: the whole result for machines. Canonical, so that equal audits are equal files, byte for byte."""

import json
from collections.abc import Iterator

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from audit.record import MEASURES, Record
from checks.evidence import Evidence, evidence
from checks.verdict import Frozen, Judgement, Outcome
from reports.summary import (
    ClassSummary,
    Counts,
    SourceSummary,
    class_name,
    class_summaries,
    counts,
    source_summaries,
)

SCHEMA_VERSION = 1
NOT_IDENTITY = ("gallery", "schema_version", "sources")


class Identity(BaseModel):
    """What went into the audit, as the run recorded it. A later version may add entries."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)

    tool: dict[str, JsonValue] = Field(description="name and version of the program that made the record")
    model: dict[str, JsonValue] = Field(description="kind, name, weights, and state_sha256 over all weights")
    classes: tuple[str, ...] = Field(description="class names in the order of the model's outputs")
    dataset: dict[str, JsonValue] = Field(description="format, SHA-256 of each annotation file, counts")
    settings: dict[str, JsonValue] = Field(description="the settings as validated")
    preprocessing: dict[str, JsonValue] = Field(default={}, description="how a picture becomes the network's input")
    frame: tuple[int, int] | None = Field(None, description="height and width of the network's input")
    profile: dict[str, JsonValue] = Field(default={}, description="the limits that were hashed into the record")
    versions: dict[str, JsonValue] = Field(default={}, description="versions of the packages that the numbers rest on")
    device: str | None = Field(None, description="kind of device that the network ran on")
    per_run: dict[str, JsonValue] = Field(default={}, description="what methods chose, as the layer of Grad-CAM")
    finished: dict[str, JsonValue] | None = Field(None, description="set at the end of a run; null where it broke off")


class Sources(Frozen):
    """Where the maps come from."""

    methods: tuple[str, ...] = Field(description="labels of the saliency methods, in the settings' order")
    null_maps: tuple[str, ...] = Field(description="labels of the null maps, which know nothing of the model")


class Scores(Frozen):
    """One map against the boxes. Every score is null where the map is dead."""

    dead: bool
    mass: float | None
    lift: float | None
    rank: float | None
    pointing: float | None
    auc: float | None


class Prediction(Frozen):
    """What the model answered."""

    class_index: int
    class_name: str
    confidence: float | None = Field(description="probability of the predicted class")
    label_probability: float | None
    label_rank: int | None = Field(description="0 where the label is the prediction")
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
    area_share: float | None = Field(description="share of the frame that the boxes cover")
    prediction: Prediction
    scores: dict[str, Scores] = Field(description="by source; a source that made no map here is left out")
    wrong_reason: tuple[str, ...] = Field(description="methods under which it is right for the wrong reason")
    notes: dict[str, dict[str, float | None]] = Field(description="further numbers of a method, by source")


class Excluded(Frozen):
    """A sample that left the audit."""

    image: str
    label: str
    reason: str
    detail: str


class Summary(Frozen):
    """Means, so that nobody has to add up the samples."""

    sources: tuple[SourceSummary, ...]
    classes: tuple[ClassSummary, ...] = Field(description="by the first method of the settings")


class Audit(Frozen):
    """The result of one audit: what went in, what was measured, what it means."""

    schema_version: int = Field(description="of this file's form")
    outcome: Outcome
    sentence: str = Field(description="the verdict in one plain sentence")
    judgement: Judgement
    identity: Identity
    sources: Sources
    counts: Counts
    summary: Summary
    samples: tuple[Row, ...]
    exclusions: tuple[Excluded, ...]


def audit_json(record: Record, judgement: Judgement) -> str:
    """The canonical JSON text of an audit: keys sorted, numbers as Python's repr, NaN as null, ASCII, newline at the end."""
    return _canonical(results(record, judgement).model_dump(mode="json"))


def json_schema() -> str:
    """The JSON Schema that every `audit.json` fulfils; `audit.schema.json` holds it."""
    schema = Audit.model_json_schema(mode="serialization")
    return _canonical({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def results(record: Record, judgement: Judgement) -> Audit:
    """Everything `audit.json` says, as values."""
    found = evidence(record, judgement.profile.confidence)
    entries = identity(record)
    classes = class_summaries(found, found.methods[0], entries.classes) if found.methods else ()
    return Audit(
        schema_version=SCHEMA_VERSION,
        outcome=judgement.outcome,
        sentence=judgement.sentence,
        judgement=judgement,
        identity=entries,
        sources=Sources(methods=found.methods, null_maps=found.null_maps),
        counts=counts(found),
        summary=Summary(sources=source_summaries(found), classes=classes),
        samples=tuple(_rows(record, found, entries.classes)),
        exclusions=exclusions(record),
    )


def identity(record: Record) -> Identity:
    """What went into a record."""
    return Identity.model_validate({k: v for k, v in record.identity().items() if k not in NOT_IDENTITY})


def exclusions(record: Record) -> tuple[Excluded, ...]:
    """Every exclusion, sorted by picture and label."""
    found = record.columns("SELECT image, label, reason, detail FROM exclusion ORDER BY image, label")
    return tuple(Excluded(**dict(zip(found, row, strict=True))) for row in zip(*found.values(), strict=True))


def _rows(record: Record, found: Evidence, classes: tuple[str, ...]) -> Iterator[Row]:
    columns = record.columns(
        "SELECT p.sample, s.image, s.label, p.sha256, p.frame_boxes"
        " FROM picture p JOIN sample s ON s.id = p.sample ORDER BY p.sample"
    )
    sources = (*found.methods, *found.null_maps)
    scores = {source: _scores(found, source) for source in sources}
    misses = {method: (found.right & found.miss(method)).tolist() for method in found.methods}
    notes = _notes(record)
    for i, (number, image, label, sha256, boxes) in enumerate(zip(*columns.values(), strict=True)):
        target = int(found.class_index[i])
        yield Row(
            sample=int(number),
            image=image,
            label=label,
            class_index=target,
            class_name=class_name(classes, target),
            picture_sha256=sha256,
            boxes=json.loads(boxes),
            area_share=_number(found.area_share[i]),
            prediction=_prediction(found, i, classes),
            scores={source: scores[source][i] for source in sources if found.made[source][i]},
            wrong_reason=tuple(method for method in found.methods if misses[method][i]),
            notes=notes.get(int(number), {}),
        )


def _scores(found: Evidence, source: str) -> list[Scores]:
    values = [found.scores[source][measure].tolist() for measure in MEASURES]
    return [
        Scores(dead=dead, **{m: _number(v) for m, v in zip(MEASURES, row, strict=True)})
        for dead, *row in zip(found.dead[source].tolist(), *values, strict=True)
    ]


def _prediction(found: Evidence, i: int, classes: tuple[str, ...]) -> Prediction:
    predicted, rank = int(found.predicted[i]), found.label_rank[i]
    return Prediction(
        class_index=predicted,
        class_name=class_name(classes, predicted),
        confidence=_number(found.confidence_of_prediction[i]),
        label_probability=_number(found.probability[i]),
        label_rank=int(rank) if np.isfinite(rank) else None,
        right=bool(found.right[i]),
    )


def _notes(record: Record) -> dict[int, dict[str, dict[str, float | None]]]:
    found = record.columns("SELECT sample, source, name, value FROM note ORDER BY sample, source, name")
    notes: dict[int, dict[str, dict[str, float | None]]] = {}
    for sample, source, title, value in zip(*found.values(), strict=True):
        notes.setdefault(int(sample), {}).setdefault(source, {})[title] = _number(value)
    return notes


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _canonical(data: object) -> str:
    return json.dumps(data, sort_keys=True, indent=1, allow_nan=False) + "\n"
