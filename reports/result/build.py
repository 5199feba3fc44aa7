"""`audit.json`: the whole result for machines. Canonical, so that equal audits are equal files, byte for byte."""

import json
from collections.abc import Iterator

import numpy as np

from audit.record.experiment_readers import read_answers, read_notes
from audit.record.record import Record
from audit.record.sample_readers import read_exclusions, read_pictures
from audit.record.schema import MEASURES, SUBJECT
from checks.table.answers import json_number
from checks.table.cells import Miss, judged_by_experiment, miss_of, missed
from checks.table.evidence import Evidence, evidence
from checks.verdict import Judgement
from reports.result.availability import not_run, verdict_of
from reports.result.boxes import label_values
from reports.result.controls import agreements, cascades, detection, planted_strengths
from reports.result.cost import passes
from reports.result.crosswalk import crosswalk
from reports.result.cues import cue_summaries
from reports.result.experiments import Answer, experiments
from reports.result.forbidden_pixels import forbidden_pixels
from reports.result.schema import (
    SCHEMA_VERSION,
    Audit,
    Controls,
    Excluded,
    Identity,
    OnForbidden,
    Prediction,
    Row,
    Scores,
    Sources,
    Summary,
)
from reports.result.slices import slice_tables
from reports.result.summary import class_name, class_summaries, counts, source_summaries

EXPERIMENT = "experiment"
"""Beside the methods, what says that a picture is right for the wrong reason."""
NOT_IDENTITY = ("gallery", "rehearsal", "schema_version", "sources")


def audit_json(record: Record, judgement: Judgement) -> str:
    """The canonical JSON text of an audit: keys sorted, numbers as Python's repr, NaN as null, ASCII."""
    return text_of(results(record, judgement))


def text_of(audit: Audit) -> str:
    """The same, of an audit that is there already."""
    return _canonical(audit.model_dump(mode="json"))


def json_schema() -> str:
    """The JSON Schema that every `audit.json` fulfils; `audit.schema.json` holds it."""
    schema = Audit.model_json_schema(mode="serialization")
    return _canonical({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def results(record: Record, judgement: Judgement) -> Audit:
    """Everything `audit.json` says, as values."""
    found = evidence(record, judgement.profile)
    miss = miss_of(judgement.profile)
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
        crosswalk=crosswalk(judgement, entries, found),
        experiments=experiments(found),
        forbidden=forbidden_pixels(found),
        cues=cue_summaries(found, entries.classes),
        controls=Controls(
            detection=detection(
                found, verdict_of(judgement, "control_is_caught"), not_run(record, found)["planted_cue"]
            ),
            planted=planted_strengths(found, miss),
            cascades=cascades(found),
            agreements=agreements(found),
        ),
        slices=slice_tables(found),
        labels=label_values(record),
        passes=passes(record, found.n),
        samples=tuple(_rows(record, found, miss, entries.classes)),
        exclusions=exclusions(record),
    )


def identity(record: Record) -> Identity:
    """What went into a record."""
    given = {k: v for k, v in record.identity().items() if k not in NOT_IDENTITY and v is not None}
    return Identity.model_validate(given)


def exclusions(record: Record) -> tuple[Excluded, ...]:
    """Every exclusion, sorted by picture and label."""
    return tuple(
        Excluded(image=row.image, label=row.label, reason=row.reason, detail=row.detail)
        for row in read_exclusions(record)
    )


def _rows(record: Record, found: Evidence, miss: Miss, classes: tuple[str, ...]) -> Iterator[Row]:
    pictures = read_pictures(record)
    sources = (*found.methods, *found.null_maps)
    scores = {source: _scores(found, source) for source in sources}
    misses = {EXPERIMENT: (found.right & missed(found, miss)).tolist()}
    misses |= {method: (found.right & found.miss(method)).tolist() for method in found.methods}
    lead = np.where(judged_by_experiment(found), found.lead(miss.fills), np.nan)
    notes, answers = _notes(record), _answers(record)
    for i, number in enumerate(pictures.number.tolist()):
        target = int(found.class_index[i])
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
            area_share=json_number(found.area_share[i]),
            prediction=_prediction(found, i, classes),
            scores={source: scores[source][i] for source in sources if found.made[source][i]},
            forbidden=_on_forbidden(found, i),
            wrong_reason=tuple(source for source, wrong in misses.items() if wrong[i]),
            answers=answers.get(number, {}),
            lead=json_number(lead[i]),
            metadata=pictures.metadata[i],
            notes=notes.get(number, {}),
        )


def _scores(found: Evidence, source: str) -> list[Scores]:
    values = [found.scores[source][measure].tolist() for measure in MEASURES]
    return [
        Scores(dead=dead, **{m: json_number(v) for m, v in zip(MEASURES, row, strict=True)})
        for dead, *row in zip(found.dead[source].tolist(), *values, strict=True)
    ]


def _on_forbidden(found: Evidence, i: int) -> OnForbidden | None:
    if found.forbidden is None or not np.isfinite(found.forbidden.area[i]):
        return None
    mass = {source: json_number(values[i]) for source, values in found.forbidden.mass.items() if found.made[source][i]}
    return OnForbidden(area_share=float(found.forbidden.area[i]), mass=mass)


def _prediction(found: Evidence, i: int, classes: tuple[str, ...]) -> Prediction:
    predicted, rank = int(found.predicted[i]), found.label_rank[i]
    return Prediction(
        class_index=predicted if predicted >= 0 else None,
        class_name=class_name(classes, predicted) if predicted >= 0 else None,
        confidence=json_number(found.confidence_of_prediction[i]),
        label_probability=json_number(found.probability[i]),
        label_rank=int(rank) if np.isfinite(rank) else None,
        right=bool(found.right[i]),
    )


def _notes(record: Record) -> dict[int, dict[str, dict[str, float | None]]]:
    notes = read_notes(record)
    rows = zip(notes.sample.tolist(), notes.source, notes.name, notes.value.tolist(), strict=True)
    by_sample: dict[int, dict[str, dict[str, float | None]]] = {}
    for sample, source, name, value in rows:
        by_sample.setdefault(sample, {}).setdefault(source, {})[name] = json_number(value)
    return by_sample


def _answers(record: Record) -> dict[int, dict[str, dict[str, Answer]]]:
    answers = read_answers(record)
    columns = (
        answers.sample,
        answers.intervention,
        answers.variant,
        answers.probability,
        answers.log_odds,
        answers.predicted,
    )
    of_model = np.flatnonzero(answers.subject == SUBJECT)
    rows = zip(*(column[of_model].tolist() for column in columns), strict=True)
    by_sample: dict[int, dict[str, dict[str, Answer]]] = {}
    for sample, intervention, variant, probability, log_odds, predicted in rows:
        by_sample.setdefault(sample, {}).setdefault(intervention, {})[variant] = Answer(
            probability=json_number(probability),
            log_odds=json_number(log_odds),
            predicted=predicted if predicted >= 0 else None,
        )
    return by_sample


def _canonical(data: object) -> str:
    return json.dumps(data, sort_keys=True, indent=1, allow_nan=False) + "\n"
