"""Which columns of the metadata tell kinds of pictures apart that neither the class nor another column does?

A column that says again of which class a picture is names no kinds of its own: its slices are those of the class once
more, or sums of them. As tests, they make the family larger and each of its members blunter.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from checks.table.copies import Ints

CLASS = "class"
FEWEST_OF_A_KIND = 5
"""Pictures. With fewer, no exact test of discordant pairs shows at 95 % that they regressed."""
FEW = 0.05
"""Share of the pictures that may stray, where no kind of so many goes with them: a copy with slips of the pen."""


def repeated(classes: NDArray[np.object_], columns: Mapping[str, NDArray[np.object_]]) -> dict[str, str]:
    """Those of the columns (n,) that are no kinds, each with what it repeats: 'class', or a column that is kept.

    A column repeats the class where the class decides it (the same by another name, or a coarser group), and where it
    decides the class and divides none: a number for each picture. One that divides a class into kinds of
    `FEWEST_OF_A_KIND` pictures or more, as breeds divide dogs, tells what the class does not. Of columns that decide
    each other, the first is kept.
    """
    of_class, repeats = _codes(classes), dict[str, str]()
    kept: dict[str, Ints] = {}
    for name, values in columns.items():
        if not (kind := _codes(values)).any():
            continue  # one value for all repeats nothing
        if _decides(of_class, kind) or (_decides(kind, of_class) and not _divides(kind, of_class)):
            repeats[name] = CLASS
        elif same := next((one for one, of in kept.items() if _decides(of, kind) and _decides(kind, of)), None):
            repeats[name] = same
        else:
            kept[name] = kind
    return repeats


def _codes(values: NDArray[np.object_]) -> Ints:
    return np.asarray(np.unique(values.astype(str), return_inverse=True)[1], dtype=np.int64)


def _decides(one: Ints, other: Ints) -> bool:
    """Where two pictures share the first they share the second, but for a few that stray.

    Those must not be so many of one kind that they could regress: neither together, nor of one class.
    """
    straying = _table(one, other)
    usual = straying.argmax(axis=1)
    straying[np.arange(len(usual)), usual] = 0
    rare = ~np.isin(np.arange(straying.shape[1]), usual)
    most = max(straying.max(initial=0), straying[:, rare].sum(axis=0).max(initial=0))
    return bool(most < FEWEST_OF_A_KIND and straying.sum() <= FEW * len(one))


def _divides(kind: Ints, of_class: Ints) -> bool:
    """Two kinds or more of one class are large enough to regress."""
    return bool(((_table(of_class, kind) >= FEWEST_OF_A_KIND).sum(axis=1) > 1).any())


def _table(one: Ints, other: Ints) -> Ints:
    """How many pictures have which two codes."""
    shape = (int(one.max(initial=-1)) + 1, int(other.max(initial=-1)) + 1)
    return np.bincount(one * shape[1] + other, minlength=shape[0] * shape[1]).reshape(shape)
