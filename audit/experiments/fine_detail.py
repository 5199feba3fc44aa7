"""How sharp and how noisy pictures are: the power of their luminance by spatial frequency, regardless of direction.

Pictures are (N, C, H, W) on the scale from 0 to 1.
"""

import torch
from torch import Tensor

OCTAVES = 3
"""Below the finest that the pixels can show; what is slower is the picture's content and stays."""
BANDS = 2 * OCTAVES
"""Half octaves, from the slowest to the finest."""
FAINT = 2.0**-10
"""Deviation, as a share of the light, as rounding to 8 bits adds it: less is no detail."""
FAINTER, STRONGER = 0.25, 2.0
"""By how much detail is lowered and raised at most: a blur looks like one, and contours drawn over do not."""
GRAIN = 0.2
"""Deviation, as a share of the light, of the noise that is added at most."""
DARKEST = 0.05
"""Mean luminance, as a share of the range, below which a picture has no light to compare its detail with."""
LUMINANCE = (0.299, 0.587, 0.114)


def luminance(pixels: Tensor) -> Tensor:
    """(N, H, W); of grey pictures (C = 1) themselves."""
    weights = pixels.new_tensor(LUMINANCE if pixels.shape[1] == len(LUMINANCE) else [1.0])
    return torch.einsum("nchw,c->nhw", pixels, weights)


def spectrum(luma: Tensor) -> Tensor:
    """(N, 2 H, W + 1) of pictures (N, H, W) with their mirror images beside and below.

    With these no edge of the frame counts as detail.
    """
    across = torch.cat([luma, luma.flip(2)], dim=2)
    spectra: Tensor = torch.fft.rfft2(torch.cat([across, across.flip(1)], dim=1))
    return spectra


def band_power(spectra: Tensor) -> Tensor:
    """(N, BANDS) the mean square of what lies in each band, as a share of that of the light.

    A picture taken in half the light is no less sharp.
    """
    return _band_power(spectra) / _light(spectra) + FAINT**2


def _band_power(spectra: Tensor) -> Tensor:
    height, width = spectra.shape[1] // 2, spectra.shape[2] - 1
    power = spectra.real.square() + spectra.imag.square()
    power[..., 1:-1] *= 2  # the half of the frequencies that a real transform leaves out
    return torch.einsum("nhw,bhw->nb", power, _shares(height, width)[1:].to(power)) / (4 * height * width) ** 2


def _light(spectra: Tensor) -> Tensor:
    """(N, 1) the square of the mean luminance."""
    mean = spectra[:, 0, 0].real / (2 * spectra.shape[1] * (spectra.shape[2] - 1))
    return mean.clamp(min=DARKEST).square().unsqueeze(1)


def change(spectra: Tensor, own: Tensor, other: Tensor, grain: Tensor) -> Tensor:
    """(N, H, W) by how much the luminance changes where the power in each band becomes the other; phases are kept.

    What would be lowered or raised in amplitude by more than the limits above is by these. What power is missing then,
    as where a picture has no noise to raise, is that of the `grain`: spectra of white noise, one for each picture.
    """
    height, width = spectra.shape[1] // 2, spectra.shape[2] - 1
    shares = _shares(height, width)[1:].to(own)
    gain = (other / own).sqrt().clamp(FAINTER, STRONGER)
    missing = (other - own * gain.square()).clamp(min=0)
    missing = missing * (GRAIN**2 / missing.sum(dim=1, keepdim=True)).clamp(max=1)
    each = missing * _light(spectra) / _band_power(grain)
    by_frequency = torch.einsum("nb,bhw->nhw", gain.log(), shares).exp()
    added = grain * torch.einsum("nb,bhw->nhw", each, shares).sqrt()
    changed: Tensor = torch.fft.irfft2(spectra * (by_frequency - 1) + added, s=(2 * height, 2 * width))
    return changed[:, :height, :width]


def _shares(height: int, width: int) -> Tensor:
    """(1 + BANDS, 2 H, W + 1): to which band each frequency belongs, from the slow ones on, fading into the next."""
    down, across = torch.fft.fftfreq(2 * height), torch.fft.rfftfreq(2 * width)
    radius = torch.hypot(down[:, None], across[None])
    place = (BANDS + 2 * (2 * radius).log2()).clamp(0, BANDS)
    return (1 - (place - torch.arange(1.0 + BANDS).view(-1, 1, 1)).abs()).clamp(min=0)
