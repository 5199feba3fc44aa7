"""The photographs of the real grid, and their parts."""

from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from benchmarks.real_grid.photographs import CLASSES, SCENES, SIDE, Photograph, labels, read_photographs, split
from fixtures.photographs import FEW, MANY, write_photographs


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> list[Photograph]:
    return read_photographs(write_photographs(tmp_path_factory.mktemp("photographs")))


def test_every_photograph_joins_the_group_of_its_class_also_where_its_folder_states_none(
    photographs: list[Photograph],
) -> None:
    counted = Counter(CLASSES[photograph.class_index] for photograph in photographs)
    assert counted == dict.fromkeys(CLASSES, FEW) | {"artefact": MANY, "dog": FEW + 1}


def test_boxes_are_squashed_with_their_picture(photographs: list[Photograph]) -> None:
    first = photographs[1]
    assert first.pixels.shape == (SIDE, SIDE, 3)
    assert first.boxes.tolist() == [[8 * SIDE / 24, 0, 14 * SIDE / 24, 6 * SIDE / 16]]
    assert first.inside.mean() == pytest.approx(6 * 6 / (24 * 16), abs=0.01)


def test_the_parts_share_no_photograph_and_all_audited_are_in_scope(photographs: list[Photograph]) -> None:
    parts = split(photographs, 12)
    for one, other in combinations(parts, 2):
        assert not {p.file for p in one} & {p.file for p in other}
    assert len(parts.scenes) == SCENES
    assert np.bincount(labels(parts.audited)).tolist() == [2] * len(CLASSES)
    assert all(photograph.is_in_scope for photograph in parts.audited)
    for part in (parts.trained, parts.true):
        assert set(labels(part)) == set(range(len(CLASSES)))
    assert sum(map(len, parts)) == len(photographs)


def test_the_same_seed_draws_the_same_parts_and_another_seed_others(photographs: list[Photograph]) -> None:
    assert split(photographs, 12, 1) == split(photographs, 12, 1)
    assert split(photographs, 12, 1) != split(photographs, 12, 2)


def test_more_than_are_in_scope_cannot_be_audited(photographs: list[Photograph]) -> None:
    with pytest.raises(ValueError, match="too few photographs of dog are in scope to audit 10 of them"):
        split(photographs, 10 * len(CLASSES))


def test_a_photograph_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    folder = write_photographs(tmp_path)
    (folder / "images" / "0.png").write_bytes((folder / "more" / "images" / "0.png").read_bytes())
    assert len(read_photographs(folder)) == FEW * (len(CLASSES) - 1) + MANY
