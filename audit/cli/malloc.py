"""Keeps freed memory between batches instead of returning it to the system."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt (malloc.h)."""
_NEVER, _LARGEST = 2**31 - 1, 2**30
_SETTLED = {_TRIM_THRESHOLD: 2**26, _MMAP_THRESHOLD: 2**25}
"""What glibc's own adjustment comes to in a process that frees large tensors. Once set, it adjusts no more."""


@contextmanager
def kept_memory() -> Iterator[None]:
    """Between the batches glibc gives the activations' memory back, and the system clears it again page by page.

    With some batch sizes that took an eighth of a run on the CPU. Inside this, it is kept; what is free afterwards is
    given back. Another C library is left alone. For the process as a whole, since malloc is.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if libc is None or not (hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim")):
        yield
        return
    libc.mallopt(_TRIM_THRESHOLD, _NEVER)
    libc.mallopt(_MMAP_THRESHOLD, _LARGEST)
    try:
        yield
    finally:
        for parameter, value in _SETTLED.items():
            libc.mallopt(parameter, value)
        libc.malloc_trim(0)
