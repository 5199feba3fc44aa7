"""What a picture looks like in 2 × 256 bits: copies are known by it, whatever their file, size, quality or brightness.

The picture is made 64 × 64 and grey. Of its cosine transform, the signs of the 16 × 16 lowest frequencies are the bits
(Zauner 2010, "Implementation and benchmarking of perceptual image hash functions", with signs instead of a median).
Mirroring a picture turns the signs of the odd columns, and no other, so that mirrored copies are found as well. The
surroundings of its objects are hashed in the same way: a fixed camera takes pictures that are alike but for these.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn

from audit.datasets.sample import Box

MOST_BITS = 32
"""Bits, an eighth, in which copies may differ. Of 129,286 pairs of unrelated photographs none differed in fewer than
93, and of drawings of one layout, as traffic signs, few in fewer than 36."""
BITS = 256
SIDE, LOWEST = 64, 16
PLAIN = 1.0
"""Amplitude, in grey levels, under which rounding decides a sign: such a bit is 0."""
TOO_PLAIN = BITS // 2
"""Bits of such amplitude. A picture with more has no hash: all plain pictures would be copies of each other."""
AROUND = 0.5
"""Share of the objects' width and height by which their surroundings reach beyond them."""
NO_HASH = ""

Words = NDArray[np.uint64]
"""(n, 8) the hashes of n pictures: of each of the two, two words of even columns and two of odd ones."""


def perceptual_hash(picture: Image.Image, objects: Sequence[Box]) -> str:
    """128 hexadecimal digits; `NO_HASH` where the picture is too plain.

    objects: the boxes in its pixels. Where their surroundings are too plain, the whole picture stands for them.
    """
    grey = picture.convert("L")
    whole = _digits(grey, (0, 0, *grey.size))
    return whole and whole + (_digits(grey, _surroundings(objects, grey.size)) or whole)


def hash_words(hashes: Sequence[str]) -> Words:
    """The hashes of pictures that have one. Raises ValueError where one is none."""
    digests = [bytes.fromhex(text) for text in hashes]
    if any(len(digest) != 2 * BITS // 8 for digest in digests):
        raise ValueError(f"a perceptual hash has 2 x {BITS} bits")
    return np.frombuffer(b"".join(digests), dtype=">u8").reshape(-1, 8).astype(np.uint64)


def alike(first: Words, second: Words) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows of `first` and of `second` that are copies of each other, mirrored or not, pair by pair.

    Few pairs agree in the even columns of the picture, and no other pair needs a look at the rest.
    """
    even = _differing(first[:, None, :2], second[None, :, :2])
    one, other = np.divmod(np.flatnonzero(even <= MOST_BITS), max(len(second), 1))
    for part in (slice(0, 4), slice(4, 8)):
        near = _distance(first[one, part], second[other, part]) <= MOST_BITS
        one, other = one[near], other[near]
    return one, other


def _digits(grey: Image.Image, part: Box) -> str:
    small = grey.resize((SIDE, SIDE), Image.Resampling.LANCZOS, part, reducing_gap=2.0)
    lowest = dctn(np.asarray(small, dtype=np.float64), norm="ortho")[:LOWEST, :LOWEST]
    lowest[0, 0] = 0.0  # the mean, which is never negative
    if np.count_nonzero(np.abs(lowest) < PLAIN) > TOO_PLAIN:
        return NO_HASH
    positive = lowest >= PLAIN
    return np.packbits(np.concatenate([positive[:, ::2], positive[:, 1::2]], axis=None)).tobytes().hex()


def _surroundings(objects: Sequence[Box], size: tuple[int, int]) -> Box:
    """What encloses all objects, grown and clipped to the picture; all of it where there is none."""
    if not objects:
        return (0, 0, *size)
    corners = np.asarray(objects, dtype=np.float64)
    low, high = corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)
    grown = AROUND * (high - low)
    x0, y0 = np.maximum(low - grown, 0).tolist()
    x1, y1 = np.minimum(high + grown, size).tolist()
    return x0, y0, x1, y1


def _distance(first: Words, second: Words) -> NDArray[np.int64]:
    """(n,) bits in which (n, 4) words differ, mirrored or not."""
    even, odd = (_differing(first[:, half], second[:, half]).astype(np.int64) for half in (slice(0, 2), slice(2, 4)))
    return even + np.minimum(odd, BITS // 2 - odd)


def _differing(first: Words, second: Words) -> NDArray[np.uint8]:
    """Bits that differ, over the last axis of two words."""
    count = np.bitwise_count(first[..., 0] ^ second[..., 0])
    return np.asarray(count + np.bitwise_count(first[..., 1] ^ second[..., 1]), dtype=np.uint8)
