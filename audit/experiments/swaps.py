"""The swap: a property of each picture is taken from pictures of other classes, and from others of its own class."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from audit.experiments.altered_batch import Altered, Donors, Trial, without
from audit.experiments.donors import Kind, chosen

KINDS: tuple[Kind, ...] = ("other", "same")


class Lenders(NamedTuple):
    """One donor for each picture; NaN throughout where there is none."""

    place: Tensor
    """(N,) int64 in the pool, -1 where there is none."""
    pool: Donors

    @property
    def x(self) -> Tensor:
        """(N, C, H, W) their pictures, their own objects filled."""
        return self._of(self.pool.x)

    @property
    def whole(self) -> Tensor:
        """(N, C, H, W) their pictures with their objects."""
        return self._of(self.pool.whole)

    @property
    def hulls(self) -> Tensor:
        """(N, 4) around their objects."""
        return self._of(self.pool.hulls)

    @property
    def detail(self) -> Tensor:
        """(N, BANDS) how sharp and noisy their pictures are."""
        return self._of(self.pool.detail)

    @property
    def sample(self) -> Tensor:
        """(N,) float64, the numbers of their samples."""
        return self._of(self.pool.samples.double())

    @property
    def class_index(self) -> Tensor:
        """(N,) float64, of the objects that were there."""
        return self._of(self.pool.target.double())

    def _of(self, values: Tensor) -> Tensor:
        """What each picture's donor has of (D, ...)."""
        none = self.place < 0
        if bool(none.all()):  # the pool may be empty
            return values.new_full((len(self.place), *values.shape[1:]), torch.nan)
        return without(values[self.place], none)


def lenders(trial: Trial, kind: Kind, count: int) -> Iterator[Lenders]:
    """`count` times each picture's next donor."""
    for place in chosen(trial, kind, count).unbind(dim=1):
        yield Lenders(place, trial.donors)


def swap_variants(donors: int) -> tuple[str, ...]:
    """The variants that `swapped` makes, by name."""
    return tuple(f"{kind} {number}" for kind in KINDS for number in range(1, donors + 1))


def swapped(
    trial: Trial,
    name: str,
    donors: int,
    alter: Callable[[Lenders], Tensor],
    places: Callable[[Lenders], tuple[Tensor, ...]] | None = None,
) -> Altered:
    """Variants 'other 1' … and 'same 1' …: what `alter` makes (N, C, H, W) with `donors` pictures of each kind.

    places: where it brings the objects, as `Batch.places`; None: they stay. The logits of the trial's classes are
    kept. Notes under the intervention's `name`: 'donor of other 1' …, the number of the sample that lends; 'donor class
    1' …, the class index of 'other 1' … . Where there is no donor the picture is NaN throughout.
    """
    altered: dict[str, Tensor] = {}
    notes: dict[tuple[str, str], Tensor] = {}
    moved: dict[str, tuple[Tensor, ...]] = {}
    for kind in KINDS:
        for number, lent in enumerate(lenders(trial, kind, donors), 1):
            altered[f"{kind} {number}"] = without(alter(lent), lent.place < 0)
            moved[f"{kind} {number}"] = places(lent) if places else ()
            notes[name, f"donor of {kind} {number}"] = lent.sample
            if kind == "other":
                notes[name, f"donor class {number}"] = lent.class_index
    return Altered(altered, notes, keeps_logits=True, places=moved)
