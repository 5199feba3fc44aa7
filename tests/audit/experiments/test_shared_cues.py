"""The search for cues on drawn spots, and the whole study on a network that reads a mark."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor, nn

from audit import ClassName, Model, Preprocessing, measure, parse_settings
from audit.errors import AuditError
from audit.experiments.appearances import appearances, descriptors, own_windows
from audit.experiments.grid import GRID, Spots
from audit.experiments.places import FEWEST, Candidate, best_window, overlap, places, ranked, window_sums
from audit.record.record import Record
from checks.statistics.subset import FEWEST as COMPARED


def drawn(
    count: int, classes: int, cue: Callable[[np.random.Generator, int], tuple[int, int, int] | None], seed: int = 0
) -> Spots:
    """Noise around an object at a changing place, and five times as much where `cue` says (x, y, side) for a class."""
    rng = np.random.default_rng(seed)
    class_index = np.arange(count) % classes
    relevance, outside = rng.gamma(2.0, 1.0, (count, GRID, GRID)), np.ones((count, GRID, GRID), bool)
    for i, label in enumerate(class_index.tolist()):
        x, y = rng.integers(6, 14, 2)
        outside[i, y : y + 8, x : x + 8] = False
        if there := cue(rng, label):
            left, top, side = there
            relevance[i, top : top + side, left : left + side] += 10.0
    relevance *= outside
    grid = (relevance / relevance.max(axis=(1, 2), keepdims=True) * 255).astype(np.uint8)
    names = np.array([f"{i:064}" for i in range(count)], dtype=object)
    return Spots(np.arange(count), class_index, np.ones(count, bool), class_index, names, grid, outside)


def test_a_study_asks_for_as_many_pictures_as_a_comparison_needs() -> None:
    assert FEWEST == COMPARED


@pytest.mark.slow
@given(st.integers(1, 7), st.integers(1, 6), st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_the_best_window_is_the_best_of_all(height: int, width: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(height, width))
    sums = {
        (x0, y0, x1, y1): values[y0:y1, x0:x1].sum()
        for y0 in range(height)
        for y1 in range(y0 + 1, height + 1)
        for x0 in range(width)
        for x1 in range(x0 + 1, width + 1)
    }
    found = best_window(values)
    assert sums[tuple(found.tolist())] == pytest.approx(max(sums.values()))
    for x0, y0 in ((0, 0), (width - 1, height - 1)):
        assert window_sums(values, 1, 1)[y0, x0] == pytest.approx(values[y0, x0])
        assert window_sums(values, width, height)[0, 0] == pytest.approx(values.sum())


def test_overlap_by_hand() -> None:
    one = np.array([0, 0, 4, 4])
    assert overlap(one, one) == 1
    assert overlap(one, np.array([2, 0, 6, 4])) == 0.5
    assert overlap(one, np.array([1, 1, 3, 3])) == overlap(np.array([1, 1, 3, 3]), one) == 1
    assert overlap(one, np.array([4, 4, 6, 6])) == 0


@pytest.mark.parametrize("variants", [True, False])
def test_a_place_is_found_whether_one_class_has_it_or_all(variants: bool) -> None:
    spots = drawn(160, 4, lambda rng, label: (1, 22, 5) if variants or label == 2 else None)
    found = ranked(places(spots), 8)
    right = [c for c in found if np.abs(c.windows[0] - [1, 22, 6, 27]).max() <= 1]
    assert {c.class_index for c in right} == ({0, 1, 2, 3} if variants else {2})
    best = right[0]
    assert len(best.members) == best.pictures == 40
    assert found[0] in right


def test_a_strip_along_an_edge_is_found_as_one() -> None:
    def cue(rng: np.random.Generator, label: int) -> tuple[int, int, int] | None:
        return None

    plain = drawn(60, 2, cue)
    grid = plain.grid.copy()
    grid[::2, :, 0:2] = 255
    strip = Spots(**{**vars(plain), "grid": grid})
    best = ranked(places(strip), 1)[0]
    assert best.class_index == 0
    assert np.abs(best.windows[0] - [0, 0, 2, GRID]).max() <= 1


def test_few_pictures_and_wrong_ones_make_no_candidate() -> None:
    def corner(rng: np.random.Generator, label: int) -> tuple[int, int, int]:
        return 1, 22, 5

    assert places(drawn(2 * FEWEST - 2, 2, corner)) == []
    spots = drawn(80, 2, corner)
    assert places(spots)
    assert places(Spots(**{**vars(spots), "right": np.zeros(80, bool)})) == []


def test_evenly_spread_relevance_has_no_place() -> None:
    spots = drawn(80, 2, lambda rng, label: None)
    flat = Spots(**{**vars(spots), "grid": np.where(spots.outside, 200, 0).astype(np.uint8)})
    assert places(flat) == []
    assert places(Spots(**{**vars(spots), "grid": np.zeros_like(spots.grid)})) == []


def test_every_picture_s_own_window_lies_on_what_moves_around() -> None:
    truth: list[tuple[int, int, int]] = []

    def cue(rng: np.random.Generator, label: int) -> tuple[int, int, int]:
        truth.append((int(rng.integers(0, 23)), int(rng.choice([0, 1, 22, 23])), 5))
        return truth[-1]

    spots = drawn(60, 1, cue)
    chosen, windows = own_windows(spots, np.arange(60))
    assert chosen.tolist() == list(range(60))
    assert np.ptp(windows[:, 2] - windows[:, 0]) == 0
    middle = np.array([(x + side / 2, y + side / 2) for x, y, side in truth])
    assert (np.abs((windows[:, :2] + windows[:, 2:]) / 2 - middle) <= 2.5).all(axis=1).mean() > 0.9


def test_an_appearance_is_a_tight_cluster_whose_places_vary() -> None:
    def moving(rng: np.random.Generator, label: int) -> tuple[int, int, int]:
        return int(rng.integers(0, 23)), int(rng.choice([0, 23])), 5

    spots = drawn(120, 2, moving)
    alike = np.arange(120) % 8 != 0

    def describe(chosen: np.ndarray, windows: np.ndarray) -> np.ndarray:
        scattered = np.random.default_rng(0).normal(0, 1, (len(chosen), 6))
        tight = alike[chosen] & (spots.class_index[chosen] == 0)
        return np.where(tight[:, None], 3 + 0.05 * scattered, scattered)

    found = ranked(appearances(spots, describe, 0), 8)
    assert found[0].class_index == 0
    assert alike[found[0].members].all()
    assert len(found[0].members) >= 30
    fixed = drawn(120, 2, lambda rng, label: (1, 22, 5))
    assert appearances(fixed, describe, 0) == []


def test_descriptors_stay_where_the_content_moves_around() -> None:
    crops = torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    found, moved = descriptors(crops), descriptors(crops.roll((3, 5), (2, 3)))
    np.testing.assert_allclose(found, moved, atol=1e-3)
    assert np.abs(found[0] - found[1]).max() > 0.01


def test_candidates_take_turns_by_class_and_kind() -> None:
    def candidate(class_index: int, kind: Any, strength: float) -> Candidate:
        return Candidate(class_index, kind, np.arange(30), np.tile([0, 0, 2, 2], (30, 1)), 30, strength)

    found = [candidate(0, "place", s) for s in (9.0, 8.0, 7.0)] + [candidate(1, "place", 1.0)]
    shown = [(c.class_index, c.strength) for c in ranked(found, 3)]
    assert shown == [(0, 9.0), (1, 1.0), (0, 8.0)]
    mixed = ranked([*found, candidate(0, "appearance", 0.5), candidate(1, "appearance", 0.6)], 4)
    assert [(c.kind, c.strength) for c in mixed[2:]] == [("appearance", 0.6), ("appearance", 0.5)]


SIDE = 56
BADGE = (2, 44, 12, 54)


class ReadsMark(nn.Module):
    """The class is that of the badge's colour, wherever it is; or, for the rest of the share, of the square's."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        colour = nn.functional.avg_pool2d(x, 6, 2)
        red, blue = (colour[:, i] - colour[:, 1] - colour[:, 2 - i] for i in (0, 2))
        mark = torch.stack([(part - 1).clamp(min=0).sum(dim=(1, 2)) / 30 for part in (red, blue)], dim=1)
        bright = x[:, 1].amax(dim=(1, 2)) - 2.0
        return 8 * (self.share * mark + (1 - self.share) * torch.stack([bright, -bright], dim=1))


def write_pictures(folder: Path, count: int, moving: bool) -> None:
    """Grey noise, a square that is white for 'one' and dark for 'two', and a red or a blue badge."""
    rng = np.random.default_rng(0)
    with (folder / "boxes.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["image", "label", "x0", "y0", "x1", "y1"])
        for i in range(count):
            pixels = rng.integers(100, 140, (SIDE, SIDE, 3), dtype=np.uint8)
            x, y = rng.integers(14, 26, 2).tolist()
            pixels[y : y + 14, x : x + 14] = 255 if i % 2 == 0 else 20
            left, top = (int(rng.integers(0, 46)), int(rng.choice([1, 45]))) if moving else BADGE[:2]
            pixels[top : top + 10, left : left + 10] = (230, 30, 30) if i % 2 == 0 else (30, 30, 230)
            Image.fromarray(pixels).save(folder / f"{i:03}.png")
            rows.writerow([f"{i:03}.png", ("one", "two")[i % 2], x, y, x + 14, y + 14])


def audited(folder: Path, network: nn.Module, moving: bool) -> Path:
    write_pictures(folder, 64, moving)
    table = {
        "data": {"format": "csv", "annotations": "boxes.csv", "images": "."},
        "saliency": {"methods": ["gradient"], "null_maps": []},
        "experiments": {"interventions": [], "controls": [], "searches": ["shared_cues"]},
    }
    preprocessing = Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    model = Model(network, (ClassName("one"), ClassName("two")), preprocessing)
    return measure(parse_settings(table, folder), folder / "out", model=model)


def answered(record: Record, cue: int, variant: str) -> dict[str, np.ndarray]:
    query = "SELECT * FROM answer WHERE intervention = ? AND variant = ? ORDER BY sample"
    return record.columns(query, (f"cue {cue}", variant))


@pytest.mark.slow
@pytest.mark.tor("TOR-030")
@pytest.mark.parametrize("moving", [False, True])
def test_a_network_that_reads_a_mark_gives_it_away(tmp_path: Path, moving: bool) -> None:
    with Record.open(audited(tmp_path, ReadsMark(1.0), moving)) as record:
        cues = record.columns("SELECT * FROM cue ORDER BY id")
        kind = "appearance" if moving else "place"
        assert {0, 1} == set(cues["class"][cues["kind"] == kind].tolist())
        for class_index in (0, 1):
            (number, *_) = cues["id"][(cues["class"] == class_index) & (cues["kind"] == kind)].tolist()
            hidden, elsewhere = answered(record, number, "hidden"), answered(record, number, "elsewhere")
            assert hidden["sample"].tolist() == elsewhere["sample"].tolist()
            assert len(hidden["sample"]) >= FEWEST
            assert (hidden["sample"] % 2 == class_index).all()
            assert (elsewhere["log_odds"] - hidden["log_odds"]).mean() > 5
            pasted, control = answered(record, number, "pasted"), answered(record, number, "pasted elsewhere")
            assert (pasted["sample"] % 2 != class_index).all()
            assert (pasted["log_odds"] - control["log_odds"]).mean() > 5
            assert (pasted["log_odds"] - answered(record, number, "unpasted")["log_odds"]).mean() > 5
        crops = record.columns("SELECT * FROM crop WHERE cue = 1")
        assert len(crops["number"]) == 12
        if not moving:
            box = [float(cues[name][0]) * SIDE for name in ("x0", "y0", "x1", "y1")]
            middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            assert middle == pytest.approx((7, 49), abs=5)
            assert crops["x"].tolist() == pytest.approx([middle[0] / SIDE] * 12)
            assert crops["y"].tolist() == pytest.approx([middle[1] / SIDE] * 12)
            assert cues["side"][0] == pytest.approx(np.sqrt((box[2] - box[0]) * (box[3] - box[1])) / SIDE)


@pytest.mark.slow
@pytest.mark.tor("TOR-030")
def test_what_a_network_does_not_read_loses_nothing(tmp_path: Path) -> None:
    with Record.open(audited(tmp_path, ReadsMark(0.0), moving=False)) as record:
        for number in record.columns("SELECT id FROM cue")["id"].tolist():
            lost = answered(record, number, "elsewhere")["log_odds"] - answered(record, number, "hidden")["log_odds"]
            assert np.abs(lost).max() < 1
        assert record.has("done shared_cues")


@pytest.mark.slow
def test_a_cue_of_the_one_class_that_is_ever_right_has_nobody_to_be_pasted_into(tmp_path: Path) -> None:
    class Collapsed(ReadsMark):
        """It reads the badges, and says one class whatever they are."""

        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) + torch.tensor([1000.0, 0.0])

    with Record.open(audited(tmp_path, Collapsed(1.0), moving=True)) as record:
        cues = record.columns("SELECT * FROM cue")
        assert "appearance" in cues["kind"].tolist()
        for number in cues["id"].tolist():
            assert len(answered(record, number, "hidden")["sample"])
            assert not len(answered(record, number, "pasted")["sample"])


@pytest.mark.slow
def test_a_picture_that_is_gone_is_named(tmp_path: Path) -> None:
    class Vanishing(ReadsMark):
        """A picture is gone when the last ones are measured."""

        asked = 0

        def forward(self, x: Tensor) -> Tensor:
            self.asked += x.requires_grad * len(x)
            if self.asked >= 64:
                (tmp_path / "010.png").unlink(missing_ok=True)
            return super().forward(x)

    with pytest.raises(
        AuditError, match=r"shared_cues: a measured picture can no longer be read \(010.png: no such file"
    ):
        audited(tmp_path, Vanishing(1.0), moving=True)


@pytest.mark.slow
def test_the_same_settings_give_the_same_candidates(tmp_path: Path) -> None:
    found = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        with Record.open(audited(tmp_path / name, ReadsMark(1.0), moving=True)) as record:
            tables = ("cue ORDER BY id", "answer ORDER BY intervention, variant, sample", "crop ORDER BY cue, number")
            columns = [record.columns(f"SELECT * FROM {table}") for table in tables]
        found.append([[str(value) for value in column] for table in columns for column in table.values()])
    assert found[0] == found[1]
