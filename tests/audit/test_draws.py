"""Draws of samples: of the stated size, the same for a seed, and smaller ones inside larger ones."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from audit.draws import are_drawn, draw


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 60), st.integers(0, 9))
def test_a_smaller_draw_is_part_of_every_larger_one(one: int, other: int, total: int, seed: int) -> None:
    few, many = sorted((one, other))
    smaller, larger = draw(few, total, seed), draw(many, total, seed)
    assert smaller <= larger <= set(range(total))
    assert (len(smaller), len(larger)) == (min(few, total), min(many, total))


def test_every_sample_is_drawn_as_often_as_any_other() -> None:
    drawn = np.bincount([number for seed in range(2_000) for number in draw(3, 10, seed)], minlength=10)
    assert (abs(drawn / 2_000 - 0.3) < 0.05).all()


def test_without_a_number_all_are_drawn() -> None:
    numbers = np.array([0, 3, 4])
    assert draw(None, 5, 0) == set(range(5))
    for options in (None, {}, {"pictures": None}, {"steps": 1}):
        assert are_drawn(numbers, options, 5, 0).all()
    assert are_drawn(numbers, {"pictures": 2}, 5, 0).tolist() == [number in draw(2, 5, 0) for number in (0, 3, 4)]
