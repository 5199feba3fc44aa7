"""Occlusion and RISE against plain oracles, and where they must point."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from audit.errors import AuditError
from audit.saliency.batch import Batch, score_of
from audit.saliency.methods.occlusion import occlusion
from audit.saliency.methods.rise import MASKS, rise
from fixtures import networks


class Linear(nn.Module):
    """Class 1 is as likely as the sum of the weights times the picture says."""

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.weights = nn.Parameter(weights)

    def forward(self, x: Tensor) -> Tensor:
        score = (x * self.weights).sum(dim=(1, 2, 3))
        return torch.stack([torch.zeros_like(score), score], dim=1)


def spot(side: int = 20) -> Tensor:
    """(1, side, side): only the places from 4 to 8 down and 12 to 16 across count."""
    weights = torch.zeros(1, side, side)
    weights[:, 4:8, 12:16] = 0.1
    return weights


def linear(pictures: int = 2) -> Batch:
    batch = networks.batch_of(networks.ready(networks.in_place()), channels=3)
    generator = torch.Generator().manual_seed(0)
    x = torch.rand((pictures, 3, 20, 20), generator=generator) + 0.5
    target = torch.ones(pictures, dtype=torch.int64)
    return Batch(Linear(spot()), x, target, batch.mean, batch.std, tuple(range(pictures)), score="logit")


def of_pixel(batch: Batch, side: int, starts: list[int], y: int, x: int) -> float:
    """The plain oracle of the first picture's pixel: over all windows that cover it, one after the other."""
    falls = []
    for top in starts:
        for left in starts:
            if top <= y < top + side and left <= x < left + side:
                hidden = batch.x[:1].clone()
                for row in range(top, top + side):
                    for column in range(left, left + side):
                        hidden[:, :, row, column] = 0
                whole, less = batch.module(batch.x[:1]), batch.module(hidden)
                falls.append(float(whole[0, 1] - less[0, 1]))
    return sum(falls) / len(falls)


def test_occlusion_is_the_mean_fall_over_the_windows_that_cover_a_pixel() -> None:
    batch = linear()
    with torch.no_grad():
        signed = occlusion(batch, window=0.3, stride=0.2)
        starts = [0, 4, 7, 10, 14]  # 14 of 20 pixels in steps of at most 4
        for y, x in ((0, 0), (5, 13), (7, 15), (12, 12), (19, 19)):
            assert float(signed[0, 0, y, x]) == pytest.approx(of_pixel(batch, 6, starts, y, x), abs=1e-4)


def test_windows_cover_the_whole_frame_whatever_its_shape() -> None:
    batch = linear()
    narrow = Batch(
        nn.Sequential(nn.Flatten(), nn.Linear(3 * 31 * 17, 2)),
        torch.rand(2, 3, 31, 17),
        batch.target,
        batch.mean,
        batch.std,
        (0, 1),
    )
    for window, stride in ((0.2, 0.1), (0.37, 0.37), (0.95, 0.5), (0.02, 0.02)):
        assert torch.isfinite(occlusion(narrow, window=window, stride=stride)).all()
    with pytest.raises(AuditError, match=r"stride 0.3 is longer than window 0.2; need windows without gaps"):
        occlusion(narrow, window=0.2, stride=0.3)


def test_both_point_at_what_counts_and_not_elsewhere() -> None:
    batch = linear()
    inside = spot()[0] > 0
    for signed in (occlusion(batch, window=0.2, stride=0.1), rise(batch, masks=1_000)):
        near = F.max_pool2d(inside.float()[None, None], 9, 1, 4)[0, 0] > 0
        for picture in signed[:, 0]:
            assert picture[inside].mean() > 3 * picture[~near].abs().mean()
            assert near.flatten()[picture.argmax()]


def test_rise_is_the_conditional_mean_of_the_paper_less_its_constant_part() -> None:
    """One mask after the other, built from its definition, with a cell of five pixels."""
    batch, cells, count = linear(1), 4, 6
    rng = np.random.default_rng((0, MASKS))
    masks, answers = [], []
    for _ in range(count):
        numbers = rng.random((cells + 1) ** 2 + 2)
        grid = (numbers[2:] < 0.5).reshape(cells + 1, cells + 1).astype(float)
        down, across = (int(number * 5) for number in numbers[:2])
        mask = np.empty((20, 20))
        for y in range(20):
            for x in range(20):
                mask[y, x] = between(grid, (y + down + 0.5) / 5 - 0.5, (x + across + 0.5) / 5 - 0.5)
        masks.append(mask)
        logits = batch.module(batch.x * torch.from_numpy(mask).float())
        answers.append(float(score_of(logits, batch.target, "probability")[0].detach()))
    expected = sum(p * m for p, m in zip(answers, masks, strict=True)) / sum(masks) - np.mean(answers)
    np.testing.assert_allclose(rise(batch, masks=count, cells=cells)[0, 0].numpy(), expected, atol=1e-5)


def between(grid: np.ndarray, y: float, x: float) -> float:
    """Linearly between the cells' centres; beyond the outer ones, theirs."""
    y, x = (min(max(place, 0.0), len(grid) - 1.0) for place in (y, x))
    top, left = int(y), int(x)
    bottom, right = min(top + 1, len(grid) - 1), min(left + 1, len(grid) - 1)
    upper = grid[top, left] * (1 - x + left) + grid[top, right] * (x - left)
    lower = grid[bottom, left] * (1 - x + left) + grid[bottom, right] * (x - left)
    return float(upper * (1 - y + top) + lower * (y - top))


def test_a_network_that_answers_alike_has_no_relevance() -> None:
    batch = linear()
    same = Batch(Linear(torch.zeros(1, 20, 20)), batch.x, batch.target, batch.mean, batch.std, (0, 1))
    assert torch.equal(occlusion(same), torch.zeros(2, 1, 20, 20))
    torch.testing.assert_close(rise(same, masks=50), torch.zeros(2, 1, 20, 20), rtol=0, atol=1e-6)
