"""Memory is kept between batches, and given back after them."""

import resource
import sys

import pytest
import torch

from audit.cli.malloc import kept_memory

BLOCK = 2**22  # 16 MiB of floats


def faults(times: int) -> int:
    """Pages that the system has to supply while a block of memory is taken and given back again and again."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        torch.ones(BLOCK)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone is told to keep memory")
def test_what_one_batch_frees_the_next_takes() -> None:
    pages = 4 * BLOCK // resource.getpagesize()
    with kept_memory():
        faults(20)
        assert faults(10) < pages
    with pytest.raises(KeyError), kept_memory():
        raise KeyError
