"""The cards of the gallery: each of its pictures, with what the experiment and the maps say of it."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.record.altered_layers import read_layer
from audit.record.map_readers import read_thumbnails
from checks.table.cells import Miss, judged_by_experiment, missed
from checks.table.evidence import Evidence
from reports.page import images as pictures
from reports.page.altered_frames import Frame, altered_frames
from reports.page.gallery_groups import by_maps, case_groups, gallery_groups
from reports.page.mask_outlines import outline_id, outline_paths
from reports.page.strip import Shown
from reports.result.assessment import Assessment
from reports.result.experiments import Halves, halves
from reports.result.rows import Row
from reports.result.summary import class_name, mean

MOST_EXAMPLES = 4
_HASH = re.compile("[0-9a-fA-F]{32,}")


class ByExperiment(NamedTuple):
    """What the experiment says of every picture."""

    halves: Halves
    judged: NDArray[np.bool_]
    missed: NDArray[np.bool_]


@dataclass(frozen=True)
class Panel:
    """One method's map of one picture."""

    source: str
    layer: str | None
    """Id of the map in the page; None where the map is dead or was not kept."""
    dead: bool
    kept: bool
    """The method's maps are evidence."""
    mass: float
    auc: float
    rank: float
    pointing: float


@dataclass(frozen=True)
class Card:
    """One picture of the gallery."""

    sample: int
    image: str
    label: str
    label_class: str
    predicted: str | None
    """None where the network yielded no number."""
    right: bool
    wrong_reason: bool
    """By the experiment; where it was not judged, by the map of the first method whose maps are evidence."""
    missed: bool | None
    """By the experiment; None where it was not judged."""
    missed_by: tuple[str, ...]
    """Methods whose map is a miss, of those whose maps are evidence."""
    alone: float
    """What the object alone says for the label, in log-odds. NaN where not asked."""
    surroundings: float
    confidence: float
    probability: float
    area_share: float
    mean_auc: float
    """Over the methods whose maps are evidence, where they are not dead. NaN where there is none."""
    metadata: dict[str, str]
    """Without hashes, which tell a reader nothing."""
    boxes: tuple[tuple[float, float, float, float], ...]
    outline: str
    """The id of the mask's outline; '' where the boxes are the object."""
    panels: tuple[Panel, ...]
    altered: tuple[Frame, ...]


def gallery(assessment: Assessment, miss: Miss, kept: Sequence[str]) -> dict[str, Any]:
    """What the gallery's template needs. Empty where the run kept no pictures. kept: whose maps are evidence."""
    record, table = assessment.record, assessment.table
    chosen, cases = (record.identity().get(key) or {} for key in ("gallery", "cases"))
    thumbnails = read_thumbnails(record)
    rows = {row.sample: row for row in assessment.audit.samples}
    altered = {sample for sample, layers in thumbnails.items() if any(map(read_layer, layers))}
    wanted = {sample for members in (*chosen.values(), *cases.values()) for sample in members} | altered
    encoded = pictures.encode(
        {
            sample: {k: v for k, v in thumbnails[sample].items() if k in ("picture", *table.methods) or read_layer(k)}
            for sample in sorted(wanted & thumbnails.keys() & rows.keys())
        }
    )
    experiment = ByExperiment(halves(table, miss.fills), judged_by_experiment(table), missed(table, miss))
    ids = {sample: {name: f"p{sample}-{i}" for i, name in enumerate(images)} for sample, images in encoded.items()}
    classes = assessment.audit.identity.classes
    cards = {sample: _card(rows[sample], (table, kept), experiment, classes, ids[sample]) for sample in encoded}
    outlines = outline_paths(record, cards)
    cards = {sample: replace(card, outline=outline_id(sample, outlines)) for sample, card in cards.items()}
    groups = gallery_groups(chosen, {s: c.mean_auc for s, c in cards.items()}, cards, (table.methods, kept))
    first = case_groups(cases, cards)
    seen = {card.sample for group in first for card in group.cards}
    others = by_maps(groups, seen) if first else []
    linked = seen | {card.sample for group in others or groups for card in group.cards}
    return {
        "frame": record.identity().get("frame") or [224, 224],
        "layers": {ids[sample][name]: uri for sample, images in encoded.items() for name, uri in images.items()},
        "outlines": outlines,
        "picture_ids": {sample: names["picture"] for sample, names in ids.items() if "picture" in names},
        "gallery": first or groups,
        "gallery_by_maps": others,
        "in_gallery": sorted(linked),
        "examples": _examples(card for card in cards.values() if card.sample in linked),
        "colour_maps": pictures.colour_maps(),
        "shown": Shown(ids, cards, (*kept, *table.methods, None)[0], classes, frozenset(linked)),
    }


def _examples(cards: Iterable[Card]) -> list[Card]:
    """Right for the wrong reason by the experiment, the lowest lead first."""
    wrong = [card for card in cards if card.right and card.missed]
    wrong.sort(key=lambda card: (np.nan_to_num(card.alone - card.surroundings, nan=-np.inf), card.sample))
    return wrong[:MOST_EXAMPLES]


def _card(
    row: Row,
    maps: tuple[Evidence, Sequence[str]],
    experiment: ByExperiment,
    classes: Sequence[str],
    ids: dict[str, str],
) -> Card:
    """maps: the table, and the methods whose maps are evidence; theirs come first."""
    table, kept = maps
    i = int(np.searchsorted(table.sample, row.sample))
    mean_auc = mean(np.array([table.scores[method]["auc"][i] for method in kept]))
    methods = sorted(table.methods, key=lambda method: method not in kept)
    right, predicted = bool(table.right[i]), int(table.predicted[i])
    by_map = tuple(method for method in kept if table.miss(method)[i])
    off = bool(experiment.missed[i]) if experiment.judged[i] else None
    return Card(
        sample=row.sample,
        image=row.image,
        label=row.label,
        label_class=row.class_name,
        predicted=class_name(classes, predicted) if predicted >= 0 else None,
        right=right,
        wrong_reason=right and (off if off is not None else tuple(kept[:1]) == by_map[:1] != ()),
        missed=off,
        missed_by=by_map,
        alone=float(experiment.halves.alone[i]),
        surroundings=float(experiment.halves.surroundings[i]),
        confidence=float(table.confidence_of_prediction[i]),
        probability=float(table.probability[i]),
        area_share=float(table.area_share[i]),
        mean_auc=math.nan if mean_auc is None else mean_auc,
        metadata={column: text for column, text in row.metadata.items() if not _HASH.fullmatch(text)},
        boxes=row.boxes,
        outline="",
        panels=tuple(_panel(maps, method, i, ids) for method in methods if table.made[method][i]),
        altered=altered_frames(table, row.sample, ids, classes),
    )


def _panel(maps: tuple[Evidence, Sequence[str]], method: str, i: int, ids: dict[str, str]) -> Panel:
    table, kept = maps
    scores, dead = table.scores[method], bool(table.dead[method][i])
    return Panel(
        source=method,
        layer=None if dead else ids.get(method),
        dead=dead,
        kept=method in kept,
        mass=float(scores["mass"][i]),
        auc=float(scores["auc"][i]),
        rank=float(scores["rank"][i]),
        pointing=float(scores["pointing"][i]),
    )
