"""The object removed."""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from audit.experiments.altered_batch import Altered, Trial, without
from audit.experiments.fills import blur, control, mean
from audit.experiments.swaps import lenders
from audit.registry import Need

NEEDS: frozenset[Need] = frozenset({"region", "donors"})

Fills = Annotated[tuple[Literal["mean", "blur", "donor"], ...], Field(min_length=1, max_length=3)]


def variants(*, fills: Fills, controls: Fills | None) -> tuple[str, ...]:
    """What the options make, by name."""
    return *fills, *(f"{fill} elsewhere" for fill in (fills if controls is None else controls))


def object_removed(trial: Trial, *, fills: Fills = ("mean", "blur", "donor"), controls: Fills | None = None) -> Altered:
    """What the network answers without the object, and without an equal area elsewhere.

    Necessity (Fong, Vedaldi: Interpretable Explanations of Black Boxes by Meaningful Perturbation, 2017). Every fill
    has its own artefact: `mean` is the mean colour of the training data, `blur` the surroundings carried inward,
    `donor` the same place in a picture without an object of the class, whose own objects were filled by `blur`.

    Variants: each fill, and for each of `controls` (default: all fills) 'FILL elsewhere', the object's mask moved
    outside the boxes; without an answer where the boxes leave less room than half of their own area. Cost: 1 forward
    pass for each fill and each control.
    """
    inside = trial.inside
    other, crowded = control(inside, inside, trial.batch.seeds)
    altered: dict[str, Tensor] = {}
    for fill in fills:
        altered[fill] = _filled(trial, fill, inside)
    for fill in fills if controls is None else controls:
        altered[f"{fill} elsewhere"] = without(_filled(trial, fill, other), crowded)
    return Altered(altered)


def _filled(trial: Trial, fill: str, hole: Tensor) -> Tensor:
    x = trial.batch.x
    if fill == "mean":
        return mean(x, hole)
    if fill == "blur":
        return blur(x, hole)
    (lent,) = lenders(trial, "other", 1)
    # where there is no donor the whole picture is NaN, which leaves no answer
    return without(torch.where(hole, lent.x, x), lent.place < 0)
