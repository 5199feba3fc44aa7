"""The values of `audit.json`, built once from record, table and judgement; every format renders them."""

from collections.abc import Sequence

from audit.datasets.exclusions import OUTSIDE_SCOPE
from audit.record.record import Record
from audit.record.sample_readers import pictures_sha256, read_exclusions
from checks.conclude import kept_methods
from checks.table.cells import miss_of
from checks.table.evidence import Evidence
from reports.result.availability import not_run
from reports.result.box_table import read_boxes
from reports.result.boxes import label_values
from reports.result.controls import agreements, cascades, detection, planted_strengths
from reports.result.cost import passes
from reports.result.crosswalk import crosswalk
from reports.result.cues import cue_summaries
from reports.result.domain import domain_coverage
from reports.result.earlier_runs import earlier_runs
from reports.result.experiments import experiments
from reports.result.forbidden_pixels import forbidden_pixels
from reports.result.rows import rows
from reports.result.schema import SCHEMA_VERSION, Audit, Controls, Excluded, Identity, Sources, Summary
from reports.result.slices import slice_tables
from reports.result.summary import class_summaries, counts, source_summaries
from reports.result.traceability import traces
from reports.wording.worded import WordedJudgement

NOT_IDENTITY = ("cases", "gallery", "ledger", "rehearsal", "schema_version", "seal", "sources")


def build(record: Record, evidence: Evidence, judgement: WordedJudgement) -> Audit:
    """Everything that `audit.json` holds. evidence: the record's table, by which it was judged."""
    entries, kept = identity(record), kept_methods(evidence.methods, judgement.verdicts)
    earlier = earlier_runs(record.identity(), judgement.limits_sha256)
    return Audit(
        schema_version=SCHEMA_VERSION,
        outcome=judgement.outcome,
        sentence=judgement.sentence,
        judgement=judgement,
        earlier_runs=earlier,
        traceability=traces(judgement.verdicts),
        identity=entries,
        pictures_sha256=pictures_sha256(record),
        sources=Sources(methods=evidence.methods, null_maps=evidence.null_maps),
        counts=counts(evidence),
        summary=_summary(evidence, entries.classes, kept),
        crosswalk=crosswalk(judgement, entries, evidence, earlier),
        experiments=experiments(evidence),
        forbidden=forbidden_pixels(evidence),
        cues=cue_summaries(evidence, entries.classes),
        controls=_controls(record, evidence, judgement),
        slices=slice_tables(evidence),
        domain=domain_coverage(evidence),
        labels=label_values(read_boxes(record)),
        passes=passes(record, evidence.n),
        samples=tuple(rows(record, evidence, entries.classes, kept)),
        exclusions=exclusions(record),
    )


def identity(record: Record) -> Identity:
    """What went into a record."""
    entries = {k: v for k, v in record.identity().items() if k not in NOT_IDENTITY and v is not None}
    return Identity.model_validate(entries)


def exclusions(record: Record) -> tuple[Excluded, ...]:
    """Every exclusion, sorted by picture and label."""
    return tuple(
        Excluded(
            image=row.image,
            label=row.label,
            reason=row.reason,
            detail=row.detail,
            outside_scope=row.reason in OUTSIDE_SCOPE,
        )
        for row in read_exclusions(record)
    )


def _summary(evidence: Evidence, names: tuple[str, ...], kept: Sequence[str]) -> Summary:
    classes = class_summaries(evidence, kept[0] if kept else None, names) if evidence.methods else ()
    return Summary(sources=source_summaries(evidence), classes=classes)


def _controls(record: Record, evidence: Evidence, judgement: WordedJudgement) -> Controls:
    return Controls(
        detection=detection(evidence, judgement.verdict("control_is_caught"), not_run(record, evidence)["planted_cue"]),
        planted=planted_strengths(evidence, miss_of(evidence.profile)),
        cascades=cascades(evidence),
        agreements=agreements(evidence),
    )
