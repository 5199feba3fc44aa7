"""How columns travel to the page: numbers as whole steps, texts as places in a list of those that there are."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from reports.wording.numbers import short

SHARE_STEPS = 100_000
"""Of a probability from 0 to 1. What is neither 0 nor 1 is never written as one of them."""
SCORE_STEPS = 1_000
LOG_ODDS_STEPS = 100
LONGEST = 240
"""Characters of one text."""
Numbers = list[int | None]


class Texts(NamedTuple):
    """One text for each sample."""

    values: list[str]
    """Those that there are, each once."""
    at: list[int]
    """For each sample the place in `values`; −1 where it has none."""


def texts(column: Iterable[str | None]) -> Texts:
    """The texts in the order in which they first appear, cleaned and cut."""
    places: dict[str, int] = {}
    at = [-1 if text is None else places.setdefault(text, len(places)) for text in column]
    return Texts([short(text, LONGEST) for text in places], at)


def sorted_texts(column: Sequence[str | None]) -> Texts:
    """The same, sorted, for a list to choose from."""
    rising = sorted({text for text in column if text is not None})
    places = {text: place for place, text in enumerate(rising)}
    return Texts([short(text, LONGEST) for text in rising], [-1 if text is None else places[text] for text in column])


def shares(values: NDArray[np.float64]) -> Numbers:
    """Probabilities in steps of 0.00001; None where there is none."""
    steps = np.rint(values * SHARE_STEPS)
    inside = (values > 0) & (values < 1)
    return whole(np.where(inside, np.clip(steps, 1, SHARE_STEPS - 1), steps))


def stepped(values: NDArray[np.float64], steps: int) -> Numbers:
    """Numbers in such parts of one; None where there is none."""
    return whole(np.rint(values * steps))


def whole(values: NDArray[np.float64]) -> Numbers:
    """Whole numbers; None for what is no number."""
    return [int(value) if finite else None for value, finite in zip(values, np.isfinite(values), strict=True)]


def data_block(value: Any) -> Markup:
    """JSON that nothing in it can end early within a `script` element."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
