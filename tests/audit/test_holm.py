"""Holm's procedure: as R adjusts, and as Holm states it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.holm import holm


@pytest.mark.parametrize(
    ("p", "adjusted"),
    [
        ([0.05, 0.03, 0.01, 0.5], [0.1, 0.09, 0.04, 0.5]),
        ([1, 0.5, 0.1, 0.001, 0.0001, 0.002], [1, 1, 0.3, 0.005, 0.0006, 0.008]),
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.7, 0.8], [1, 1]),
        ([], []),
    ],
)
def test_holm_as_r_adjusts(p: list[float], adjusted: list[float]) -> None:
    assert list(holm(p)) == pytest.approx(adjusted)


@pytest.mark.slow
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.001, 0.2))
def test_holm_steps_down(p: list[float], alpha: float) -> None:
    """The procedure as Holm states it: reject the smallest while it is within alpha over those that are left."""
    rejected = set[int]()
    for left, index in zip(range(len(p), 0, -1), np.argsort(p, kind="stable"), strict=True):
        if not p[index] * left <= alpha:
            break
        rejected.add(int(index))
    assert set(np.flatnonzero(holm(p) <= alpha)) == rejected


@pytest.mark.parametrize("p", [[0.1, float("nan")], [-0.1], [1.1], [[0.1]]])
def test_holm_refuses(p: list[float]) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        holm(p)
