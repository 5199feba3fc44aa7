"""Maps that know nothing of the network."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from audit import registry
from audit.saliency.batch import Batch, dead
from audit.saliency.null_maps.centre import centre
from audit.saliency.null_maps.edges import edges
from audit.saliency.null_maps.uniform import uniform
from fixtures import networks


def of_pixels(pixels: Tensor) -> Batch:
    """Pictures (N, C, H, W) in [0, 1] units, normalised with a mean and a deviation of their own for each channel."""
    channels = pixels.shape[1]
    mean, std = torch.linspace(0.3, 0.5, channels), torch.linspace(0.2, 0.3, channels)
    x = (pixels - mean.view(-1, 1, 1)) / std.view(-1, 1, 1)
    blank = torch.zeros(len(x), dtype=torch.int64)
    return Batch(networks.linear(), x, blank, mean, std, tuple(range(len(x))))


@pytest.mark.tor("TOR-020")
def test_uniform_is_one_everywhere() -> None:
    assert torch.equal(uniform(networks.batch_of(networks.linear(), side=5)), torch.ones(3, 5, 5))


@pytest.mark.tor("TOR-020")
def test_centre_is_the_documented_gaussian() -> None:
    batch = of_pixels(torch.zeros(2, 3, 9, 16))
    found = centre(batch)
    assert found.shape == (2, 9, 16)
    for row, column in product(range(9), range(16)):
        exponent = ((row - 4) / (9 / 4)) ** 2 / 2 + ((column - 7.5) / (16 / 4)) ** 2 / 2
        assert found[1, row, column].item() == pytest.approx(np.exp(-exponent), rel=1e-5)
    assert torch.equal(found, found.flip(1)) and torch.equal(found, found.flip(2))


def test_centre_puts_the_documented_share_into_the_middle() -> None:
    (found,) = centre(of_pixels(torch.zeros(1, 3, 200, 100)))
    share = found[50:150, 25:75].sum() / found.sum()
    assert 0.46 < share < 0.52


def slow_edges(pixels: Tensor) -> Tensor:
    """Sobel, pixel by pixel; (C, H, W) in [0, 1] units."""
    shares = torch.tensor([0.299, 0.587, 0.114]) if len(pixels) == 3 else torch.full((len(pixels),), 1 / len(pixels))
    grey = (pixels * shares.view(-1, 1, 1)).sum(0)
    height, width = grey.shape
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    result = torch.zeros_like(grey)
    for row, column in product(range(height), range(width)):
        across = down = 0.0
        for i, j in product(range(3), range(3)):
            value = grey[min(max(row + i - 1, 0), height - 1), min(max(column + j - 1, 0), width - 1)].item()
            across += kernel[i, j] * value
            down += kernel.T[i, j] * value
        result[row, column] = (across**2 + down**2) ** 0.5
    return result


@pytest.mark.tor("TOR-020")
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_edges_against_a_loop(channels: int) -> None:
    pixels = torch.rand(2, channels, 5, 7, generator=torch.Generator().manual_seed(0))
    expected = torch.stack([slow_edges(picture) for picture in pixels])
    torch.testing.assert_close(edges(of_pixels(pixels)), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@given(st.tuples(*[st.integers(0, 255)] * 3), st.integers(1, 40), st.integers(1, 40))
def test_a_picture_of_one_colour_has_no_edges_not_even_its_frame(
    colour: tuple[int, int, int], height: int, width: int
) -> None:
    pixels = torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, height, width) / 255
    assert dead(edges(of_pixels(pixels))).tolist() == [True]


def test_edges_do_not_depend_on_the_batch() -> None:
    batch = of_pixels(torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(1)))
    single = replace(batch, x=batch.x[1:2], target=batch.target[:1], seeds=batch.seeds[1:2])
    assert torch.equal(edges(single)[0], edges(batch)[1])


class Unasked(nn.Module):
    """A network that must not be asked."""

    def forward(self, x: Tensor) -> Tensor:
        raise AssertionError


@pytest.mark.parametrize("name", registry.names("audit.saliency.null_maps"))
def test_every_null_map_is_made_of_what_it_declares(name: str) -> None:
    function = registry.resolve("audit.saliency.null_maps", name)
    needs = registry.needs("audit.saliency.null_maps", function)
    batch = replace(networks.batch_of(networks.linear()), module=Unasked())
    if "untrained" in needs:
        with pytest.raises(ValueError, match="no untrained copy"):
            function(batch)
        batch = replace(batch, untrained=networks.linear())
    assert function(batch).shape == batch.x[:, 0].shape
