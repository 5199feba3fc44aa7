"""The colours of the object itself, swapped."""

from torch import Tensor

from audit.bounds import Drawn, Pictures
from audit.experiments.altered_batch import Altered, Trial, without
from audit.experiments.fills import blur
from audit.experiments.object_colours import boxed, coloured, recoloured
from audit.experiments.swaps import Lenders, swap_variants, swapped
from audit.registry import Need

NEEDS: frozenset[Need] = frozenset({"region", "donors"})


def variants(*, donors: int) -> tuple[str, ...]:
    """What the options make, by name."""
    return swap_variants(donors)


def object_colour_swapped(trial: Trial, *, donors: Drawn = 1, pictures: Pictures = 300) -> Altered:
    """What the network answers where the object has the colours of another picture's object.

    What stands out in the box from its surroundings is the object. The mean and the covariance of its colours are
    brought to those of an object in `donors` pictures without an object of the class; in light it differs from its
    surroundings as the other does from its own. The change sets in softly at the box's edge; what is outside stays.
    pictures: how many of the whole data set are drawn.

    Variants: 'other 1' …; and 'same 1' … with the colours of objects of the same class, changed alike, so that same
    less other is what the colours alone do. Notes: as those of `background_replaced`. Cost: 1 forward pass for each
    variant.
    """
    batch, inside = trial.batch, trial.inside
    covered = inside.flatten(1).all(dim=1)
    these = coloured(batch.pixels(batch.x), batch.pixels(blur(batch.x, inside)), inside)

    def alter(lent: Lenders) -> Tensor:
        whole, filled = (batch.pixels(x) for x in (lent.whole, lent.x))
        altered = batch.seen(recoloured(these, coloured(whole, filled, boxed(lent.hulls, inside))))
        return without(altered.where(inside, batch.x), covered)

    return swapped(trial, "object_colour_swapped", donors, alter)
