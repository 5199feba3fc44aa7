"""How wide or tall the object is, swapped."""

from audit.bounds import Drawn, Pictures
from audit.experiments.altered_batch import Altered, Trial
from audit.experiments.moved_objects import at_aspects_of, objects_swapped
from audit.experiments.swaps import swap_variants
from audit.registry import Need

NEEDS: frozenset[Need] = frozenset({"region", "donors"})


def variants(*, donors: int) -> tuple[str, ...]:
    """What the options make, by name."""
    return swap_variants(donors)


def object_shape_swapped(trial: Trial, *, donors: Drawn = 1, pictures: Pictures = 300) -> Altered:
    """What the network answers where the object is as wide or as tall as another picture's object.

    The object is resampled about its centre until its box has the other's aspect, its area kept; what it leaves is
    filled with its surroundings. Of the shape that is the aspect alone: the outline is stretched, not swapped. The
    objects of `donors` pictures without an object of the class lend their aspects. pictures: how many of the whole data
    set are drawn.

    Variants: 'other 1' …; and 'same 1' … with the aspects of objects of the same class, so that same less other is what
    the aspect alone does. Notes: as those of `background_replaced`. Cost: 1 forward pass for each variant.
    """
    return objects_swapped(trial, "object_shape_swapped", donors, at_aspects_of)
