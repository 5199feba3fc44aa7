"""The marks of a chart that open their picture: each has the picture's number beside it, where a finger finds room."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reports.page.gallery import Card
from reports.wording.numbers import short, signed

EACH = 4
"""Pictures of each group that are numbered: as many as the page shows unfolded."""
SLOT = 27.0, 20.0
"""Width and height of a number in points: 36 by 26.7 pixels, over the 24 of WCAG 2.2 (2.5.8) even a tenth smaller."""
_INSIDE = 0.18, 0.96, 0.04, 0.84
"""Left, right, top and bottom of where numbers may lie, as shares of the chart's sides."""
_CROWDED = 15.0
"""Points of distance that a slot costs for each mark that the number would cover, up to four."""


class Dot(NamedTuple):
    """A link on a chart: the picture's number, and a line from there to the mark."""

    sample: int
    left: float
    """Of the number's middle, in per cent of the chart's width."""
    top: float
    across: float
    """From there to the mark, in points."""
    down: float
    words: str

    @property
    def far(self) -> float:
        return math.hypot(self.across, self.down)

    @property
    def turn(self) -> float:
        """Of the line, in degrees."""
        return math.degrees(math.atan2(self.down, self.across))


def numbered_cards(shown: Mapping[str, Any]) -> tuple[Card, ...]:
    """The gallery's first ones, each once: right for the wrong reason, then in the order of the page."""
    groups = chain.from_iterable(group.cards[:EACH] for group in shown["gallery"])
    return tuple({card.sample: card for card in chain(shown["examples"], groups)}.values())


def dots(
    cards: Iterable[Card], samples: Sequence[int], places: NDArray[np.float64], side: NDArray[np.float64]
) -> list[Dot]:
    """One for each card that has a mark, while there is room.

    samples: (n,) of the marks. places: (n, 2) from the left and from the top, as shares. side: width, height in points.
    """
    marks = dict(zip(samples, places * side, strict=True))
    slots = _slots(side)
    covered = np.array([_covers(slot, places * side) for slot in slots])
    free = np.ones(len(slots), bool)
    chosen = []
    for card in cards:
        if card.sample in marks and free.any():
            mark = marks[card.sample]
            cost = np.hypot(*(slots - mark).T) + _CROWDED * np.minimum(covered, 4)
            slot = int(np.argmin(np.where(free, cost, np.inf)))
            free[slot] = False
            (left, top), (across, down) = 100 * slots[slot] / side, mark - slots[slot]
            chosen.append(Dot(card.sample, left, top, across, down, _words(card)))
    return chosen


def _slots(side: NDArray[np.float64]) -> NDArray[np.float64]:
    """(m, 2) middles, side by side."""
    left, right, top, bottom = _INSIDE
    x = np.arange(left * side[0] + SLOT[0] / 2, right * side[0] - SLOT[0] / 2, SLOT[0])
    y = np.arange(top * side[1] + SLOT[1] / 2, bottom * side[1] - SLOT[1] / 2, SLOT[1])
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def _covers(slot: NDArray[np.float64], marks: NDArray[np.float64]) -> int:
    return int(np.all(np.abs(marks - slot) < np.array(SLOT) / 2, axis=1).sum())


def _words(card: Card) -> str:
    halves = f"object alone {signed(card.alone)}, surroundings alone {signed(card.surroundings)}"
    return f"{card.sample}: picture of {short(card.label)}, {halves}"
