"""What a GPU does to a whole batch, done here on the CPU: the same scores as one map after the other."""

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from torch import Tensor

from audit.saliency.localisation import Region, score_maps
from audit.saliency.scores_on_device import scores_on_device

EXACT = ("rank", "pointing", "auc")
"""Of counts alone; the others are sums, whose terms have another order."""
NAMES = ("mass", "lift", *EXACT)
N, H, W = 3, 5, 6

few = st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0])  # so that ties are common
any_number = st.floats(0, 2.0**100, width=32) | st.sampled_from([float("nan"), float("inf")])
maps = hnp.arrays(np.float32, (N, H, W), elements=few) | hnp.arrays(np.float32, (N, H, W), elements=any_number)
masks = hnp.arrays(np.bool_, (N, H, W)) | hnp.arrays(np.bool_, (N, 1, 1)).map(lambda m: np.broadcast_to(m, (N, H, W)))


def both(relevance: Tensor, where: Region) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    table = scores_on_device(relevance, *where)
    assert table.shape == (len(relevance), len(NAMES))
    return dict(zip(NAMES, table.unbind(dim=1), strict=True)), dict(score_maps(relevance, where))


@pytest.mark.tor("TOR-021")
@given(maps, masks, hnp.arrays(np.bool_, (N, H, W)))
@example(np.ones((N, H, W), np.float32), np.ones((N, H, W), bool), np.zeros((N, H, W), bool))
@settings(max_examples=200, deadline=None)
def test_a_batch_at_once_scores_as_its_maps_one_by_one(
    relevance: NDArray[np.float32], inside: NDArray[np.bool_], near: NDArray[np.bool_]
) -> None:
    where = Region(torch.from_numpy(inside.copy()), torch.from_numpy(near | inside))
    at_once, one_by_one = both(torch.from_numpy(relevance), where)
    for name in NAMES:
        torch.testing.assert_close(
            at_once[name], one_by_one[name], rtol=0 if name in EXACT else 1e-12, atol=0, equal_nan=True
        )


@pytest.mark.tor("TOR-021")
def test_a_frame_of_many_pixels_is_counted_exactly() -> None:
    torch.manual_seed(0)
    relevance = torch.rand(2, 224, 224).square()
    relevance[0, :100] = relevance[0, 0, 0]  # a tie of 22,400 pixels
    where = Region(torch.rand(2, 224, 224) < 0.3, torch.rand(2, 224, 224) < 0.4)
    at_once, one_by_one = both(relevance, where)
    assert all(torch.equal(at_once[name], one_by_one[name]) for name in EXACT)
    assert one_by_one["auc"].sub(0.5).abs().max() < 0.02
