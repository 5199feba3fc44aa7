"""The background replaced."""

from dataclasses import replace
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from audit.bounds import Drawn
from audit.experiments.altered_batch import Altered, Trial
from audit.experiments.fills import blurred, mean
from audit.experiments.swaps import swap_variants, swapped
from audit.registry import Need

NEEDS: frozenset[Need] = frozenset({"region", "donors"})

Fills = Annotated[tuple[Literal["mean", "blur", "other"], ...], Field(min_length=1, max_length=3)]


def variants(*, fills: Fills, donors: int) -> tuple[str, ...]:
    """What the options make, by name."""
    return *(fill for fill in ("mean", "blur") if fill in fills), *(swap_variants(donors) if "other" in fills else ())


def background_replaced(trial: Trial, *, fills: Fills = ("mean", "blur", "other"), donors: Drawn = 3) -> Altered:
    """What the network answers for the object alone, with everything else replaced.

    Sufficiency, and the test of other backgrounds (Xiao et al.: Noise or Signal: The Role of Image Backgrounds in
    Object Recognition, 2021). `mean` is the mean colour of the training data; `blur` is the background under a strong
    blur of its own pixels; `other` are the backgrounds of `donors` pictures without an object of the class, their own
    objects filled.

    Variants: 'mean', 'blur', 'other 1' … ; and 'same 1' … with backgrounds of other pictures of the same class, which
    are cut and pasted alike, so that same less other is what the background's content does alone. Notes: 'donor of
    other 1' …, the number of the sample that lent the background; 'donor class 1' …, the class index of 'other 1' … .
    Cost: 1 forward pass for each variant.
    """
    x, inside = trial.batch.x, trial.inside
    plain: dict[str, Tensor] = {}
    if "mean" in fills:
        plain["mean"] = mean(x, ~inside)
    if "blur" in fills:
        plain["blur"] = torch.where(inside, x, blurred(x, inside))
    if "other" not in fills:
        return Altered(plain)
    swaps = swapped(trial, "background_replaced", donors, lambda lenders: torch.where(inside, x, lenders.x))
    return replace(swaps, altered={**plain, **swaps.altered})
