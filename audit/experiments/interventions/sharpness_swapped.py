"""The sharpness and the noise of the whole picture, swapped."""

from torch import Tensor

from audit.bounds import Drawn, Pictures
from audit.experiments.altered_batch import Altered, Trial
from audit.experiments.fine_detail import band_power, change, luminance, spectrum
from audit.experiments.swaps import Lenders, swap_variants, swapped
from audit.registry import Need

NEEDS: frozenset[Need] = frozenset({"donors"})


def variants(*, donors: int) -> tuple[str, ...]:
    """What the options make, by name."""
    return swap_variants(donors)


def sharpness_swapped(trial: Trial, *, donors: Drawn = 1, pictures: Pictures = 300) -> Altered:
    """What the network answers where the whole picture is as sharp and as noisy as another one.

    The power of the luminance in each half octave of the three finest octaves is brought to that of `donors` pictures
    without an object of the class, by a filter that keeps the phases and, where there is no noise to raise, by noise.
    The objects of both are part of that: a blur shows at their outlines. pictures: how many of the whole data set are
    drawn.

    Variants: 'other 1' …; and 'same 1' … with the sharpness of pictures of the same class, changed alike, so that same
    less other is what the sharpness alone does. Notes: as those of `background_replaced`. Cost: 1 forward pass for
    each variant.
    """
    batch = trial.batch
    pixels = batch.pixels(batch.x)
    spectra, grain = (spectrum(luma) for luma in (luminance(pixels), next(batch.noise(1))[:, 0]))
    own = band_power(spectra)

    def alter(lent: Lenders) -> Tensor:
        return batch.seen(pixels + change(spectra, own, lent.detail, grain).unsqueeze(1))

    return swapped(trial, "sharpness_swapped", donors, alter)
