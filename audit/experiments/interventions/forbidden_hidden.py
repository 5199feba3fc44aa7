"""The forbidden pixels hidden."""

from typing import Annotated, Literal

import torch
from pydantic import Field

from audit.experiments.altered_batch import Altered, Trial, without
from audit.experiments.fills import blur, control, mean
from audit.registry import Need

NEEDS: frozenset[Need] = frozenset({"region"})

Fills = Annotated[tuple[Literal["mean", "blur"], ...], Field(min_length=1, max_length=2)]
FILLS = {"mean": mean, "blur": blur}


def variants(*, fills: Fills) -> tuple[str, ...]:
    """What the options make, by name."""
    return tuple(f"{fill}{place}" for place in ("", " elsewhere") for fill in fills)


def forbidden_hidden(trial: Trial, *, fills: Fills = ("mean", "blur")) -> Altered:
    """What the network answers without the pixels that must not matter, and without an equal area elsewhere.

    Forbidden pixels are what the annotations say, as LARD's watermark, less what the boxes cover. `mean` is the mean
    colour of the training data, `blur` the surroundings carried inward.

    Variants: each fill, and 'FILL elsewhere', the mask moved to where neither box nor forbidden pixel is; that leaves
    no answer where there is less room than half of the mask's area. A picture without forbidden pixels leaves none at
    all. Cost: 2 forward passes for each fill, none where a batch has no such picture.
    """
    x, hidden = trial.batch.x, trial.forbidden
    if hidden is None:
        nothing = torch.full_like(x, torch.nan)
        return Altered(dict.fromkeys(variants(fills=fills), nothing))
    other, crowded = control(hidden, trial.inside | hidden, trial.batch.seeds)
    none = ~hidden.flatten(1).any(dim=1).view(-1, 1, 1, 1)
    holes = {"": (hidden, none), " elsewhere": (other, none | crowded)}
    return Altered(
        {
            f"{fill}{place}": without(FILLS[fill](x, hole), left_out)
            for place, (hole, left_out) in holes.items()
            for fill in fills
        }
    )
