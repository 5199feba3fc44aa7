"""Scores against slow oracles written from the definitions, and against properties that must hold."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from torch import Tensor

from audit.saliency.localisation import Region, region, score_maps

Map = NDArray[np.float32]


def box_mask(h: int, w: int, box: tuple[float, float, float, float]) -> Region:
    return region([torch.tensor([box], dtype=torch.float32)], (h, w), 0, "cpu")


def oracle(relevance: Map, inside: NDArray[np.bool_], near: NDArray[np.bool_]) -> dict[str, float]:
    """The definitions, pixel by pixel, in exact fractions."""
    values = [Fraction(float(v)) for v in relevance.ravel()]
    inner = [bool(b) for b in inside.ravel()]
    ins = [v for v, b in zip(values, inner, strict=True) if b]
    out = [v for v, b in zip(values, inner, strict=True) if not b]
    mass = sum(ins, Fraction(0)) / sum(values)
    top = max(values)
    maxima = [i for i, v in enumerate(values) if v == top]
    hits = sum(bool(near.ravel()[i]) for i in maxima)
    threshold = sorted(values)[-len(ins)]
    above = [i for i, v in enumerate(values) if v > threshold]
    tied = [i for i, v in enumerate(values) if v == threshold]
    expected = sum(inner[i] for i in above) + Fraction(len(ins) - len(above), len(tied)) * sum(inner[i] for i in tied)
    wins = sum(Fraction(2 * (a > b) + (a == b), 2) for a, b in product(ins, out))
    return {
        "mass": float(mass),
        "lift": float(mass / Fraction(len(ins), len(values))),
        "rank": float(expected / len(ins)),
        "pointing": hits / len(maxima),
        "auc": float(wins / (len(ins) * len(out))) if out else float("nan"),
    }


# few distinct values, so that ties are common, and all exact after division by the maximum
maps = hnp.arrays(np.float32, (5, 6), elements=st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0]))
masks = hnp.arrays(np.bool_, (5, 6))


def as_region(inside: NDArray[np.bool_]) -> Region:
    tensor = torch.from_numpy(inside)[None]
    return Region(tensor, tensor)


@pytest.mark.slow
@pytest.mark.tor("TOR-021")
@given(maps, masks)
@settings(max_examples=300, deadline=None)
def test_scores_equal_the_definitions(relevance: Map, inside: NDArray[np.bool_]) -> None:
    if not inside.any() or not relevance.any():
        return
    found = score_maps(torch.from_numpy(relevance)[None], as_region(inside))
    for name, expected in oracle(relevance, inside, inside).items():
        assert found[name].item() == pytest.approx(expected, abs=1e-6, nan_ok=True), name


@pytest.mark.slow
@given(hnp.arrays(np.float32, (4, 5, 6), elements=st.floats(0, 1e6, width=32)), st.randoms())
@settings(max_examples=50, deadline=None)
def test_a_batch_scores_as_its_pictures_alone(relevance: Map, random: object) -> None:
    batch = torch.from_numpy(relevance)
    where = region([torch.tensor([[1.0, 1, 4, 3]])] * 4, (5, 6), 1, "cpu")
    together = score_maps(batch, where)
    for i in range(4):
        alone = score_maps(batch[i : i + 1], Region(*(part[i : i + 1] for part in where)))
        for name in together:
            torch.testing.assert_close(together[name][i], alone[name][0], equal_nan=True)


@pytest.mark.slow
@given(maps, hnp.arrays(np.bool_, (4, 5, 6)))
@settings(max_examples=100, deadline=None)
def test_one_map_for_all_pictures_scores_as_its_copies(relevance: Map, inside: NDArray[np.bool_]) -> None:
    one = torch.from_numpy(relevance).expand(4, 5, 6)
    where = Region(torch.from_numpy(inside), torch.from_numpy(inside))
    shared, copied = score_maps(one, where), score_maps(one.clone(), where)
    for name in shared:
        torch.testing.assert_close(shared[name], copied[name], rtol=1e-12, atol=1e-12, equal_nan=True)


@pytest.mark.slow
@given(maps, masks, st.sampled_from([2.0**-20, 0.5, 3.0, 1e6]))
@settings(max_examples=100, deadline=None)
def test_scaling_and_flipping_change_nothing(relevance: Map, inside: NDArray[np.bool_], factor: float) -> None:
    plain = score_maps(torch.from_numpy(relevance)[None], as_region(inside))
    scaled = score_maps(torch.from_numpy(relevance)[None] * factor, as_region(inside))
    flipped = score_maps(torch.from_numpy(relevance[::-1, ::-1].copy())[None], as_region(inside[::-1, ::-1].copy()))
    for name in plain:
        torch.testing.assert_close(scaled[name], plain[name], equal_nan=True)
        torch.testing.assert_close(flipped[name], plain[name], equal_nan=True)


@pytest.mark.slow
@given(hnp.arrays(np.float32, (5, 6), elements=st.floats(0, 2.0**100, width=32)), masks)
@settings(max_examples=200, deadline=None)
def test_scores_stay_in_range(relevance: Map, inside: NDArray[np.bool_]) -> None:
    found = score_maps(torch.from_numpy(relevance)[None], as_region(inside))
    for name in ("mass", "rank", "pointing", "auc"):
        value = found[name].item()
        assert np.isnan(value) or 0 <= value <= 1 + 1e-9, name


@pytest.mark.tor("TOR-022")
def test_a_uniform_map_scores_at_chance() -> None:
    where = region([torch.tensor([[2.0, 1, 5, 4]])], (8, 10), 0, "cpu")
    found = score_maps(torch.ones(1, 8, 10), where)
    share = 9 / 80
    assert where.area_share.item() == pytest.approx(share)
    assert [found[n].item() for n in ("mass", "lift", "rank", "pointing", "auc")] == pytest.approx(
        [share, 1, share, share, 0.5]
    )


@pytest.mark.tor("TOR-023")
@pytest.mark.parametrize(
    "broken", [torch.zeros(1, 4, 4), torch.full((1, 4, 4), torch.nan), torch.tensor([[[0.0, torch.inf], [1, 2]]])]
)
def test_a_dead_map_is_never_a_number(broken: Tensor) -> None:
    found = score_maps(broken, box_mask(broken.shape[1], broken.shape[2], (0, 0, 2, 1)))
    assert all(value.isnan().all() for value in found.values())


@pytest.mark.tor("TOR-023")
def test_a_dead_map_leaves_its_neighbours_alone() -> None:
    both = torch.stack([torch.zeros(4, 4), torch.eye(4)])
    where = region([torch.tensor([[0.0, 0, 2, 2]])] * 2, (4, 4), 0, "cpu")
    found = score_maps(both, where)
    assert found["mass"][0].isnan()
    assert found["mass"][1].item() == 0.5


def test_no_object_pixel_means_no_score_and_a_full_box_has_no_outside() -> None:
    empty = score_maps(torch.rand(1, 4, 4) + 0.1, box_mask(4, 4, (0.6, 0.6, 0.9, 0.9)))
    assert all(value.isnan().all() for value in empty.values())
    full = score_maps(torch.rand(1, 4, 4) + 0.1, box_mask(4, 4, (0, 0, 4, 4)))
    assert full["auc"].isnan().all()
    assert [full[name].item() for name in ("mass", "lift", "rank", "pointing")] == pytest.approx([1, 1, 1, 1])


@pytest.mark.tor("TOR-021")
def test_axes_are_not_swapped() -> None:
    relevance = torch.zeros(1, 6, 10)
    relevance[0, 1, 8] = 1  # y = 1, x = 8
    assert score_maps(relevance, box_mask(6, 10, (8, 1, 9, 2)))["mass"].item() == 1
    assert score_maps(relevance, box_mask(6, 10, (1, 0, 2, 6)))["mass"].item() == 0


@pytest.mark.tor("TOR-021")
def test_the_far_edge_is_outside() -> None:
    relevance = torch.zeros(1, 4, 4)
    relevance[0, 0, 2] = 1
    assert score_maps(relevance, box_mask(4, 4, (0, 0, 2, 1)))["pointing"].item() == 0
    assert score_maps(relevance, box_mask(4, 4, (0, 0, 3, 1)))["pointing"].item() == 1


@pytest.mark.slow
@pytest.mark.tor("TOR-021")
@given(st.lists(st.tuples(*[st.floats(-3, 12)] * 4), min_size=1, max_size=3), st.floats(0, 4))
@settings(max_examples=100, deadline=None)
def test_regions_equal_the_definition(boxes: list[tuple[float, float, float, float]], tolerance: float) -> None:
    tidy = [(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in boxes]
    rounded = torch.tensor(tidy, dtype=torch.float32)
    found = region([rounded], (7, 9), tolerance, "cpu")
    for y, x in product(range(7), range(9)):
        cx, cy = x + 0.5, y + 0.5
        distance = min(
            float(np.hypot(max(x0 - cx, 0, cx - x1), max(y0 - cy, 0, cy - y1))) for x0, y0, x1, y1 in rounded.tolist()
        )
        inside = any(x0 <= cx < x1 and y0 <= cy < y1 for x0, y0, x1, y1 in rounded.tolist())
        assert bool(found.inside[0, y, x]) == inside
        if abs(distance - tolerance) > 1e-4:
            assert bool(found.near[0, y, x]) == (distance < tolerance or inside)


def test_pictures_may_have_different_numbers_of_boxes() -> None:
    one, two = torch.tensor([[0.0, 0, 1, 1]]), torch.tensor([[0.0, 0, 1, 1], [2, 2, 4, 4]])
    assert region([one, two], (4, 4), 0, "cpu").inside.sum(dim=(1, 2)).tolist() == [1, 5]
    assert region([two, two], (4, 4), 0, "cpu").area_share.tolist() == [5 / 16] * 2
