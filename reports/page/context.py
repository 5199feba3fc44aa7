"""What the page tells, gathered from the record and the judgement as plain values for the templates."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from audit.record.record import Record
from audit.record.sample_readers import read_samples
from checks.table.cells import miss_of
from checks.table.evidence import Evidence, evidence
from checks.verdict import Finding, Judgement, Outcome, Verdict
from reports.charts import scores as charts
from reports.page.box_audit import label_audit
from reports.page.deviations import deviations
from reports.page.experiments import experiment_story
from reports.page.gallery import gallery
from reports.page.methods import experiment_settings, method_settings, null_names, own
from reports.page.requirements import requirements
from reports.result.availability import verdict_of
from reports.result.build import exclusions, identity
from reports.result.crosswalk import crosswalk
from reports.result.forbidden_pixels import forbidden_pixels
from reports.result.purpose import purpose
from reports.result.schema import Excluded, Identity
from reports.result.slices import slice_tables
from reports.result.summary import (
    ClassSummary,
    SourceSummary,
    class_name,
    class_summaries,
    counts,
    source_summaries,
    usable,
)
from reports.wording.numbers import short

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
    examples: tuple[Excluded, ...]


def story(record: Record, judgement: Judgement) -> Values:
    """Every value that a template may use."""
    found, what = evidence(record, judgement.profile), identity(record)
    miss = miss_of(judgement.profile)
    sources = source_summaries(found)
    by_class = class_summaries(found, found.methods[0], what.classes) if found.methods else ()
    left_out = exclusions(record)
    methods = method_settings(what, found.methods)
    null_maps = null_names(what, found.null_maps)
    return {
        "judgement": judgement,
        "checks": checks_told(judgement),
        "identity": what,
        "model": {"kind": "from Python", "name": "from Python", **{k: v for k, v in what.model.items() if v}},
        "title": what.settings.get("title") or "Saliency audit",
        "counts": counts(found),
        **_dataset(record, what),
        "methods": found.methods,
        "null_maps": found.null_maps,
        "null_names": null_maps,
        "own": own([*(method["name"] for method in methods), *null_maps.values()]),
        "unjudged": {method: int((found.right & ~found.judged(method)).sum()) for method in found.methods},
        "chances": [_chance(found, source) for source in found.null_maps],
        "random_network": next((label for label, name in null_maps.items() if name == "random_model"), None),
        "registered": judgement.registered,
        "method_settings": methods,
        "experiment_settings": experiment_settings(what),
        "sources": sources,
        **_score_charts(found, sources),
        **_classes(by_class),
        "forbidden": forbidden_pixels(found),
        "forbidden_verdict": verdict_of(judgement, "forbidden_pixels_are_ignored"),
        "slices": slice_tables(found),
        **gallery(record, found, miss, what.classes),
        **experiment_story(record, found, judgement, miss, what.classes),
        **_wrong_reasons(found, judgement),
        "purpose": purpose(what),
        "requirements": requirements(checks_told(judgement), judgement.profile),
        "labels": label_audit(record),
        "classes_unseen": len(what.classes) - len(set(found.class_index.tolist())),
        "deviations": deviations(what, found, judgement),
        "reasons": _reasons(left_out),
        "names": _names(record, judgement),
        "crosswalk": crosswalk(judgement, what, found),
    }


def checks_told(judgement: Judgement) -> list[Verdict]:
    """Those that decide before those that advise, the worst outcome first; a verdict's findings by quantity."""
    told = sorted(judgement.verdicts, key=lambda verdict: (verdict.advisory, WORST_FIRST.index(verdict.outcome)))
    return [verdict.model_copy(update={"findings": _by_quantity(verdict.findings)}) for verdict in told]


def _by_quantity(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    quantities = [finding.quantity for finding in findings]
    return tuple(sorted(findings, key=lambda finding: quantities.index(finding.quantity)))


def _wrong_reasons(found: Evidence, judgement: Judgement) -> Values:
    """Right for the wrong reason: by the experiment, and beside it by the maps."""
    told = judgement.right_for_the_wrong_reason
    by_maps = told[-len(found.methods) :] if found.methods else ()
    return {"by_experiment": told[0] if len(told) > len(by_maps) else None, "by_maps": by_maps}


def _dataset(record: Record, what: Identity) -> Values:
    """The data set's entries; of the labels their number, and those that go by another name in the model."""
    samples = read_samples(record)
    labels = sorted(set(zip(samples.label.tolist(), samples.class_index.tolist(), strict=True)))
    named = [(label, class_name(what.classes, index)) for label, index in labels]
    data: Any = what.settings.get("data") or {}
    return {
        "dataset": {
            **what.dataset,
            "labels": len(named),
            **{key: data.get(key) for key in ("max_box_share", "min_visible")},
        },
        "renamed": [(label, target) for label, target in named if label != target],
    }


def _chance(found: Evidence, source: str) -> Chance:
    right = found.right & found.judged(source)
    n, k = int(right.sum()), int((right & found.miss(source)).sum())
    return Chance(source, k, n, k / n if n else None)


def _score_charts(found: Evidence, sources: Sequence[SourceSummary]) -> Values:
    rows = [
        charts.Spread(source.source, found.scores[source.source]["mass"][usable(found, source.source)], source.kind)
        for source in sources
        if source.n
    ]
    shares = found.area_share[np.isfinite(found.area_share)]
    overview = None
    if rows and len(shares):
        title = f"Spread of the relevance mass for {len(rows)} sources; the table below has the numbers."
        overview = charts.spreads(rows, float(shares.mean()), title, "spread")
    return {"overview_chart": overview, "paired_charts": _paired_charts(found)}


def _paired_charts(found: Evidence) -> list[tuple[str, Markup]]:
    """One for each method that has a map to show, all of them on one scale."""
    drawn = []
    for method in found.methods:
        chosen = usable(found, method) & np.isfinite(found.area_share)
        if chosen.any():
            drawn.append((method, found.scores[method]["mass"][chosen], found.area_share[chosen]))
    edge = min(1.0, 1.05 * max((float(max(mass.max(), area.max())) for _, mass, area in drawn), default=1.0) + 1e-6)
    told = []
    for number, (method, mass, area) in enumerate(drawn):
        under = int((mass < area).sum())
        title = f"{short(method)}: relevance mass over area share; {under} of {len(mass)} pictures lie below the line."
        told.append((method, charts.against_area(mass, area, edge, title, f"pair{number}")))
    return told


def _classes(by_class: Sequence[ClassSummary]) -> Values:
    """The classes whose mass lies lowest against their chance, worst first, and how many there are in all."""
    scored = [c for c in by_class if c.mass is not None and c.area_share is not None]
    ranked = sorted(scored, key=lambda c: ((c.mass or 0) - (c.area_share or 0), c.class_index))
    unscored = [c for c in by_class if c not in scored]
    shown = (*ranked, *unscored)[:MOST_CLASSES]
    pairs = [
        charts.Pair(c.name, c.mass, c.area_share) for c in shown if c.mass is not None and c.area_share is not None
    ]
    chart = None
    if len(pairs) > 1:
        chart = charts.classes(
            pairs, f"Mean relevance mass and chance of {len(pairs)} classes, as in the table.", "class"
        )
    return {
        "classes": shown,
        "classes_in_all": len(by_class),
        "classes_below_chance": sum((c.mass or 0) < (c.area_share or 0) for c in scored),
        "class_chart": chart,
    }


def _reasons(left_out: Sequence[Excluded]) -> list[Reason]:
    found = Counter(entry.reason for entry in left_out)
    return [
        Reason(reason, count, tuple(e for e in left_out if e.reason == reason)[:MOST_EXAMPLES])
        for reason, count in sorted(found.items(), key=lambda entry: (-entry[1], entry[0]))
    ]


def _names(record: Record, judgement: Judgement) -> dict[int, str]:
    """The picture's name for every sample that a finding names."""
    wanted = {sample for verdict in judgement.verdicts for finding in verdict.findings for sample in finding.worst}
    samples = read_samples(record)
    return {i: image for i, image in zip(samples.number.tolist(), samples.image, strict=True) if i in wanted}
