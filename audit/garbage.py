"""Python's search for cycles, where millions of small values are made that hold none."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

MANY = 100_000
"""New containers before the next search: each search walks over all that are young, and often over all that are not."""


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Search for cycles less often: judging and rendering take a third less of the processor's time."""
    before = gc.get_threshold()
    gc.set_threshold(max(MANY, before[0]) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
