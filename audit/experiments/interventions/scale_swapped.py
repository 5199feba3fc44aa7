"""How large the object is, swapped."""

from audit.bounds import Drawn, Pictures
from audit.experiments.altered_batch import Altered, Trial
from audit.experiments.moved_objects import at_sizes_of, objects_swapped
from audit.experiments.swaps import swap_variants
from audit.registry import Need

NEEDS: frozenset[Need] = frozenset({"region", "donors"})


def variants(*, donors: int) -> tuple[str, ...]:
    """What the options make, by name."""
    return swap_variants(donors)


def scale_swapped(trial: Trial, *, donors: Drawn = 2, pictures: Pictures = 300) -> Altered:
    """What the network answers where the object gets the size of another picture's object.

    The object is resampled about its centre until its box has the other's area, its aspect kept; what it leaves is
    filled with its surroundings. The objects of `donors` pictures without an object of the class lend their sizes.
    pictures: how many of the whole data set are drawn.

    Variants: 'other 1' …; and 'same 1' … with the sizes of objects of the same class, so that same less other is what
    the size alone does. Notes: as those of `background_replaced`. Cost: 1 forward pass for each variant.
    """
    return objects_swapped(trial, "scale_swapped", donors, at_sizes_of)
