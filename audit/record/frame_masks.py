"""The pixels of the network's input that an object given by a mask has, as the record keeps them."""

import zlib
from typing import NamedTuple

import numpy as np

from audit.record.dtypes import Bools

MOST_PIXELS = 2**28
"""Of one frame."""


class MaskRow(NamedTuple):
    """One measured sample whose object is a mask; there is none for objects that are their boxes."""

    sample: int
    packed: bytes
    """Bits, row by row, compressed by zlib."""


def packed(inside: Bools) -> bytes:
    """(H, W) bool."""
    return zlib.compress(np.packbits(inside).tobytes())


def unpacked(data: bytes, frame: tuple[int, int]) -> Bools:
    """(H, W) bool of a frame of that size. Raises ValueError where it is of another."""
    height, width = frame
    most = (height * width + 7) // 8
    bits = zlib.decompressobj().decompress(data, most + 1) if 0 < height * width <= MOST_PIXELS else b""
    if not bits or len(bits) != most:
        raise ValueError(f"a mask of other than {height} x {width} pixels")
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=height * width).reshape(height, width).astype(bool)
