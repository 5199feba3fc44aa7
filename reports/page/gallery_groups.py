"""How the gallery's pictures are grouped and ordered: by maps that are evidence, or by none."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from audit.phrases import listed

EACH = 12
"""Pictures in a group, as many as a run keeps for it."""
WORST = "The lowest localisation AUC, averaged over {}."
BORDERLINE = "Of the others, those whose localisation AUC is nearest to 0.5, the value of a map that knows nothing."
RANDOM = "Drawn with the run’s seed, whatever their scores: these show what an ordinary picture looks like."
ALL_METHODS = "the methods"
RANKED_AGAIN = "{}, whose maps are evidence, among the pictures that the run kept"
UNRANKED = (
    "Kept for the scores of maps that are no evidence, so their order is that of the samples and says nothing of them."
)

CASES = {
    "worst": (
        "Worst",
        "Right answers that lose most where a property of the picture contradicts the label; of equal ones, those"
        " nearest to turning.",
    ),
    "borderline": ("Borderline", "Of the right answers that turn under no swap, those that come nearest to it."),
    "random": ("Random sample", RANDOM),
}
"""Groups of the cases, which the run chose by what decides."""
BY_MAPS = "Worst by maps", "Borderline by maps", "Others, drawn at random"


class Group(NamedTuple):
    """Some of the gallery's pictures under one heading."""

    id: str
    title: str
    about: str
    cards: list[Any]


def gallery_groups(
    chosen: Mapping[str, Sequence[int]],
    auc: Mapping[int, float],
    cards: Mapping[int, Any],
    methods: tuple[Sequence[str], Sequence[str]],
) -> list[Group]:
    """The groups of the cards; none where there is no card.

    chosen: the samples that the run kept, by group; it ranked them by all methods, before it was known whose maps are
    evidence. auc: of each card's sample, the mean over the methods whose maps are. methods: all, and these.
    """
    if not cards:
        return []
    every, kept = methods
    worst, borderline = (list(chosen.get(key, ())) for key in ("worst", "borderline"))
    random = Group("random", "Random sample", RANDOM, _of(chosen.get("random", ()), cards))
    if not kept:
        others = _of(sorted({*worst, *borderline}), cards)
        return [*([Group("others", "Others", UNRANKED, others)] if every or others else []), random]
    ranked_by = ALL_METHODS
    if len(kept) < len(every):
        worst, borderline = _ranked_again(auc)
        ranked_by = RANKED_AGAIN.format(listed(kept))
    return [
        Group("worst", "Worst", WORST.format(ranked_by), _of(worst, cards)),
        Group("borderline", "Borderline", BORDERLINE, _of(borderline, cards)),
        random,
    ]


def case_groups(chosen: Mapping[str, Sequence[int]], cards: Mapping[int, Any]) -> list[Group]:
    """The groups of the cases; none where the run chose none."""
    if not chosen or not cards:
        return []
    return [
        Group(f"case-{key}", title, about, _of(chosen.get(key, ()), cards)) for key, (title, about) in CASES.items()
    ]


def by_maps(groups: Sequence[Group], shown: Collection[int]) -> list[Group]:
    """The groups of the gallery beside cases: without those that are shown already, under titles of their own."""
    titles = dict(zip(("worst", "borderline", "random"), BY_MAPS, strict=True))
    rest = [
        group._replace(
            title=titles.get(group.id, group.title), cards=[card for card in group.cards if card.sample not in shown]
        )
        for group in groups
    ]
    return [group for group in rest if group.cards]


def _ranked_again(auc: Mapping[int, float]) -> tuple[list[int], list[int]]:
    """The worst and the borderline of all pictures that were kept."""
    scored = sorted((value, sample) for sample, value in auc.items() if not np.isnan(value))
    near = sorted((abs(value - 0.5), sample) for value, sample in scored[EACH:])
    return [sample for _, sample in scored[:EACH]], [sample for _, sample in near[:EACH]]


def _of(samples: Sequence[int], cards: Mapping[int, Any]) -> list[Any]:
    return [cards[sample] for sample in samples if sample in cards]
