"""Slices of a comparison: what is one, and that a class that died is named whatever columns stand beside it."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from checks.baseline.matched import Half, Pairs
from checks.baseline.slices import Slices, compare_slices, slices_hold
from checks.profile import load_profile
from checks.verdict import Outcome

CLASSES, EACH = 40, 12
CLASS = np.repeat(np.arange(CLASSES), EACH)
N = len(CLASS)
PROFILE = load_profile("default")


def half(right: NDArray[np.bool_]) -> Half:
    nothing = np.full(N, np.nan)
    return Half(right, np.ones(N, bool), np.zeros(N, bool), nothing, nothing, {})


def text(values: Any) -> NDArray[np.object_]:
    return np.array([f"v{value}" for value in np.asarray(values).tolist()], dtype=object)


def sliced(metadata: Mapping[str, Any], dead: NDArray[np.bool_] = CLASS == 7) -> Slices:
    """The baseline has all right, the candidate all but the dead. metadata: values (n,) by column."""
    keys = tuple((f"{number:03}.png", f"c{number // EACH:02}") for number in range(N))
    pairs = Pairs(keys, half(np.ones(N, bool)), half(~dead), same=False)
    return compare_slices(pairs, {name: text(values) for name, values in metadata.items()}, PROFILE)


COPIES = {"wordnet": 99 - CLASS, "name": CLASS + 1000, "group": CLASS // 8}


def red(slices: Slices) -> list[tuple[str, str]]:
    return [(change.column, change.value) for change in slices.changes if change.outcome is Outcome.FAIL]


@pytest.mark.slow
@pytest.mark.tor("TOR-075")
def test_a_dead_class_fails_whatever_columns_repeat_the_class() -> None:
    """12 of 12 right became 0 of 12; a family three times as large would not show it."""
    alone, beside = sliced({}), sliced(COPIES)
    assert slices_hold(alone.changes, PROFILE).outcome is Outcome.FAIL
    assert beside.changes == alone.changes
    assert red(beside) == [("class", "c07")]
    assert beside.repeated == dict.fromkeys(COPIES, "class")
    assert len(beside.changes) == 2 * CLASSES
    assert 3 * beside.changes[0].p > 0.05, "the copies as slices would hide it"


def remarks(seed: int) -> NDArray[np.int64]:
    """An entry of its own for each of 49 pictures, and one for all the others."""
    values = np.zeros(N, dtype=np.int64)
    values[np.random.default_rng(seed).choice(N, 49, replace=False)] = np.arange(1, 50)
    return values


def slips(seed: int) -> NDArray[np.int64]:
    """The classes, but for five pictures of five classes."""
    return np.where(np.isin(np.arange(N), [EACH * (5 * seed + i) for i in range(5)]), CLASS + 1, CLASS)


@pytest.mark.slow
@pytest.mark.parametrize("column", [remarks, slips])
def test_a_dead_class_fails_beside_columns_that_show_nothing(column: Callable[[int], NDArray[np.int64]]) -> None:
    found = sliced({f"column {seed}": column(seed) for seed in (1, 2)})
    assert slices_hold(found.changes, PROFILE).outcome is Outcome.FAIL
    assert ("class", "c07") in red(found)


def test_columns_that_repeat_each_other_are_tested_once() -> None:
    light = np.arange(N) % 2
    once, thrice = sliced({"light": light}), sliced({"light": light, "lamp": 1 - light, "sun": light + 5})
    assert thrice.changes == once.changes
    assert thrice.repeated == {"lamp": "light", "sun": "light"}
    assert len(once.changes) == 2 * CLASSES + 4


def test_a_number_for_each_picture_is_no_slice() -> None:
    assert sliced({"number": np.arange(N)}).left_out == ("number",)
    tens = sliced({"number": np.arange(N) // 10})
    assert tens.repeated == {}, "ten pictures of two classes each are a kind of their own"


def test_a_kind_within_a_class_is_a_slice() -> None:
    """A sub-class of a large class that died is named, though it says of which class it is."""
    keys = tuple((f"{number:03}.png", "ab"[number // 240]) for number in range(N))
    breed = np.arange(N) // 24
    dead = breed == 3
    pairs = Pairs(keys, half(np.ones(N, bool)), half(~dead), same=False)
    found = compare_slices(pairs, {"breed": text(breed)}, PROFILE)
    assert found.repeated == {}
    assert ("breed", "v3") in red(found)


def test_a_column_called_class_does_not_hide_the_classes() -> None:
    light = np.arange(N) % 2
    found = sliced({"class": light})
    assert red(found) == [("class", "c07")]
    assert {change.column for change in found.changes} == {"class", "class of the metadata"}
    assert sliced({"class": CLASS}).repeated == {"class": "class"}


def test_classes_are_slices_however_many_they_are() -> None:
    keys = tuple((f"{number:03}.png", f"c{number // 8:02}") for number in range(N))
    dead = np.arange(N) // 8 == 7
    pairs = Pairs(keys, half(np.ones(N, bool)), half(~dead), same=False)
    found = compare_slices(pairs, {"file": text(np.arange(N))}, PROFILE)
    assert found.left_out == ("file",)
    assert len(found.changes) == 2 * 60
    assert found.changes[0].value == "c07"
