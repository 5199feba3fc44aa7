"""`compare.html`: a candidate against a baseline, and the pictures whose answer changed, with both maps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from audit.files import write_text
from audit.record.map_readers import read_thumbnails
from audit.record.record import Record
from audit.record.sample_readers import Pictures, read_pictures, read_samples
from checks.baseline.result import BETTER, WORSE, Flip, Kind
from checks.conclude import kept_methods
from checks.verdict import Direction, Outcome
from reports.charts.loss_intervals import Kind as LossKind
from reports.charts.loss_intervals import Loss, loss_intervals
from reports.page import images as pictures
from reports.page.context import worst_first
from reports.page.mask_outlines import outline_id, outline_paths
from reports.page.render import environment, style
from reports.wording.comparison import WordedComparison
from reports.wording.worded import WordedFinding, WordedVerdict

MOST_CARDS = 12
"""Cards of each kind; the other pictures are named."""
MOST_NAMED = 200
MOST_SLICES = 40
ABOUT: dict[Kind, tuple[str, str]] = {
    "hit to miss": (
        "Evidence left the object",
        "With the baseline, the object supported the label. With the candidate, its surroundings support it at least"
        " as well.",
    ),
    "right to wrong": ("Now predicted wrong", "The baseline predicts the label; the candidate does not."),
    "miss to hit": (
        "Evidence came to the object",
        "By experiment, a miss with the baseline and no miss with the candidate.",
    ),
    "wrong to right": ("Now predicted right", "The candidate predicts the label; the baseline does not."),
}


NAMES = {"evidence_holds": "misses", "accuracy_holds": "accuracy", "maps_hold": ""}
"""Rules whose findings are losses, and what the chart calls them; '' where a finding's subject says it."""
KINDS: dict[Outcome, LossKind] = {Outcome.PASS: "passes", Outcome.FAIL: "fails"}


@dataclass(frozen=True)
class Card:
    """One picture whose answer changed. Layers are ids in the page; None where the record keeps no such picture."""

    flip: Flip
    boxes: tuple[tuple[float, float, float, float], ...]
    outline: str
    """The id of the mask's outline; '' where the boxes are the object."""
    picture: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Group:
    """The pictures whose answer changed in one way."""

    id: str
    title: str
    about: str
    worse: bool
    count: int
    evidence: bool
    """The change is one of the lead, else of the label's probability."""
    cards: tuple[Card, ...]
    named: tuple[Flip, ...]
    """Without a card."""


def render_comparison(comparison: WordedComparison, candidate: Record, baseline: Record | None, out: Path) -> Path:
    """Write the page, and return its path.

    baseline: its record, where there is one; a baseline file keeps no pictures. Raises AuditError where `out` cannot be
    written.
    """
    write_text(out, comparison_page(comparison, candidate, baseline))
    return out


def comparison_page(comparison: WordedComparison, candidate: Record, baseline: Record | None) -> str:
    """The page as HTML text."""
    identity = candidate.identity()
    methods = (identity.get("sources") or {}).get("methods") or []
    kept = kept_methods(methods, comparison.judgement.verdicts)
    groups, layers, outlines = _groups(comparison.flips, candidate, baseline, kept[0] if kept else None)
    template = environment().get_template("compare.html.j2")
    return template.render(
        comparison=comparison,
        title=(identity.get("settings") or {}).get("title") or "Saliency audit",
        tool=identity.get("tool") or {},
        verdicts=worst_first(comparison.verdicts),
        checks=worst_first(comparison.judgement.verdicts),
        losses=_chart(losses(comparison)),
        rows=_rows(comparison),
        slices=comparison.slices[:MOST_SLICES],
        groups=groups,
        layers=layers,
        outlines=outlines,
        method=kept[0] if kept else None,
        both_maps=baseline is not None,
        frame=identity.get("frame") or [224, 224],
        colour_maps=pictures.colour_maps()[:1],
        style=style(),
    )


def losses(comparison: WordedComparison) -> list[Loss]:
    """Every quantity that has bounds and a margin, as a loss."""
    return [
        _loss(verdict, finding)
        for verdict in comparison.verdicts
        if verdict.rule in NAMES
        for finding in verdict.findings
        if finding.value is not None and finding.limit is not None and finding.lower is not None
    ]


def _loss(verdict: WordedVerdict, finding: WordedFinding) -> Loss:
    sign = -1 if finding.better is Direction.HIGHER else 1
    value, margin, one, other = (
        sign * (number or 0.0) for number in (finding.value, finding.limit, finding.lower, finding.upper)
    )
    name = NAMES[verdict.rule] or f"mass, {finding.subject}"
    kind = "advisory" if verdict.advisory or finding.advisory else KINDS.get(finding.outcome, "open")
    return Loss(name, value, min(one, other), max(one, other), margin, kind)


def _chart(rows: Sequence[Loss]) -> Markup | None:
    if not rows:
        return None
    over = sum(row.upper >= row.margin for row in rows)
    title = f"Losses of {len(rows)} quantities between their bounds, as in the table; {over} may exceed the margin."
    return loss_intervals(rows, title, "losses")


def _rows(comparison: WordedComparison) -> list[tuple[WordedFinding, bool]]:
    """The findings of the table, and whether they are advisory."""
    return [
        (finding, verdict.advisory)
        for verdict in comparison.verdicts
        if verdict.rule in NAMES
        for finding in verdict.findings
    ]


def _groups(
    flips: Sequence[Flip], candidate: Record, baseline: Record | None, method: str | None
) -> tuple[list[Group], Mapping[str, str], Mapping[str, str]]:
    """The kinds that turned, data URIs by the ids of their layers, and paths by those of the masks' outlines."""
    after, measured = read_thumbnails(candidate), read_pictures(candidate)
    before = _by_candidate(candidate, baseline) if baseline is not None else {}
    kinds = {kind: [flip for flip in flips if flip.kind == kind] for kind in (*WORSE, *BETTER)}
    shown = {kind: _shown(flips, before, after, method) for kind, flips in kinds.items()}
    wanted = {flip.sample: _layers(flip.sample, before, after, method) for kept in shown.values() for flip in kept}
    encoded = pictures.encode(wanted)
    layers = {f"p{sample}-{layer}": uri for sample, images in encoded.items() for layer, uri in images.items()}
    outlines = outline_paths(candidate, wanted)
    groups = []
    for kind, members in kinds.items():
        if not members:
            continue
        cards = tuple(_card(flip, measured, layers, outlines) for flip in shown[kind])
        rest = tuple(flip for flip in members if flip not in shown[kind])
        title, about = ABOUT[kind]
        evidence = "miss" in kind
        groups.append(
            Group(kind.replace(" ", "-"), title, about, kind in WORSE, len(members), evidence, cards, rest[:MOST_NAMED])
        )
    return groups, layers, outlines


Thumbnails = Mapping[int, Mapping[str, bytes]]


def _by_candidate(candidate: Record, baseline: Record) -> Thumbnails:
    """The baseline's thumbnails by the sample's number in the candidate's record."""
    old, new = (
        dict(zip(zip(samples.image, samples.label, strict=True), samples.number.tolist(), strict=True))
        for samples in (read_samples(baseline), read_samples(candidate))
    )
    thumbnails = read_thumbnails(baseline)
    return {new[key]: thumbnails[number] for key, number in old.items() if number in thumbnails and key in new}


def _shown(flips: Sequence[Flip], before: Thumbnails, after: Thumbnails, method: str | None) -> list[Flip]:
    """Those of which a picture was kept, first those with both maps."""
    kept = [flip for flip in flips if _picture(flip, before, after)]
    return sorted(kept, key=lambda f: not {"before", "after"} <= _layers(f.sample, before, after, method).keys())[
        :MOST_CARDS
    ]


def _picture(flip: Flip, before: Thumbnails, after: Thumbnails) -> bytes | None:
    """The same on either side."""
    return after.get(flip.sample, {}).get("picture") or before.get(flip.sample, {}).get("picture")


def _layers(sample: int, before: Thumbnails, after: Thumbnails, method: str | None) -> dict[str, bytes]:
    old, new = before.get(sample, {}), after.get(sample, {})
    layers = {"picture": new.get("picture") or old.get("picture")}
    if method is not None:
        layers |= {"before": old.get(method), "after": new.get(method)}
    return {layer: png for layer, png in layers.items() if png is not None}


def _card(flip: Flip, measured: Pictures, layers: Mapping[str, str], outlines: Mapping[str, str]) -> Card:
    place = int(np.searchsorted(measured.number, flip.sample))
    ids: dict[str, Any] = {layer: f"p{flip.sample}-{layer}" for layer in ("picture", "before", "after")}
    return Card(
        flip=flip,
        boxes=measured.frame_boxes[place],
        outline=outline_id(flip.sample, outlines),
        picture=ids["picture"],
        before=ids["before"] if ids["before"] in layers else None,
        after=ids["after"] if ids["after"] in layers else None,
    )
