"""The colours and the light of the whole picture, swapped."""

from torch import Tensor

from audit.bounds import Drawn, Pictures
from audit.experiments.altered_batch import Altered, Trial, without
from audit.experiments.colour_moments import brought, colours_of, moments, pixels_of
from audit.experiments.fills import blur
from audit.experiments.swaps import Lenders, swap_variants, swapped
from audit.registry import Need

NEEDS: frozenset[Need] = frozenset({"region", "donors"})


def variants(*, donors: int) -> tuple[str, ...]:
    """What the options make, by name."""
    return swap_variants(donors)


def colour_swapped(trial: Trial, *, donors: Drawn = 1, pictures: Pictures = 300) -> Altered:
    """What the network answers where the whole picture has the colours and the light of another one.

    The mean and the covariance of the colours around the object are brought to those of `donors` pictures without an
    object of the class, and the object's own colours change by the same, as under another light. The colours that
    objects have of their own are not asked: on both sides they are filled with their surroundings. pictures: how many
    of the whole data set are drawn.

    Variants: 'other 1' …; and 'same 1' … with the colours of pictures of the same class, changed alike, so that same
    less other is what the colours alone do. Notes: as those of `background_replaced`. Cost: 1 forward pass for each
    variant.
    """
    batch = trial.batch
    colours, around = (colours_of(batch.pixels(x)) for x in (batch.x, blur(batch.x, trial.inside)))
    covered = trial.inside.flatten(1).all(dim=1)
    own = moments(around.masked_fill(covered.view(-1, 1, 1, 1), 0))

    def alter(lent: Lenders) -> Tensor:
        others = moments(colours_of(batch.pixels(lent.x)).nan_to_num())
        return without(batch.seen(pixels_of(brought(colours, own, others))), covered)

    return swapped(trial, "colour_swapped", donors, alter)
