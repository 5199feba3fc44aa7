"""A picture compressed as another file: against slow oracles, and by what must come back."""

import io
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile
from scipy.fft import dctn

from audit.datasets.coding import OTHER_JPEG, Jpeg, jpeg_of
from audit.experiments.recompression import (
    EXAMINED,
    NO_WAVES,
    SHIFTS,
    FileTrace,
    missing_power,
    recompressed,
    wave_power,
    without_blocks,
)
from fixtures.zoo.scene import draw

Pixels = NDArray[np.uint8]
SCENE = draw(1, 5, "noise", None).pixels[0]


def saved(pixels: Pixels, quality: int, mode: str = "RGB", subsampling: int = 2) -> tuple[Pixels, Jpeg]:
    """What a JPEG of this quality holds, and how it is compressed."""
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, "JPEG", quality=quality, subsampling=subsampling)
    opened = Image.open(file)
    assert isinstance(opened, ImageFile)
    jpeg = jpeg_of(opened)
    assert jpeg is not None
    return np.asarray(opened.convert("RGB")), jpeg


def by_pillow(picture: Image.Image, jpeg: Jpeg) -> Pixels:
    file = io.BytesIO()
    picture.save(file, "JPEG", qtables=[list(table) for table in jpeg.tables], subsampling=jpeg.subsampling)
    return np.asarray(Image.open(file))


def textured(height: int, width: int, deviation: float = 12.0, seed: int = 0) -> Pixels:
    noise = np.random.default_rng(seed).normal(128, deviation, (height, width, 1))
    return np.clip(np.repeat(noise, 3, axis=2), 0, 255).astype(np.uint8)


def steps_at(pixels: Pixels, columns: Sequence[int]) -> float:
    """How far neighbours on both sides of these columns are apart."""
    luma = pixels.astype(float).mean(axis=2)
    return float(np.mean([np.abs(luma[:, column] - luma[:, column - 1]).mean() for column in columns]))


def test_the_power_of_a_wave_is_that_of_a_plain_loop() -> None:
    pixels = SCENE[:24, :16]
    luma = pixels.astype(float) @ np.array([0.299, 0.587, 0.114])
    wanted = np.zeros((8, 8))
    for top in range(0, 24, 8):
        for left in range(0, 16, 8):
            block = luma[top : top + 8, left : left + 8]
            for v in range(8):
                for u in range(8):
                    waves = [np.cos(np.pi * k * (np.arange(8) + 0.5) / 8) for k in (v, u)]
                    wave = np.outer(*waves)
                    wanted[v, u] += (block * wave).sum() ** 2 / (wave**2).sum() / 6
    np.testing.assert_allclose(wave_power(pixels), wanted, rtol=1e-3, atol=1e-3)


def test_the_detail_of_a_large_picture_is_that_of_its_middle_on_the_same_grid() -> None:
    pixels = textured(EXAMINED + 40, 30)
    pixels[:8] = 0
    np.testing.assert_allclose(wave_power(pixels), wave_power(pixels[16 : 16 + EXAMINED]), rtol=1e-5)


def test_a_picture_smaller_than_a_block_has_detail_too() -> None:
    assert np.isfinite(wave_power(textured(3, 5))).all()


def test_without_blocks_is_the_mean_of_compressing_shifted_pictures() -> None:
    pixels, jpeg = saved(SCENE[:40, :52], 20)
    total = np.zeros(pixels.shape)
    for down, across in SHIFTS:
        shifted = np.zeros((40 + down, 52 + across, 3), dtype=np.uint8)
        for y in range(40 + down):
            for x in range(52 + across):
                shifted[y, x] = pixels[max(y - down, 0), max(x - across, 0)]
        total += by_pillow(Image.fromarray(shifted), jpeg)[down:, across:]
    np.testing.assert_array_equal(without_blocks(pixels, jpeg), np.floor(total / 4 + 0.5))


def test_the_grid_goes_and_what_the_file_kept_stays() -> None:
    pixels, jpeg = saved(SCENE, 8)
    plain = without_blocks(pixels, jpeg)
    borders, insides = range(8, 64, 8), range(4, 64, 8)
    assert steps_at(pixels, borders) > 2 * steps_at(pixels, insides)
    assert steps_at(plain, borders) < 1.3 * steps_at(plain, insides)
    again = np.asarray(recompressed(plain, jpeg, wave_power(plain), FileTrace(jpeg, wave_power(pixels)), 0)).astype(int)
    assert np.abs(again - pixels).mean() < 0.3 * np.abs(SCENE.astype(int) - pixels).mean()


def test_what_is_no_jpeg_has_nothing_to_take_back() -> None:
    assert without_blocks(SCENE, None) is SCENE
    assert not missing_power(wave_power(SCENE), None, FileTrace(None, NO_WAVES + 99)).any()
    unchanged = recompressed(SCENE, None, wave_power(SCENE), FileTrace(None, NO_WAVES + 99), 0)
    np.testing.assert_array_equal(np.asarray(unchanged), SCENE)


@pytest.mark.parametrize(("quality", "subsampling"), [(8, 2), (60, 0), (90, 1)])
def test_the_lent_compression_is_that_of_pillow(quality: int, subsampling: int) -> None:
    wanted, jpeg = saved(SCENE, quality, subsampling=subsampling)
    found = recompressed(SCENE, None, wave_power(SCENE), FileTrace(jpeg, NO_WAVES), 0)
    np.testing.assert_array_equal(np.asarray(found), wanted)


def test_a_grey_file_lends_its_table_to_colours() -> None:
    _, grey = saved(SCENE, 8, mode="L")
    assert len(grey.tables) == 1
    found = np.asarray(recompressed(SCENE, None, wave_power(SCENE), FileTrace(grey, NO_WAVES), 0))
    assert found.shape == SCENE.shape
    assert steps_at(found, range(8, 64, 8)) > 2 * steps_at(found, range(4, 64, 8))


def test_only_what_was_lost_is_missing() -> None:
    """Where the own steps are larger than the lender's, up to what rounding to them takes, and never the light."""
    coarse = Jpeg((tuple([4] * 32 + [40] * 32),), 0)
    fine = Jpeg((tuple([8] * 64),), 0)
    power = np.full((8, 8), 5.0, dtype=np.float32)
    missing = missing_power(power, coarse, FileTrace(fine, power + 30))
    np.testing.assert_array_equal(missing[:4], 0)
    np.testing.assert_allclose(missing[4:], 30)
    np.testing.assert_allclose(missing_power(power, coarse, FileTrace(fine, power + 500))[4:], 40**2 / 12)
    assert not missing_power(power, coarse, FileTrace(fine, NO_WAVES)).any()
    assert not missing_power(power, coarse, FileTrace(coarse, power + 30)).any()
    everywhere = missing_power(power, coarse, FileTrace(None, power + 1))
    assert everywhere[0, 0] == 0
    assert (everywhere.ravel()[1:] == 1).all()


@pytest.mark.parametrize("size", [(50, 61), (EXAMINED + 20, 40)])
def test_detail_comes_to_the_power_of_the_lender(size: tuple[int, int]) -> None:
    pixels = textured(*size, deviation=2.0)
    _, jpeg = saved(pixels, 8)
    power, wanted = wave_power(pixels), wave_power(textured(*size, deviation=14.0, seed=1))
    found = np.asarray(recompressed(pixels, jpeg, power, FileTrace(None, wanted), 3))
    assert wave_power(found).sum() == pytest.approx(wanted.sum(), rel=0.1)
    again, other = (np.asarray(recompressed(pixels, jpeg, power, FileTrace(None, wanted), seed)) for seed in (3, 4))
    np.testing.assert_array_equal(found, again)
    assert (found != other).any()


def test_a_harsh_file_given_a_mild_compression_looks_as_the_mild_file_does() -> None:
    """In the power of its waves; compressing it again alone would leave it as it was."""
    harsh, own = saved(SCENE, 8)
    mild, lent = saved(SCENE, 90)
    plain = without_blocks(harsh, own)
    given = np.asarray(recompressed(plain, own, wave_power(plain), FileTrace(lent, wave_power(mild)), 0))
    alone = np.asarray(recompressed(harsh, None, wave_power(harsh), FileTrace(lent, wave_power(mild)), 0))
    waves = [dctn(x.astype(float).mean(axis=2), norm="ortho")[20:, 20:] for x in (mild, given, alone)]
    wanted, found, left = (some.std() for some in waves)
    assert left < 0.4 * wanted
    assert found == pytest.approx(wanted, rel=0.25)


def test_another_jpeg_lends_nothing() -> None:
    assert not FileTrace(OTHER_JPEG, NO_WAVES).lends
    assert FileTrace(None, NO_WAVES).lends
