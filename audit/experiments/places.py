"""Candidates for cues: where and on what the maps of a class agree outside the boxes. Maps propose; experiments decide.

Windows are x0, y0, x1, y1 in cells of the spots' grid. All work is on grids and on crops of a draw of the pictures:
nothing grows with the square of their number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from audit.experiments.grid import GRID, Spots

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST = 20
"""Pictures of a candidate; with fewer no experiment on them is conclusive (`checks.statistics.subset.FEWEST`)."""
BRIGHTEST = 8.0
"""Lift at which a cell counts no more, so that no single picture makes a place."""
HOT = 1.5
"""A window is hot in a picture where its mean lift is this or more."""
SELDOM = 0.2
"""A cell that lies outside the boxes in a smaller share of the pictures says nothing of the class."""
FALLS = (0.3, 0.6)
"""How far up from the background to its peak a place ends: a wide window, and a tight one where that is too large."""
PEAKS = 3
"""Places that are looked at in each class and view."""
LEAST, LARGEST = 2, 0.25
"""Cells along each side of a place, and its share of the frame: what is larger has no place."""
HALO = 2
"""Cells around a place in which its own relevance fades, where no further one is looked for."""
SAME = 0.5
"""Two windows are one place where this share of the smaller lies in the other."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A place or an appearance that may be a cue of a class."""

    class_index: int
    kind: Literal["place", "appearance"]
    members: Ints
    """(m,): places in the spots of the pictures in which it was seen."""
    windows: Ints
    """(m, 4): where, in cells; at a place all the same."""
    pictures: int
    """Pictures of the class in which it could have been seen."""
    strength: float
    """Decides the rank among the candidates of a kind."""


def places(spots: Spots) -> list[Candidate]:
    """Windows of the frame that are hot in the pictures of a class, for each class with pictures enough.

    Two views of each class: its mean lift as it is (a cue at a fixed place comes in one variant for each class, so that
    the other classes show the same), and what exceeds the other classes' (a cue that only this class has).
    """
    everywhere = _sums(spots, np.arange(len(spots.sample)))
    candidates: list[Candidate] = []
    for class_index in np.unique(spots.class_index).tolist():
        chosen = np.flatnonzero(spots.class_index == class_index)
        if len(chosen) < FEWEST:
            continue
        total, seen = _sums(spots, chosen)
        sound = seen >= max(FEWEST, SELDOM * len(chosen))
        views = [_mean(total, seen)]
        if len(chosen) < len(spots.sample):
            views.append(views[0] - _mean(everywhere[0] - total, everywhere[1] - seen))
        windows = _distinct(window for view in views for window in _peaks(view, sound))
        of_class = (_at(spots, chosen, class_index, window) for window in windows)
        candidates += [candidate for candidate in of_class if candidate is not None]
    return candidates


def _sums(spots: Spots, chosen: Ints) -> tuple[Floats, Floats]:
    """(GRID, GRID) each: the sum of the clipped lifts, and how often each cell lies outside the boxes."""
    total, seen = np.zeros((GRID, GRID)), np.zeros((GRID, GRID))
    for part in _parts(chosen):
        total += np.minimum(spots.lift(part), BRIGHTEST).sum(axis=0)
        seen += spots.outside[part].sum(axis=0)
    return total, seen


def _parts(chosen: Ints) -> list[Ints]:
    """So many at once, so that memory stays bounded."""
    return np.array_split(chosen, len(chosen) // 4096 + 1)


def _mean(total: Floats, seen: Floats) -> Floats:
    return total / np.maximum(seen, 1)


def _peaks(view: Floats, sound: NDArray[np.bool_]) -> Iterator[Ints]:
    """Windows around the highest places of a view, each place once, cells that are not sound left out."""
    if not sound.any():
        return
    base = float(np.median(view[sound]))
    left = np.where(sound, view, base)
    for _ in range(PEAKS):
        peak = float(left.max())
        if not peak > base:
            return
        windows = [_widened(best_window(left - (base + fall * (peak - base)))) for fall in FALLS]
        yield from [window for window in windows if _area(window) <= LARGEST * GRID**2][:1]
        x0, y0, x1, y1 = windows[0]
        left[max(0, y0 - HALO) : y1 + HALO, max(0, x0 - HALO) : x1 + HALO] = base


def _widened(window: Ints) -> Ints:
    """To `LEAST` cells along each side, within the frame."""
    low = np.minimum(window[:2], GRID - LEAST)
    return np.concatenate([low, np.maximum(window[2:], low + LEAST)])


def _area(window: Ints) -> int:
    return int(np.prod(window[2:] - window[:2]))


def best_window(values: Floats) -> Ints:
    """(4,) x0, y0, x1, y1: the window with the largest sum of the values (H, W). All are tried."""
    height, width = values.shape
    low_y, high_y = np.triu_indices(height + 1, 1)
    low_x, high_x = np.triu_indices(width + 1, 1)
    table = summed(values)
    columns = table[high_y] - table[low_y]
    sums = columns[:, high_x] - columns[:, low_x]
    row, column = divmod(int(sums.argmax()), len(low_x))
    return np.array([low_x[column], low_y[row], high_x[column], high_y[row]])


def summed(values: NDArray[np.generic]) -> Floats:
    """(..., H + 1, W + 1): the sum of (..., H, W) over all cells above and to the left of each corner."""
    padding = [(0, 0)] * (values.ndim - 2) + [(1, 0), (1, 0)]
    return np.asarray(np.pad(values.astype(np.float64), padding).cumsum(axis=-2).cumsum(axis=-1))


def window_sums(values: NDArray[np.generic], width: int, height: int) -> Floats:
    """(..., H - height + 1, W - width + 1): the sum over each window of that size, by its top left cell."""
    table = summed(values)
    rows = table[..., height:, :] - table[..., :-height, :]
    return np.asarray(rows[..., width:] - rows[..., :-width])


def _distinct(windows: Iterator[Ints]) -> list[Ints]:
    kept: list[Ints] = []
    for window in windows:
        if all(overlap(window, other) < SAME for other in kept):
            kept.append(window)
    return kept


def overlap(one: Ints, other: Ints) -> float:
    """The share of the smaller window that lies in the other."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    shared = float(np.prod(np.maximum(high - low, 0)))
    return shared / min(_area(one), _area(other))


def _at(spots: Spots, chosen: Ints, class_index: int, window: Ints) -> Candidate | None:
    """The window as a candidate, where it is hot in pictures enough among those in which it meets no box."""
    x0, y0, x1, y1 = window
    free = chosen[spots.outside[chosen, y0:y1, x0:x1].all(axis=(1, 2))]
    lifts = (np.minimum(spots.lift(part)[:, y0:y1, x0:x1], BRIGHTEST).mean(axis=(1, 2)) for part in _parts(free))
    lift = np.concatenate(list(lifts))
    members = free[lift >= HOT]
    if not (spots.right[members].sum() >= FEWEST):
        return None
    strength = float((lift.mean() - 1) * np.sqrt(_area(window)))
    return Candidate(class_index, "place", members, np.tile(window, (len(members), 1)), len(free), strength)


def ranked(candidates: Sequence[Candidate], most: int) -> list[Candidate]:
    """At most so many candidates, half of each kind where there are enough: each class's best before its second.

    Within a round the strongest come first. Where one kind has too few, the other takes its place.
    """
    kinds = [_rounds([c for c in candidates if c.kind == kind]) for kind in ("place", "appearance")]
    half = max(most // 2, most - len(kinds[1]))
    first = kinds[0][:half]
    return first + kinds[1][: most - len(first)]


def _rounds(candidates: Sequence[Candidate]) -> list[Candidate]:
    strongest = sorted(candidates, key=lambda c: (-c.strength, c.class_index, c.windows[0].tolist()))
    count: dict[int, int] = {}
    keyed: list[tuple[int, float, int, Candidate]] = []
    for candidate in strongest:
        turn = count[candidate.class_index] = count.get(candidate.class_index, -1) + 1
        keyed.append((turn, -candidate.strength, len(keyed), candidate))
    return [entry[-1] for entry in sorted(keyed, key=lambda entry: entry[:3])]
