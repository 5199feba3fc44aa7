"""The colours that a picture uses, where they are few or coarse."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from audit.datasets.colour_grid import EVERY_COLOUR, MOST_COLOURS, ColourGrid, colour_grid

Pixels = NDArray[np.uint8]
RNG = np.random.default_rng(0)
NOISE: Pixels = RNG.integers(0, 256, (48, 64, 3), dtype=np.uint8)


def of_levels(most: int) -> Pixels:
    """As a file of values up to `most` is decoded."""
    return np.asarray(np.rint(np.rint(NOISE / 255 * most) * 255 / most), dtype=np.uint8)


def of_colours(count: int) -> Pixels:
    """Every one of them in use."""
    colours = RNG.permutation(1 << 24)[:count]
    known = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=-1).astype(np.uint8)
    return np.asarray(known[RNG.permutation(np.arange(48 * 64) % count)].reshape(48, 64, 3))


GRIDS = {
    "all": NOISE,
    "grey": np.repeat(NOISE[..., :1], 3, axis=2),
    "grey of 4 bits": np.repeat(of_levels(15)[..., :1], 3, axis=2),
    "1 bit": np.repeat(of_levels(1)[..., :1], 3, axis=2),
    "15 levels": of_levels(15),
    "100 levels": of_levels(100),
    "5, 6 and 5 bits": np.stack([of_levels(most)[..., channel] for channel, most in enumerate((31, 63, 31))], axis=-1),
    "red alone": NOISE * np.array([1, 0, 0], np.uint8),
    "blue of 4 bits": np.concatenate([NOISE[..., :2], of_levels(15)[..., 2:]], axis=2),
    "palette": of_colours(MOST_COLOURS),
    "two colours": of_colours(2),
    "one colour": of_colours(1),
    "sepia": (NOISE[..., :1] * np.array([0.9, 0.7, 0.5])).astype(np.uint8),
    "for a grey network": NOISE[..., 0],
    "for a grey network, of 4 bits": of_levels(15)[..., 0],
}


@pytest.mark.tor("TOR-079")
@pytest.mark.parametrize("kind", GRIDS)
def test_pixels_on_the_grid_keep_every_bit_and_others_come_to_lie_on_it(kind: str) -> None:
    pixels = GRIDS[kind]
    grid = colour_grid(pixels)
    assert np.array_equal(grid.nearest(pixels), pixels)
    assert (grid == EVERY_COLOUR) == (kind in ("all", "for a grey network"))
    altered = RNG.integers(0, 256, pixels.shape, dtype=np.uint8)
    moved = grid.nearest(altered)
    assert moved.shape == altered.shape
    assert moved.dtype == np.uint8
    if kind != "all":
        flat = pixels.reshape(48 * 64, -1)
        for channel, values in enumerate(moved.reshape(48 * 64, -1).T):
            assert set(values.tolist()) <= set(flat[:, channel].tolist())
    if grid.palette:
        used = {tuple(colour) for colour in pixels.reshape(-1, 3).tolist()}
        assert {tuple(colour) for colour in moved.reshape(-1, 3).tolist()} <= used


@pytest.mark.slow
@pytest.mark.tor("TOR-079")
def test_nothing_lies_nearer_than_where_a_pixel_was_moved() -> None:
    altered = RNG.integers(0, 256, (6, 7, 3), dtype=np.uint8)
    for pixels in (of_levels(15), of_colours(9)):
        known = np.unique(pixels.reshape(-1, 3), axis=0).astype(int)
        apart = np.square(altered[..., None, :].astype(int) - known).sum(axis=-1).min(axis=-1)
        moved = colour_grid(pixels).nearest(altered).astype(int)
        if colour_grid(pixels).palette:
            assert np.array_equal(np.square(moved - altered).sum(axis=-1), apart)
        else:
            assert (np.abs(moved - altered) <= 9).all()


def test_a_tiny_picture_uses_few_colours_in_any_case() -> None:
    assert colour_grid(NOISE[:8, :8]) == EVERY_COLOUR
    assert colour_grid(NOISE[:0, :0]) == EVERY_COLOUR
    assert colour_grid(NOISE[:1, :1]) == EVERY_COLOUR


def test_a_grey_grid_takes_the_luminance() -> None:
    luminance = np.asarray(Image.fromarray(NOISE).convert("L"))
    assert np.array_equal(ColourGrid(grey=True).nearest(NOISE), np.repeat(luminance[..., None], 3, axis=2))
