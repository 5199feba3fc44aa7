"""Pictures compressed as another file is, once what their own compression did is taken back as far as can be.

Pixels are (H, W, 3) uint8, at the size that the file holds. Waves are those of JPEG: the cosines of each block of 8
by 8 pixels, here of the luminance.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn, idctn

from audit.datasets.coding import OTHER_JPEG, Jpeg, saved_and_read
from audit.experiments.fine_detail import LUMINANCE

Pixels = NDArray[np.uint8]
Waves = NDArray[np.float32]
"""(8, 8), slow ones first, as the tables of a JPEG are."""
BLOCK = 8
SHIFTS = ((0, 0), (4, 4), (2, 6), (6, 2))
"""Pixels down and across: four that lie as far apart in a block as can be."""
EXAMINED = 1024
"""Pixels along each side of the part of a picture, in its middle, whose detail is measured; and of the noise, which
larger pictures repeat."""
GRAIN = 4
"""The purpose of the random numbers."""
NO_WAVES: Waves = np.zeros((BLOCK, BLOCK), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class FileTrace:
    """What one file lends to others."""

    jpeg: Jpeg | None
    """How it is compressed; None: not at all, or not as JPEG."""
    power: Waves
    """How much detail it holds, as `wave_power` says."""

    @property
    def lends(self) -> bool:
        """Other pictures can be compressed so."""
        return self.jpeg != OTHER_JPEG


def recompressed(plain: Pixels, own: Jpeg | None, power: Waves, lent: FileTrace, seed: int) -> Image.Image:
    """A picture `without_blocks` and its `wave_power`, with the detail and the compression of another file."""
    missing = missing_power(power, own, lent)
    detailed = plain if not missing.any() else _with_grain(plain, missing, seed)
    picture = Image.fromarray(detailed)
    return picture if lent.jpeg is None else saved_and_read(picture, lent.jpeg)


def without_blocks(pixels: Pixels, jpeg: Jpeg | None) -> Pixels:
    """A picture without the grid that its file's compression left: the mean of compressing it again at shifted places.

    What the compression keeps stays, so that the same compression on top gives nearly the same picture again.
    Nosratinia: Enhancement of JPEG-compressed images by re-application of JPEG, 2001; there with all 64 shifts.
    """
    if jpeg is None:
        return pixels
    height, width = pixels.shape[:2]
    total = np.full(pixels.shape, len(SHIFTS) // 2, dtype=np.uint16)
    for down, across in SHIFTS:
        shifted = Image.fromarray(np.pad(pixels, ((down, 0), (across, 0), (0, 0)), mode="edge"))
        total += np.asarray(saved_and_read(shifted, jpeg))[down : down + height, across : across + width]
    return (total // len(SHIFTS)).astype(np.uint8)


def wave_power(pixels: Pixels) -> Waves:
    """The mean square of each wave over the blocks in the middle of a picture."""
    down, across = (max(side - EXAMINED, 0) // 2 // BLOCK * BLOCK for side in pixels.shape[:2])
    part = pixels[down : down + EXAMINED, across : across + EXAMINED]
    margins = [(0, -side % BLOCK) for side in part.shape[:2]]
    luma = np.pad(part.astype(np.float32) @ np.array(LUMINANCE, dtype=np.float32), margins, mode="edge")
    height, width = luma.shape
    blocks = luma.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK).transpose(0, 2, 1, 3)
    waves: Waves = np.square(dctn(blocks, axes=(2, 3), norm="ortho")).mean(axis=(0, 1))
    return waves


def missing_power(power: Waves, own: Jpeg | None, lent: FileTrace) -> Waves:
    """What the lender has more of in the waves that the own compression keeps more coarsely than the lender's.

    No more than is lost where values are rounded to the own steps: a wave that it still shows is no wave that it lost.
    """
    if own is None:
        return np.zeros_like(power)
    own_steps, steps = _steps(own), _steps(lent.jpeg)
    missing: Waves = np.clip(lent.power - power, 0, own_steps**2 / 12) * (own_steps > steps)
    missing[0, 0] = 0
    return missing


def _steps(jpeg: Jpeg | None) -> Waves:
    if jpeg is None:
        return np.zeros((BLOCK, BLOCK), dtype=np.float32)
    return np.array(jpeg.tables[0], dtype=np.float32).reshape(BLOCK, BLOCK)


def _with_grain(pixels: Pixels, power: Waves, seed: int) -> Pixels:
    """The picture with noise of this power in the luminance; the same noise for the same seed."""
    height, width = pixels.shape[:2]
    down, across = (-(-min(side, EXAMINED) // BLOCK) for side in (height, width))
    grain = np.random.default_rng((seed, GRAIN)).standard_normal((down, across, BLOCK, BLOCK), dtype=np.float32)
    waves = idctn(grain * np.sqrt(power), axes=(2, 3), norm="ortho")
    luma = np.rint(waves).astype(np.int16).transpose(0, 2, 1, 3).reshape(down * BLOCK, across * BLOCK)
    times = -(-height // luma.shape[0]), -(-width // luma.shape[1])
    detailed = pixels + np.tile(luma, times)[:height, :width, None]
    return np.clip(detailed, 0, 255, out=detailed).astype(np.uint8)
