"""Rank correlation of maps, against SciPy."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.stats import rankdata, spearmanr

from audit.saliency.rank_correlation import MOST_PLACES, agreements, pooled, ranks, similarity

few_values = arrays(np.float32, (3, 12), elements=st.integers(0, 5).map(float))


@pytest.mark.slow
@given(few_values)
def test_ranks_are_average_ranks(values: NDArray[np.float32]) -> None:
    assert np.array_equal(ranks(torch.from_numpy(values)).numpy() + 1, rankdata(values, axis=1))


@pytest.mark.slow
@given(few_values, few_values)
def test_similarity_is_spearmans_correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> None:
    found = similarity(*(torch.from_numpy(part).reshape(3, 3, 4) for part in (one, other)))
    for row, (a, b) in enumerate(zip(one, other, strict=True)):
        if len(set(a)) == 1 or len(set(b)) == 1:
            assert torch.isnan(found[row])
        else:
            assert float(found[row]) == pytest.approx(spearmanr(a, b).statistic, abs=1e-12)


def test_maps_are_averaged_before_they_are_ranked() -> None:
    maps = torch.rand(2, 2 * MOST_PLACES, 2 * MOST_PLACES, generator=torch.Generator().manual_seed(0))
    blocks = maps.reshape(2, MOST_PLACES, 2, MOST_PLACES, 2).mean(dim=(2, 4))
    assert torch.allclose(pooled(maps), blocks.flatten(1))
    # what differs within the blocks alone makes no difference
    assert similarity(maps, blocks.repeat_interleave(2, 1).repeat_interleave(2, 2)).min() > 0.999


def test_no_map_agrees_with_one_that_is_dead_or_not_finite() -> None:
    maps = torch.rand(4, 5, 5, generator=torch.Generator().manual_seed(0))
    odd = maps.clone()
    odd[0], odd[1, 2, 2], odd[2, 1, 1] = 0, torch.nan, torch.inf
    found = similarity(maps, odd)
    assert torch.isnan(found[:3]).all()
    assert float(found[3]) == pytest.approx(1)


def test_every_pair_of_methods_is_compared_once() -> None:
    maps = {name: torch.rand(2, 6, 6) for name in ("a", "b", "c")}
    found = agreements(maps)
    assert list(found) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert torch.equal(found["a", "c"], similarity(maps["a"], maps["c"]))
