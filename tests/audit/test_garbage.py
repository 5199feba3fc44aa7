"""Less search for cycles, and only for a while."""

import gc

import pytest

from audit.garbage import MANY, rarely_collected


@pytest.mark.parametrize(("before", "meanwhile"), [(700, MANY), (0, 0), (10 * MANY, 10 * MANY)])
def test_the_search_for_cycles_is_put_off_and_taken_up_again(before: int, meanwhile: int) -> None:
    own = gc.get_threshold()
    gc.set_threshold(before, 7, 9)
    try:
        with pytest.raises(ValueError, match="stop"), rarely_collected():
            assert gc.get_threshold() == (meanwhile, 7, 9)
            raise ValueError("stop")
        assert gc.get_threshold() == (before, 7, 9)
    finally:
        gc.set_threshold(*own)
