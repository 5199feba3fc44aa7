"""Which samples the report shows can be decided batch by batch."""

import io

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from audit.engine.thumbnails import EACH, choose, encode_map, encode_picture

scores = st.lists(st.sampled_from([*np.linspace(0, 1, 9).tolist(), float("nan")]), min_size=1, max_size=80)


@pytest.mark.slow
@given(scores, st.integers(1, 17), st.randoms())
@settings(max_examples=100, deadline=None)
def test_streaming_finds_what_looking_at_all_would(values: list[float], size: int, random: object) -> None:
    auc = dict(enumerate(values))
    draw = {number: (number * 7919) % 101 for number in auc}
    kept: dict[int, float] = {}
    for start in range(0, len(values), size):
        kept |= {n: auc[n] for n in range(start, min(start + size, len(values)))}
        members = {n for group in choose(kept, {n: draw[n] for n in kept}) for n in group}
        kept = {n: value for n, value in kept.items() if n in members}
    assert choose(kept, {n: draw[n] for n in kept}) == choose(auc, draw)


def test_worst_borderline_and_random_are_what_they_say() -> None:
    auc = {n: n / 100 for n in range(100)} | {100: float("nan")}
    found = choose(auc, {n: -n for n in auc})
    assert found.worst == list(range(EACH))
    assert found.borderline[0] == 50
    assert not set(found.borderline) & set(found.worst)
    assert 100 not in found.worst + found.borderline
    assert found.random == list(range(100, 100 - EACH, -1))


def test_encoded_pictures_come_back() -> None:
    pixels = torch.zeros(3, 16, 24, dtype=torch.uint8)
    pixels[0] = 200
    with Image.open(io.BytesIO(encode_picture(pixels))) as picture:
        assert picture.size == (24, 16)
        assert np.asarray(picture)[8, 12].tolist() == pytest.approx([200, 0, 0], abs=6)
    relevance = torch.linspace(0, 5, 1000).reshape(20, 50)
    with Image.open(io.BytesIO(encode_map(relevance))) as grey:
        values = np.asarray(grey)
    assert values[0, 0] == 0
    assert values[-1, -1] == 255
    assert (np.diff(values.astype(int).ravel()) >= 0).all()


@pytest.mark.parametrize("side", [1, 2, 15, 60])
def test_maps_are_drawn_up_to_their_percentile(side: int) -> None:
    relevance = torch.rand(side, side, generator=torch.Generator().manual_seed(side)) ** 3
    with Image.open(io.BytesIO(encode_map(relevance))) as grey:
        found = torch.from_numpy(np.array(grey)).float()
    expected = (relevance / torch.quantile(relevance.flatten(), 0.995)).clamp(max=1) * 255
    torch.testing.assert_close(found, expected, rtol=0, atol=0.5001)


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_a_dead_map_is_black(value: float) -> None:
    with Image.open(io.BytesIO(encode_map(torch.full((4, 4), value)))) as grey:
        assert np.asarray(grey).max() == 0
