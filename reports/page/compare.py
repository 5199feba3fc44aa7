"""`compare.html`: a candidate against a baseline, and the pictures that turned, with both maps side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audit.files import write_text
from audit.record.map_readers import read_thumbnails
from audit.record.record import Record
from audit.record.sample_readers import Pictures, read_pictures, read_samples
from checks.baseline.maps import MASS
from checks.baseline.result import BETTER, WORSE, Compared, Flip, Kind
from checks.verdict import Finding
from reports.page import images as pictures
from reports.page.context import WORST_FIRST
from reports.page.render import environment, style

MOST_CARDS = 12
"""Of each kind; the other pictures are named."""
MOST_NAMED = 200
MOST_SLICES = 40
ABOUT: dict[Kind, tuple[str, str]] = {
    "hit to miss": (
        "Evidence left the object",
        "With the baseline the object spoke for the label; with the candidate its surroundings say as much, by"
        " experiment.",
    ),
    "right to wrong": ("Now predicted wrong", "The baseline predicts the label, the candidate does not."),
    "miss to hit": (
        "Evidence came to the object",
        "A miss by experiment with the baseline, and none with the candidate.",
    ),
    "wrong to right": ("Now predicted right", "The candidate predicts the label, the baseline does not."),
}


@dataclass(frozen=True)
class Card:
    """One picture that turned. Layers are ids in the page; None where the record keeps no such picture."""

    flip: Flip
    boxes: tuple[tuple[float, float, float, float], ...]
    picture: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Group:
    """The pictures that turned in one way."""

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


@dataclass(frozen=True)
class Interval:
    """A loss between its bounds on a scale from 0 to 100, with no loss and the margin marked."""

    finding: Finding
    advisory: bool
    low: float
    high: float
    at: float
    zero: float
    margin: float


def render_comparison(found: Compared, candidate: Record, baseline: Record | None, out: Path) -> Path:
    """Write the page, and return its path.

    baseline: its record, where there is one; a baseline file keeps no pictures. Raises AuditError where `out` cannot be
    written.
    """
    write_text(out, comparison_page(found, candidate, baseline))
    return out


def comparison_page(found: Compared, candidate: Record, baseline: Record | None) -> str:
    """The page as HTML text."""
    identity = candidate.identity()
    methods = (identity.get("sources") or {}).get("methods") or []
    groups, layers = _groups(found.flips, candidate, baseline, methods[0] if methods else None)
    template = environment().get_template("compare.html.j2")
    return template.render(
        found=found,
        title=(identity.get("settings") or {}).get("title") or "Saliency audit",
        tool=identity.get("tool") or {},
        verdicts=sorted(found.verdicts, key=lambda v: (v.advisory, WORST_FIRST.index(v.outcome))),
        checks=sorted(found.judgement.verdicts, key=lambda v: (v.advisory, WORST_FIRST.index(v.outcome))),
        intervals=_intervals(found),
        slices=found.slices[:MOST_SLICES],
        groups=groups,
        layers=layers,
        method=methods[0] if methods else None,
        both_maps=baseline is not None,
        frame=identity.get("frame") or [224, 224],
        colour_maps=pictures.colour_maps()[:1],
        style=style(),
    )


def _intervals(found: Compared) -> list[Interval]:
    """Every quantity by its loss, all on one scale, which holds twice the margin at least."""
    findings = [
        (finding, verdict.advisory)
        for verdict in found.verdicts
        if verdict.rule in ("evidence_holds", "accuracy_holds", "maps_hold")
        for finding in verdict.findings
        if finding.value is not None and finding.limit is not None and finding.lower is not None
    ]
    bounds = [abs(b) for f, _ in findings for b in (f.lower, f.upper) if b is not None]
    edge = 1.05 * max([*bounds, *(2 * abs(f.limit or 0) for f, _ in findings)], default=1.0)
    return [_interval(finding, advisory, edge) for finding, advisory in findings]


def _interval(finding: Finding, advisory: bool, edge: float) -> Interval:
    sign = -1 if finding.quantity == MASS else 1
    low, high, at, margin = (
        50 + 50 * sign * (value or 0.0) / edge for value in (finding.lower, finding.upper, finding.value, finding.limit)
    )
    return Interval(finding, advisory, min(low, high), max(low, high), at, 50.0, margin)


def _groups(
    flips: Sequence[Flip], candidate: Record, baseline: Record | None, method: str | None
) -> tuple[list[Group], Mapping[str, str]]:
    """The kinds that turned, and data URIs by the ids of their layers."""
    after, measured = read_thumbnails(candidate), read_pictures(candidate)
    before = _by_candidate(candidate, baseline) if baseline is not None else {}
    kinds = {kind: [flip for flip in flips if flip.kind == kind] for kind in (*WORSE, *BETTER)}
    shown = {kind: _shown(found, before, after, method) for kind, found in kinds.items()}
    wanted = {flip.sample: _layers(flip.sample, before, after, method) for found in shown.values() for flip in found}
    encoded = pictures.encode(wanted)
    layers = {f"p{sample}-{layer}": uri for sample, images in encoded.items() for layer, uri in images.items()}
    groups = []
    for kind, found in kinds.items():
        if not found:
            continue
        cards = tuple(_card(flip, measured, layers) for flip in shown[kind])
        rest = tuple(flip for flip in found if flip not in shown[kind])
        title, about = ABOUT[kind]
        evidence = "miss" in kind
        groups.append(
            Group(kind.replace(" ", "-"), title, about, kind in WORSE, len(found), evidence, cards, rest[:MOST_NAMED])
        )
    return groups, layers


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
    found = {"picture": new.get("picture") or old.get("picture")}
    if method is not None:
        found |= {"before": old.get(method), "after": new.get(method)}
    return {layer: png for layer, png in found.items() if png is not None}


def _card(flip: Flip, measured: Pictures, layers: Mapping[str, str]) -> Card:
    place = int(np.searchsorted(measured.number, flip.sample))
    ids: dict[str, Any] = {layer: f"p{flip.sample}-{layer}" for layer in ("picture", "before", "after")}
    return Card(
        flip=flip,
        boxes=measured.frame_boxes[place],
        picture=ids["picture"],
        before=ids["before"] if ids["before"] in layers else None,
        after=ids["after"] if ids["after"] in layers else None,
    )
