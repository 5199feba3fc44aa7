"""The sharpness and the noise of the whole picture, swapped."""

import torch
from torch import Tensor

from audit.bounds import Drawn, Pictures
from audit.experiments.altered_batch import Altered, Trial
from audit.experiments.fills import blur
from audit.experiments.fine_detail import band_power, change, luminance, spectrum
from audit.experiments.swaps import Lenders, swap_variants, swapped
from audit.registry import Need

NEEDS: frozenset[Need] = frozenset({"region", "donors"})


def variants(*, donors: int) -> tuple[str, ...]:
    """What the options make, by name."""
    return swap_variants(donors)


def sharpness_swapped(trial: Trial, *, donors: Drawn = 1, pictures: Pictures = 300) -> Altered:
    """What the network answers where the whole picture is as sharp and as noisy as another one.

    The power of the luminance in each half octave of the three finest octaves, as it is around the object, is brought
    to that around the objects of `donors` pictures without an object of the class; the phases are kept, and the
    object's detail changes by the same. pictures: how many of the whole data set are drawn.

    Variants: 'other 1' …; and 'same 1' … with the sharpness of pictures of the same class, changed alike, so that same
    less other is what the sharpness alone does. Notes: as those of `background_replaced`. Cost: 1 forward pass for
    each variant.
    """
    batch, inside = trial.batch, trial.inside
    pixels = batch.pixels(batch.x)
    covered = inside.to(pixels).mean(dim=(1, 2, 3))
    whole = (covered == 1).view(-1, 1, 1, 1)
    spectra, around = (spectrum(luminance(batch.pixels(x))) for x in (batch.x, blur(batch.x, inside)))
    own, grain = band_power(around, covered), spectrum(next(batch.noise(1))[:, 0])

    def alter(lent: Lenders) -> Tensor:
        other = band_power(spectrum(luminance(batch.pixels(lent.x))), lent.covered)
        changed = pixels + change(spectra, own, other, grain).unsqueeze(1)
        return batch.seen(changed).masked_fill(whole, torch.nan)

    return swapped(trial, "sharpness_swapped", donors, alter)
