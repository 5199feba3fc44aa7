"""Which columns name kinds of pictures of their own."""

import numpy as np
import pytest
from numpy.typing import NDArray

from checks.table.kinds import CLASS, repeated

N = 120
CLASSES = np.arange(N) % 6


def text(values: NDArray[np.int64]) -> NDArray[np.object_]:
    return np.array([f"v{value}" for value in values.tolist()], dtype=object)


def slip(values: NDArray[np.int64], pictures: int) -> NDArray[np.int64]:
    """The last so many pictures have another entry."""
    return np.where(np.arange(N) < N - pictures, values, (values + 1) % 6)


REPEATING = {
    "the class by another name": 10 - CLASSES,
    "a coarser group": CLASSES // 2,
    "a number for each picture": np.arange(N),
    "a few pictures of one class each": np.arange(N) // 12 * 6 + CLASSES,
    "the class with slips of the pen": slip(CLASSES, 4),
    "a coarser group with slips of the pen": slip(CLASSES, 4) // 3,
}
OWN = {
    "light": np.arange(N) // 6 % 2,
    "rare weather": (np.arange(N) % 20 == 0).astype(int),
    "breeds of a class": CLASSES * 2 + np.arange(N) // 60,
    "breeds of one class alone": CLASSES + 6 * ((CLASSES == 0) & (np.arange(N) < 30)),
    "an entry for some pictures of one class": ((CLASSES == 0) & (np.arange(N) < 60)).astype(int),
}


@pytest.mark.parametrize("name", REPEATING)
def test_a_column_that_says_again_of_which_class_a_picture_is_names_no_kinds(name: str) -> None:
    assert repeated(text(CLASSES), {"c": text(REPEATING[name])}) == {"c": CLASS}


@pytest.mark.parametrize("name", OWN)
def test_a_column_that_tells_what_the_class_does_not_names_kinds(name: str) -> None:
    assert repeated(text(CLASSES), {"c": text(OWN[name])}) == {}


def test_of_columns_that_say_the_same_the_first_is_kept() -> None:
    light = OWN["light"]
    columns = {
        "light": light,
        "lamp": 1 - light,
        "hour": light * 2 + np.arange(N) // 12 % 2,
        "site": slip(light, 3) % 2,
    }
    found = repeated(text(CLASSES), {name: text(values) for name, values in columns.items()})
    assert found == {"lamp": "light", "site": "light"}, "the hour tells more than the light"


def test_a_slip_is_a_share_of_few_pictures() -> None:
    """Of 12 pictures, four by night are a third."""
    night = np.array(["day"] * 8 + ["night"] * 4, dtype=object)
    assert repeated(np.array(["a", "b"] * 6, dtype=object), {"light": night}) == {}


def test_one_value_for_all_and_no_picture_at_all_repeat_nothing() -> None:
    nothing = np.array([], dtype=object)
    assert repeated(text(CLASSES), {"c": text(np.zeros(N, int)), "d": text(np.ones(N, int))}) == {}
    assert repeated(nothing, {"c": nothing}) == {}
    assert repeated(text(np.zeros(N, int)), {"c": text(OWN["light"])}) == {}, "one class, and two kinds of it"
