"""The gallery: the worst pictures, the borderline, a random draw; each picture stored once."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.record.map_readers import read_thumbnails
from audit.record.record import Record
from audit.record.sample_readers import Pictures, read_pictures
from checks.table.cells import Miss, judged_by_experiment, missed
from checks.table.evidence import Evidence
from reports.page import images as pictures
from reports.result.experiments import Halves, halves
from reports.result.summary import class_name, mean

_GROUPS = (
    ("worst", "Worst", "The lowest localisation AUC (as a mean, where there are several methods)."),
    ("borderline", "Borderline", "Of the others, the localisation AUC nearest to 0.5, where a map knows nothing."),
    ("random", "Random draw", "Drawn with the run’s seed, whatever they score: what an ordinary picture looks like."),
)


MOST_EXAMPLES = 4


class Said(NamedTuple):
    """What the experiment said of every picture."""

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
    """By the experiment; by the first method's map where it was not judged by experiment."""
    missed: bool | None
    """By the experiment; None where it was not judged."""
    missed_by: tuple[str, ...]
    """Methods whose map is a miss."""
    alone: float
    """What the object alone says for the label, in log-odds. NaN where not asked."""
    surroundings: float
    confidence: float
    probability: float
    area_share: float
    mean_auc: float
    """Over the methods whose map is not dead: the order of the gallery. NaN where there is none."""
    metadata: dict[str, str]
    boxes: tuple[tuple[float, float, float, float], ...]
    panels: tuple[Panel, ...]


def gallery(record: Record, found: Evidence, miss: Miss, classes: Sequence[str]) -> dict[str, Any]:
    """What the gallery's template needs. Empty where the run kept no pictures."""
    chosen = record.identity().get("gallery") or {}
    thumbnails, measured = read_thumbnails(record), read_pictures(record)
    members = {sample for group in chosen.values() for sample in group}
    shown = members & thumbnails.keys() & set(found.sample.tolist())
    kept = {"picture", *found.methods}
    encoded = pictures.encode(
        {sample: {k: v for k, v in thumbnails[sample].items() if k in kept} for sample in sorted(shown)}
    )
    said = _said(found, miss)
    layers: dict[str, str] = {}
    cards: dict[int, Card] = {}
    for sample, images in encoded.items():
        ids = {layer: f"p{sample}-{place}" for place, layer in enumerate(images)}
        layers |= {ids[layer]: uri for layer, uri in images.items()}
        cards[sample] = _card(measured, found, said, classes, sample, ids)
    groups = [
        {"id": key, "title": title, "about": about, "cards": [cards[s] for s in chosen.get(key, ()) if s in cards]}
        for key, title, about in _GROUPS
    ]
    return {
        "frame": record.identity().get("frame") or [224, 224],
        "layers": layers,
        "picture_ids": {
            s: f"p{s}-{list(images).index('picture')}" for s, images in encoded.items() if "picture" in images
        },
        "gallery": groups if cards else [],
        "in_gallery": sorted(cards),
        "examples": _examples(cards.values()),
        "colour_maps": pictures.colour_maps(),
    }


def _said(found: Evidence, miss: Miss) -> Said:
    return Said(halves(found, miss.fills), judged_by_experiment(found), missed(found, miss))


def _examples(cards: Iterable[Card]) -> list[Card]:
    """Right for the wrong reason by the experiment, the lowest lead first."""
    found = [card for card in cards if card.right and card.missed]
    return sorted(found, key=lambda card: (np.nan_to_num(card.alone - card.surroundings, nan=-np.inf), card.sample))[
        :MOST_EXAMPLES
    ]


def _card(
    measured: Pictures, found: Evidence, said: Said, classes: Sequence[str], sample: int, ids: dict[str, str]
) -> Card:
    i = int(np.searchsorted(measured.number, sample))
    mean_auc = mean(np.array([found.scores[method]["auc"][i] for method in found.methods]))
    right, predicted = bool(found.right[i]), int(found.predicted[i])
    by_map = tuple(method for method in found.methods if found.miss(method)[i])
    off = bool(said.missed[i]) if said.judged[i] else None
    return Card(
        sample=sample,
        image=measured.image[i],
        label=found.label[i],
        label_class=class_name(classes, int(found.class_index[i])),
        predicted=class_name(classes, predicted) if predicted >= 0 else None,
        right=right,
        wrong_reason=right and (off if off is not None else found.methods[:1] == by_map[:1] != ()),
        missed=off,
        missed_by=by_map,
        alone=float(said.halves.alone[i]),
        surroundings=float(said.halves.surroundings[i]),
        confidence=float(found.confidence_of_prediction[i]),
        probability=float(found.probability[i]),
        area_share=float(found.area_share[i]),
        mean_auc=math.nan if mean_auc is None else mean_auc,
        metadata=measured.metadata[i],
        boxes=measured.frame_boxes[i],
        panels=tuple(_panel(found, method, i, ids) for method in found.methods if found.made[method][i]),
    )


def _panel(found: Evidence, method: str, i: int, ids: dict[str, str]) -> Panel:
    scores, dead = found.scores[method], bool(found.dead[method][i])
    return Panel(
        source=method,
        layer=None if dead else ids.get(method),
        dead=dead,
        mass=float(scores["mass"][i]),
        auc=float(scores["auc"][i]),
        rank=float(scores["rank"][i]),
        pointing=float(scores["pointing"][i]),
    )
