"""Colours, light and sharpness, swapped: against slow oracles, and by what must not change."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import linalg
from torch import Tensor

from audit.experiments.altered_batch import Trial
from audit.experiments.colour_moments import FAINT, brought, colours_of, moments, pixels_of
from audit.experiments.fine_detail import BANDS, GRAIN, band_power, change, luminance, spectrum
from audit.experiments.fine_detail import FAINT as ROUNDED
from audit.experiments.interventions.background_colour_swapped import background_colour_swapped
from audit.experiments.interventions.colour_swapped import colour_swapped
from audit.experiments.interventions.sharpness_swapped import sharpness_swapped
from audit.experiments.slow_colours import around
from fixtures.trials import OBJECT, SIDE, Reader, trial

READER = Reader(OBJECT)


def random(count: int, channels: int, height: int, width: int, seed: int = 0) -> Tensor:
    return torch.rand(count, channels, height, width, generator=torch.Generator().manual_seed(seed))


def white(count: int, side: int, seed: int = 0) -> Tensor:
    return torch.randn(count, side, side, generator=torch.Generator().manual_seed(seed)).double()


def varied(first: Tensor, donors: Tensor) -> Trial:
    """These pictures (6, 3, SIDE, SIDE) on the scale from 0 to 1, and the same donor (1, 3, SIDE, SIDE) for all."""
    asked = trial(READER)
    batch = replace(asked.batch, x=asked.batch.seen(first))
    x = asked.batch.seen(donors).expand(len(asked.donors.samples), -1, -1, -1)
    detail = band_power(spectrum(luminance(donors))).expand(len(x), -1)
    return replace(asked, batch=batch, donor_pool=replace(asked.donors, x=x, detail=detail))


def test_colours_come_back_as_pixels() -> None:
    pixels = torch.linspace(0, 1, 256).view(1, 1, 16, 16)
    torch.testing.assert_close(pixels_of(colours_of(pixels)), pixels, atol=1e-5, rtol=0)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_change_of_colours_is_that_of_the_textbook(channels: int) -> None:
    """Of Gaussians with these moments, by matrix square roots."""
    rng = np.random.default_rng(1)
    mix = np.eye(channels) + 0.2 * rng.normal(size=(channels, channels))
    own = torch.from_numpy(rng.normal(size=(1, channels, 8, 9)))
    other = torch.from_numpy(np.einsum("cd,ndhw->nchw", mix, rng.normal(size=(1, channels, 8, 9))) + 0.4)
    values = [x.flatten(2)[0].numpy() for x in (own, other)]
    a, b = (np.cov(x, bias=True).reshape(channels, channels) + FAINT**2 * np.eye(channels) for x in values)
    root = linalg.sqrtm(a)
    matrix = linalg.inv(root) @ linalg.sqrtm(root @ b @ root) @ linalg.inv(root)
    wanted = matrix @ (values[0] - values[0].mean(1, keepdims=True)) + values[1].mean(1, keepdims=True)
    found = brought(own, moments(own), moments(other))
    np.testing.assert_allclose(found.flatten(2)[0].numpy(), wanted.real, atol=1e-6)
    after = moments(found)
    torch.testing.assert_close(after.mean, moments(other).mean)
    torch.testing.assert_close(after.covariance, moments(other).covariance, atol=0.02, rtol=0)


def test_colours_of_ones_own_change_nothing() -> None:
    own = colours_of(random(2, 3, 9, 9))
    torch.testing.assert_close(brought(own, moments(own), moments(own)), own, atol=1e-4, rtol=0)


def test_a_white_donor_leaves_something_to_be_seen() -> None:
    """Neither contrast nor light changes beyond its limit."""
    own = colours_of(0.2 + 0.1 * random(1, 3, 9, 9))
    found = pixels_of(brought(own, moments(own), moments(colours_of(torch.ones(1, 3, 9, 9)))))
    assert found.max() < 0.95
    assert found.std() > 0.01


def test_the_light_of_the_donor_falls_on_object_and_background_alike() -> None:
    """Both keep their order; the object's own colour is not asked."""
    first = torch.full((6, 3, SIDE, SIDE), 0.3) + 0.02 * random(6, 3, SIDE, SIDE)
    plain = varied(first, 0.6 + 0.02 * random(1, 3, SIDE, SIDE, 1))
    first = first.clone()
    first[:, :, OBJECT[0], OBJECT[1]] += 0.2
    bright = varied(first, 0.6 + 0.02 * random(1, 3, SIDE, SIDE, 1))
    without, picture = (asked.batch.pixels(colour_swapped(asked).altered["other 1"]) for asked in (plain, bright))
    away = ~plain.inside.expand_as(picture)
    torch.testing.assert_close(picture[away], without[away], atol=0.02, rtol=0)
    assert picture[away].mean() == pytest.approx(0.61, abs=0.01)
    assert (picture - without)[~away].mean() > 0.1


def test_the_background_takes_slow_colours_and_keeps_its_detail() -> None:
    """Far from the object it is the donor's colour with the detail that was there, and the object stays as it was."""
    detail = 0.1 * (torch.arange(SIDE) % 2 - 0.5).expand(6, 3, SIDE, SIDE)
    donor = torch.tensor([0.7, 0.4, 0.2]).view(1, 3, 1, 1).expand(1, 3, SIDE, SIDE)
    asked = varied(0.5 + detail, donor)
    weight = around(asked.inside)
    for picture in background_colour_swapped(asked).altered.values():
        pixels = asked.batch.pixels(picture)
        torch.testing.assert_close(pixels, 0.5 + detail + weight * (donor - 0.5), atol=0.02, rtol=0)
        inside = asked.inside.expand_as(pixels)
        torch.testing.assert_close(pixels[inside], (0.5 + detail)[inside])


def test_the_change_sets_in_softly_beside_the_object() -> None:
    inside = torch.zeros(1, 1, 64, 64, dtype=torch.bool)
    inside[:, :, 20:40, 24:44] = True
    weight = around(inside)
    assert weight[inside].max() == 0
    assert (weight[..., :16, :] == 1).all()
    assert (weight[..., 30, :25].diff() <= 0.35).all()
    assert (weight[..., 30, :25].diff() <= 0).all()


def power_of_a_plain_loop(luma: np.ndarray, band: int) -> float:
    """The mean square of what a cosine series (H, W) has in one band."""
    height, width = luma.shape
    total = 0.0
    for v in range(height):
        for u in range(width):
            waves = [np.cos(np.pi * k * (np.arange(n) + 0.5) / n) for k, n in ((v, height), (u, width))]
            basis = np.outer(*waves)
            energy = (luma * basis).sum() ** 2 / (basis**2).sum() / (height * width)
            radius = np.hypot(v / (2 * height), u / (2 * width))
            place = np.clip(BANDS + 2 * np.log2(2 * radius), 0, BANDS) if radius else 0.0
            total += energy * max(0.0, 1 - abs(place - band))
    return total


def test_the_power_of_a_band_is_that_of_a_plain_loop() -> None:
    luma = random(1, 1, 10, 12)[:, 0].double()
    found = (band_power(spectrum(luma))[0] - ROUNDED**2) * luma.mean() ** 2
    wanted = [power_of_a_plain_loop(luma[0].numpy(), band) for band in range(1, BANDS + 1)]
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-6)


def test_detail_comes_to_the_power_that_is_asked_for() -> None:
    """Where that lies within the limits; what is slower than all bands stays."""
    luma = random(2, 1, 48, 48)[:, 0].double()
    spectra, grain = spectrum(luma), spectrum(white(2, 48))
    own = band_power(spectra)
    torch.testing.assert_close(change(spectra, own, own, grain), torch.zeros_like(luma), atol=1e-9, rtol=0)
    raised = band_power(spectrum(luma + change(spectra, own, 2 * own, grain)))
    torch.testing.assert_close(raised[:, 1:], 2 * own[:, 1:], rtol=0.02, atol=0)
    slow = torch.linspace(0, 1, 48).double().expand(1, 48, 48)
    assert change(spectrum(slow), own[:1], own[:1] / 9, grain[:1]).abs().max() < 0.02


def test_less_light_is_no_less_sharp() -> None:
    luma = random(1, 1, 32, 32)[:, 0]
    torch.testing.assert_close(band_power(spectrum(luma / 3)), band_power(spectrum(luma)))


def test_a_picture_without_noise_gets_some_and_no_more_than_the_limit() -> None:
    flat, grain = torch.full((1, 64, 64), 0.5).double(), spectrum(white(1, 64))
    own, slight, strong = (
        band_power(spectrum(flat)),
        *(band_power(spectrum(0.5 + s * white(1, 64, 1))) for s in (0.05, 1.0)),
    )
    noisy = flat + change(spectrum(flat), own, slight, grain)
    torch.testing.assert_close(band_power(spectrum(noisy))[:, 1:], slight[:, 1:], rtol=0.2, atol=0)
    assert change(spectrum(flat), own, strong, grain).std() == pytest.approx(GRAIN * 0.5, rel=0.1)


def test_a_smooth_donor_blurs() -> None:
    first = random(6, 3, SIDE, SIDE)
    level = first.mean(dim=1, keepdim=True).expand_as(first)
    smooth = torch.full((1, 3, SIDE, SIDE), 0.5)
    asked = varied(level, smooth)
    swap = sharpness_swapped(asked)
    after = luminance(asked.batch.pixels(swap.altered["same 1"]))
    assert after.std() < 0.5 * luminance(level).std()
    assert list(swap.altered) == ["other 1", "same 1"]
