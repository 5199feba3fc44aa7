"""What the page tells of the experiments and of the controls, as plain values for the templates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from checks.words import listed
from markupsafe import Markup

from audit.record.record import Record
from checks.table.cells import Miss, judged_by_experiment, missed
from checks.table.evidence import Evidence
from checks.verdict import Finding, Judgement, Outcome, Verdict
from reports.charts import lines as line_charts
from reports.charts import scores as charts
from reports.result.availability import not_run, verdict_of
from reports.result.controls import Cascade, agreements, cascades, detection, planted_strengths
from reports.result.cost import passes, total
from reports.result.cues import crops, cue_summaries
from reports.result.experiments import experiments, halves
from reports.wording.numbers import decimal, short

Values = dict[str, Any]

_WORDS: dict[Outcome | None, str] = {
    Outcome.FAIL: "confirmed",
    Outcome.PASS: "not confirmed",
    Outcome.INCONCLUSIVE: "not confirmed, not ruled out",
    Outcome.INVALID: "not confirmed: no answers",
}


@dataclass(frozen=True)
class Plane:
    """The chart of what each picture's halves say, and its numbers."""

    chart: Markup
    hits: int
    misses: int
    median: float


@dataclass(frozen=True)
class DrawnCascade:
    """One method's curve."""

    method: str
    stages: tuple[Any, ...]
    end: float | None
    chart: Markup


@dataclass(frozen=True)
class DrawnDetector:
    """One detector's curves."""

    detector: str
    limit: float | None
    chart: Markup


def experiment_story(record: Record, found: Evidence, judgement: Judgement, miss: Miss, names: Sequence[str]) -> Values:
    """Every value of the sections on cells, experiments, cues, controls and cost."""
    parts, why = passes(record, found.n), not_run(record, found)
    return {
        "cells": judgement.cells,
        "miss": miss,
        "not_run": why,
        "experiments": experiments(found),
        "plane_chart": _plane(found, miss),
        **_cues(record, found, judgement, names),
        **_controls(found, judgement, miss, why["planted_cue"]),
        **_cascades(record, found, judgement),
        **_agreement(found, judgement),
        "passes": parts,
        "passes_total": total(parts, found.n),
    }


def _plane(found: Evidence, miss: Miss) -> Plane | None:
    both = halves(found, miss.fills)
    judged, off = judged_by_experiment(found), missed(found, miss)
    shown = judged & np.isfinite(both.alone) & np.isfinite(both.surroundings)
    if not shown.any():
        return None
    hits, misses = int((judged & ~off).sum()), int(off.sum())
    median = float(np.median((both.alone - both.surroundings)[shown]))
    title = f"Log-odds of the label for the object alone over those for its surroundings alone: {hits} above the line"
    chart = charts.plane(
        both.surroundings[shown],
        both.alone[shown],
        off[shown],
        miss.min_lead,
        f"{title}, {misses} on it or below.",
        "plane",
    )
    return Plane(chart, hits, misses, median)


def _cues(record: Record, found: Evidence, judgement: Judgement, names: Sequence[str]) -> Values:
    verdict = verdict_of(judgement, "no_shared_hotspot")
    findings = {cue.id: _of_cue(verdict, cue.id) for cue in found.cues}
    outcomes = {number: finding.outcome for number, finding in findings.items() if finding}
    confirmed = [number for number, outcome in outcomes.items() if outcome is Outcome.FAIL]
    background = verdict_of(judgement, "survives_other_background")
    pictures = crops(record)
    return {
        "cues": cue_summaries(found, names),
        "cue_crops": pictures,
        "stamped": next(iter(pictures.get(0, ())), None),
        "confirmed_cues": confirmed,
        "cue_words": {cue.id: _WORDS.get(outcomes.get(cue.id), "not judged by this profile") for cue in found.cues},
        "cue_sentences": {number: finding.sentence for number, finding in findings.items() if finding},
        "placeless": background.sentence if background and background.outcome is Outcome.FAIL and not confirmed else "",
    }


def _of_cue(verdict: Verdict | None, number: int) -> Finding | None:
    """What the rule says of one candidate; its subject is 'cue 1: …'."""
    findings = verdict.findings if verdict else ()
    return next((finding for finding in findings if finding.subject.partition(":")[0] == f"cue {number}"), None)


def _controls(found: Evidence, judgement: Judgement, miss: Miss, not_made: str) -> Values:
    strengths = planted_strengths(found, miss)
    told = detection(found, verdict_of(judgement, "control_is_caught"), not_made)
    drawn = []
    for detector, limit in told.by_detector.items():
        rows = [row for row in strengths if row.detector == detector]
        shares = [row.share for row in rows]
        lines = [
            line_charts.Line("miss", shares, [row.missed for row in rows]),
            line_charts.Line("kept", shares, [row.kept for row in rows]),
            line_charts.Line("blamed", shares, [row.blamed for row in rows]),
        ]
        title = (
            f"{short(detector)} detector: misses, label kept without the object, and blame of the mark over the share"
        )
        chart = line_charts.detection(lines, limit, f"{title} that the mark carries, as in the table.")
        drawn.append(DrawnDetector(detector, limit, chart))
    return {"planted": found.planted, "strengths": strengths, "detections": drawn, "detection_limit": told}


def _cascades(record: Record, found: Evidence, judgement: Judgement) -> Values:
    verdict = verdict_of(judgement, "explainer_is_valid")
    said = [finding for finding in verdict.findings if finding.subject in found.methods] if verdict else []
    taken_out = [finding.subject for finding in said if finding.outcome is not Outcome.PASS]
    limits = [finding.limit for finding in said if finding.limit is not None]
    limit = limits[0] if limits else None
    return {
        "cascades": [_drawn(entry, limit) for entry in cascades(found)],
        "cascade_limit": limit,
        "refused": _refused(record),
        "taken_out": taken_out,
    }


def _refused(record: Record) -> list[tuple[str, str]]:
    """Methods that could make no map of a control's copies, and why."""
    identity = record.identity()
    controls = [identity.get(name) for name in ("randomisation", "planted_cue")]
    return sorted(
        {
            (str(who), str(why))
            for said in controls
            if isinstance(said, dict)
            for who, why in (said.get("refused") or {}).items()
        }
    )


def _drawn(entry: Cascade, limit: float | None) -> DrawnCascade:
    means = [stage.similarity for stage in entry.stages]
    said = listed(decimal(value, 2) for value in means)
    title = f"{short(entry.method)}: similarity after each of {len(means)} stages, {said}."
    return DrawnCascade(entry.method, entry.stages, means[-1], line_charts.cascade(means, limit, title))


def _agreement(found: Evidence, judgement: Judgement) -> Values:
    """The methods' matrix, row by row; None where a method meets itself or was not compared."""
    pairs = {frozenset((entry.one, entry.other)): entry.agreement for entry in agreements(found)}
    rows = [
        (one, [pairs.get(frozenset((one, other))) if one != other else None for other in found.methods])
        for one in found.methods
    ]
    verdict = verdict_of(judgement, "methods_agree")
    return {"agreement_rows": rows if pairs else [], "dissent": verdict.sentence if verdict else ""}
