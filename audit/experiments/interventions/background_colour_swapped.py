"""The slow colours and the light of the background, swapped."""

from audit.bounds import Drawn, Pictures
from audit.experiments.altered_batch import Altered, Trial
from audit.experiments.slow_colours import given, slow
from audit.experiments.swaps import swap_variants, swapped
from audit.registry import Need

NEEDS: frozenset[Need] = frozenset({"region", "donors"})


def variants(*, donors: int) -> tuple[str, ...]:
    """What the options make, by name."""
    return swap_variants(donors)


def background_colour_swapped(trial: Trial, *, donors: Drawn = 1, pictures: Pictures = 300) -> Altered:
    """What the network answers where the background has the colours and the light of another one, and keeps its detail.

    What the background is under a strong blur is replaced by the same of `donors` pictures without an object of the
    class, their own objects filled. The object stays as it is, and the change sets in softly around it. pictures: how
    many of the whole data set are drawn.

    Variants: 'other 1' …; and 'same 1' … with the colours of backgrounds of the same class, changed alike, so that same
    less other is what the colours alone do. Notes: as those of `background_replaced`. Cost: 1 forward pass for each
    variant.
    """
    x, inside = trial.batch.x, trial.inside
    own = slow(x, inside)
    return swapped(trial, "background_colour_swapped", donors, lambda lent: given(x, inside, own, slow(lent.x)))
