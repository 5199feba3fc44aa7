"""Where the object lies, swapped."""

from audit.bounds import Drawn, Pictures
from audit.experiments.altered_batch import Altered, Trial
from audit.experiments.moved_objects import at_places_of, objects_swapped
from audit.experiments.swaps import swap_variants
from audit.registry import Need

NEEDS: frozenset[Need] = frozenset({"region", "donors"})


def variants(*, donors: int) -> tuple[str, ...]:
    """What the options make, by name."""
    return swap_variants(donors)


def placement_swapped(trial: Trial, *, donors: Drawn = 2, pictures: Pictures = 300) -> Altered:
    """What the network answers where the object is moved to the place of another picture's object.

    The object is moved by whole pixels, as near to the other's centre as the frame allows, and what it leaves is filled
    with its surroundings. The objects of `donors` pictures without an object of the class lend their places.
    pictures: how many of the whole data set are drawn.

    Variants: 'other 1' …; and 'same 1' … with the places of objects of the same class, which are cut and pasted alike,
    so that same less other is what the place alone does. Notes: as those of `background_replaced`. Cost: 1 forward pass
    for each variant.
    """
    return objects_swapped(trial, "placement_swapped", donors, at_places_of)
