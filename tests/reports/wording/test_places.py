"""Places in the frame in words."""

import pytest

from reports.wording.places import place


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((0.0, 0.84, 0.16, 1.0), "bottom left"),
        ((0.4, 0.4, 0.6, 0.6), "in the middle"),
        ((0.7, 0.4, 0.9, 0.6), "right"),
        ((0.4, 0.0, 0.6, 0.2), "top"),
        ((0.0, 0.0, 1.0, 0.1), "along the top edge"),
        ((0.9, 0.0, 1.0, 0.9), "along the right edge"),
        ((0.0, 0.4, 1.0, 0.6), "across the middle"),
        (None, "in changing places"),
    ],
)
def test_a_box_is_told_by_where_it_lies(box: tuple[float, float, float, float] | None, words: str) -> None:
    assert place(box) == words
