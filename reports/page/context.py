"""What the page shows, arranged from an assessment as plain values for the templates."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from audit.datasets.exclusions import OUTSIDE_SCOPE
from audit.datasets.perceptual_hash import BITS, MOST_BITS
from audit.record.record import Record
from audit.record.sample_readers import read_samples
from checks.conclude import kept_methods
from checks.table.cells import Miss, miss_of
from checks.table.evidence import Evidence
from checks.verdict import Outcome, Verdict
from reports.page import figures
from reports.page.box_audit import label_audit
from reports.page.cue_cards import cue_section
from reports.page.deviations import deviations
from reports.page.dots import numbered_cards
from reports.page.further_numbers import further_numbers
from reports.page.gallery import gallery
from reports.page.methods import experiment_settings, method_settings, null_names, own, repeatable
from reports.page.reliance import reliance
from reports.page.requirements import requirements
from reports.page.strip import strip, worst_cases
from reports.result.assessment import Assessment
from reports.result.availability import not_run
from reports.result.cost import total
from reports.result.earlier_runs import in_words
from reports.result.purpose import purpose
from reports.result.schema import Audit, Excluded, Identity
from reports.result.summary import ClassSummary, class_name
from reports.wording.alterations import BACKGROUND_WORDS, FILL_WORDS
from reports.wording.missing import the_model_lacks
from reports.wording.swapped_properties import swapped_properties
from reports.wording.worded import WordedFinding, WordedJudgement, WordedVerdict
from reports.wording.words import DETECTS

MOST_CLASSES = 20
MOST_EXAMPLES = 5

WORST_FIRST = (Outcome.INVALID, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS)

Values = dict[str, Any]


@dataclass(frozen=True)
class Chance:
    """What the rule behind 'right for the wrong reason' says of a null map: how often it calls a miss by chance."""

    source: str
    count: int
    right: int
    share: float | None


@dataclass(frozen=True)
class Reason:
    """One reason for exclusions."""

    reason: str
    count: int
    outside_scope: bool
    examples: tuple[Excluded, ...]


def page_values(assessment: Assessment) -> Values:
    """Every value that a template may use."""
    record, table, judgement, audit = assessment.record, assessment.table, assessment.judgement, assessment.audit
    identity, miss = audit.identity, miss_of(judgement.profile)
    kept = kept_methods(table.methods, judgement.verdicts)
    checks = worst_first(judgement.verdicts)
    pictures = _pictures_and_cues(assessment, miss, kept)
    return {
        "judgement": judgement,
        "checks": checks,
        "further": further_numbers,
        "requirements": requirements(checks),
        "reliance": reliance(table, judgement.verdicts),
        "identity": identity,
        "model": {"kind": "from Python", "name": "from Python", **{k: v for k, v in identity.model.items() if v}},
        "title": identity.settings.get("title") or "Saliency audit",
        "counts": audit.counts,
        "registered": judgement.registered,
        "earlier_runs": in_words(audit.earlier_runs),
        "purpose": purpose(identity),
        **_dataset(record, identity),
        **_methods(table, identity),
        **_scores(table, audit),
        "kept": kept,
        **_classes(audit.summary.classes),
        "classes_unseen": len(identity.classes) - len(set(table.class_index.tolist())),
        **_kinds_of_pictures(audit, judgement),
        **pictures,
        **_wrong_reasons(table, judgement),
        "cells": judgement.cells,
        "miss": miss,
        "copy_bits": (MOST_BITS, BITS),
        "not_run": not_run(record, table),
        "experiments": audit.experiments,
        "fill_words": FILL_WORDS,
        "back_words": BACKGROUND_WORDS,
        "properties": tuple(swapped_properties().values()),
        "halves": figures.halves_figure(table, miss, numbered_cards(pictures)),
        "regions": judgement.verdict("survives_other_regions"),
        "object_regions": judgement.verdict("survives_other_object_regions"),
        **_controls(record, table, audit, judgement),
        "labels": label_audit(assessment),
        "passes": audit.passes,
        "passes_total": total(audit.passes, audit.counts.measured),
        "deviations": deviations(assessment),
        "reasons": _reasons(audit.exclusions),
        "names": _names(record, judgement.verdicts),
        "crosswalk": audit.crosswalk,
    }


def _pictures_and_cues(assessment: Assessment, miss: Miss, kept: Sequence[str]) -> Values:
    record = assessment.record
    shown, cues = gallery(assessment, miss, kept), cue_section(record, assessment.audit.cues, assessment.judgement)
    first = strip(assessment.table, shown.pop("shown"), worst_cases(record), cues["cue_cards"])
    return {**shown, **cues, "strip": first}


def _kinds_of_pictures(audit: Audit, judgement: WordedJudgement) -> Values:
    return {
        "forbidden": audit.forbidden,
        "forbidden_verdict": judgement.verdict("forbidden_pixels_are_ignored"),
        "slices": audit.slices,
        "domain": audit.domain,
    }


def worst_first(verdicts: Iterable[WordedVerdict]) -> list[WordedVerdict]:
    """Those that decide before those that advise, the worst outcome first; a verdict's findings by quantity."""
    ranked = sorted(verdicts, key=lambda verdict: (verdict.advisory, WORST_FIRST.index(verdict.outcome)))
    return [verdict.model_copy(update={"findings": _by_quantity(verdict.findings)}) for verdict in ranked]


def _by_quantity(findings: Sequence[WordedFinding]) -> tuple[WordedFinding, ...]:
    quantities = [finding.quantity_in_words for finding in findings]
    return tuple(sorted(findings, key=lambda finding: quantities.index(finding.quantity_in_words)))


def _dataset(record: Record, identity: Identity) -> Values:
    """The data set's entries; of the labels their number, and those that go by another name in the model."""
    samples = read_samples(record)
    labels = sorted(set(zip(samples.label.tolist(), samples.class_index.tolist(), strict=True)))
    named = [(label, class_name(identity.classes, index)) for label, index in labels]
    data: Any = identity.settings.get("data") or {}
    return {
        "dataset": {
            **identity.dataset,
            "labels": len(named),
            **{key: data.get(key) for key in ("max_box_share", "min_visible")},
        },
        "renamed": [(label, target) for label, target in named if label != target],
    }


def _methods(table: Evidence, identity: Identity) -> Values:
    methods, null_maps = method_settings(identity, table.methods), null_names(identity, table.null_maps)
    return {
        "methods": table.methods,
        "lacking": the_model_lacks(table.lacking) if table.lacking else "",
        "detects": DETECTS if table.detects else "",
        "repeatable": repeatable(identity, table.left_out),
        "method_settings": methods,
        "null_names": null_maps,
        "own": own([*(method["name"] for method in methods), *null_maps.values()]),
        "random_network": next((label for label, name in null_maps.items() if name == "random_model"), None),
        "experiment_settings": experiment_settings(identity),
    }


def _wrong_reasons(table: Evidence, judgement: WordedJudgement) -> Values:
    """Right for the wrong reason: by the experiment, and beside it by the maps."""
    rows = judgement.right_for_the_wrong_reason
    by_experiment = rows[0] if judgement.cells is not None else None
    by_maps = rows if by_experiment is None else rows[1:]
    return {
        "by_experiment": by_experiment,
        "by_maps": by_maps,
        "unjudged": {row.source: int((table.right & ~table.judged(row.source)).sum()) for row in by_maps},
        "chances": [_chance(table, source) for source in table.null_maps],
    }


def _chance(table: Evidence, source: str) -> Chance:
    right = table.right & table.judged(source)
    n, k = int(right.sum()), int((right & table.miss(source)).sum())
    return Chance(source, k, n, k / n if n else None)


def _scores(table: Evidence, audit: Audit) -> Values:
    return {
        "sources": audit.summary.sources,
        "overview_chart": figures.mass_by_source(table, audit.summary.sources),
        "paired_charts": figures.mass_against_area(table),
    }


def _classes(classes: Sequence[ClassSummary]) -> Values:
    """The classes whose mass lies lowest against their chance, worst first, and how many there are in all."""
    scored = [entry for entry in classes if entry.mass is not None and entry.area_share is not None]
    ranked = sorted(scored, key=lambda entry: ((entry.mass or 0) - (entry.area_share or 0), entry.class_index))
    unscored = [entry for entry in classes if entry not in scored]
    shown = (*ranked, *unscored)[:MOST_CLASSES]
    return {
        "classes": shown,
        "classes_in_all": len(classes),
        "classes_below_chance": sum((entry.mass or 0) < (entry.area_share or 0) for entry in scored),
        "class_chart": figures.mass_by_class(shown),
    }


def _controls(record: Record, table: Evidence, audit: Audit, judgement: WordedJudgement) -> Values:
    controls, agree = audit.controls, judgement.verdict("methods_agree")
    validity = judgement.verdict("explainer_is_valid")
    judged = [finding for finding in validity.findings if finding.key in table.methods] if validity else []
    limit = next((finding.limit for finding in judged if finding.limit is not None), None)
    return {
        "planted": table.planted,
        "strengths": controls.planted,
        "detection_limit": controls.detection,
        "detections": figures.detection_figures(controls.detection, controls.planted),
        "cascades": figures.cascade_figures(controls.cascades, {finding.key: finding for finding in judged}, limit),
        "cascade_limit": limit,
        "taken_out": [finding.key for finding in judged if finding.outcome is not Outcome.PASS],
        "refused": _refused(record),
        "agreement_rows": _agreement(table.methods, audit),
        "dissent": agree.sentence if agree else "",
    }


def _refused(record: Record) -> list[tuple[str, str]]:
    """Methods that could make no map of a control's copies, and why."""
    identity = record.identity()
    controls = [identity.get(name) for name in ("randomisation", "planted_cue")]
    return sorted(
        {
            (str(method), str(why))
            for control in controls
            if isinstance(control, dict)
            for method, why in (control.get("refused") or {}).items()
        }
    )


def _agreement(methods: Sequence[str], audit: Audit) -> list[tuple[str, list[float | None]]]:
    """The methods' matrix, row by row; None where a method meets itself or was not compared. Empty without pairs."""
    pairs = {frozenset((pair.one, pair.other)): pair.agreement for pair in audit.controls.agreements}
    rows = [
        (one, [pairs.get(frozenset((one, other))) if one != other else None for other in methods]) for one in methods
    ]
    return rows if pairs else []


def _reasons(exclusions: Sequence[Excluded]) -> list[Reason]:
    counts = Counter(entry.reason for entry in exclusions)
    return [
        Reason(reason, count, reason in OUTSIDE_SCOPE, _examples(reason, exclusions))
        for reason, count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    ]


def _examples(reason: str, exclusions: Sequence[Excluded]) -> tuple[Excluded, ...]:
    return tuple(entry for entry in exclusions if entry.reason == reason)[:MOST_EXAMPLES]


def _names(record: Record, verdicts: Iterable[Verdict]) -> dict[int, str]:
    """The picture's name for every sample that a finding names."""
    wanted = {sample for verdict in verdicts for finding in verdict.findings for sample in finding.worst}
    samples = read_samples(record)
    return {i: image for i, image in zip(samples.number.tolist(), samples.image, strict=True) if i in wanted}
