"""What a picture looks like in 2 × 256 bits: copies are known by it, whatever their file, size, quality or brightness.

The picture is made 64 × 64 and grey. Of its cosine transform, the signs of the 16 × 16 lowest frequencies are the bits
(Zauner 2010, "Implementation and benchmarking of perceptual image hash functions", with signs instead of a median). The
surroundings of its objects are hashed in the same way: a fixed camera takes pictures that are alike but for these.

Mirroring a picture turns the signs of the odd columns, turning it upside down those of the odd rows, and its negative
has all signs turned; a turn by 90 degrees makes columns of rows besides. Copies are found through all of these. Grey is
the luminance: the mean of the channels would hide an exchange of channels, but no longer find the grey copies of
strongly coloured pictures.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from audit.datasets.sample import Box

MOST_BITS = 32
"""Bits, an eighth, in which copies may differ. Of 283,881 pairs of unrelated photographs none differed in fewer than
81, and of drawings of one layout, as traffic signs, few in fewer than 36."""
BITS = 256
SIDE, LOWEST = 64, 16
PLAIN = 1.0
"""Amplitude, in grey levels, under which rounding decides a sign: such a bit is 0."""
TOO_PLAIN = BITS // 2
"""Bits of such amplitude. A picture with more has no hash: all plain pictures would be copies of each other."""
AROUND = 0.5
"""Share of the objects' width and height by which their surroundings reach beyond them."""
NO_HASH = ""

_FREQUENCIES = np.arange(LOWEST)[:, None]
COSINES = np.cos(np.pi / SIDE * (np.arange(SIDE) + 0.5) * _FREQUENCIES) * np.sqrt(np.where(_FREQUENCIES, 2, 1) / SIDE)
"""(16, 64) the rows of the orthonormal cosine transform that are needed: of lines here, not of all 64 as a fast one."""

Words = NDArray[np.uint64]
"""(n, 8) the hashes of n pictures: of each of the two, a word of even rows and columns, one of even rows and odd
columns, one of odd rows and even columns, one of odd ones."""
WORD = BITS // 4
TURNED = np.array([0, 2, 1, 3, 4, 6, 5, 7])
"""Where each word goes when rows become columns."""


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
    """The rows of `first` and of `second` that are copies of each other, turned or not, pair by pair."""
    pairs = [_alike_upright(side, second) for side in (first, _turned(first))]
    one, other = (np.concatenate(rows) for rows in zip(*pairs, strict=True))
    if not len(pairs[1][0]):
        return one, other
    both = np.unique(np.stack([one, other]), axis=1)
    return both[0], both[1]


def _alike_upright(first: Words, second: Words) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """As `alike`, without turns by 90 degrees.

    Few pairs agree in the even rows of the picture, and no other pair needs a look at the rest.
    """
    nearer = sum(_agreement(_differing(first[:, None, word], second[None, :, word])) for word in (0, 1))
    one, other = np.divmod(np.flatnonzero(nearer >= WORD - MOST_BITS), max(len(second), 1))
    for part in (slice(0, 4), slice(4, 8)):
        near = _distance(first[one, part], second[other, part]) <= MOST_BITS
        one, other = one[near], other[near]
    return one, other


def _turned(words: Words) -> Words:
    """The hashes of the pictures with rows for columns."""
    rows = np.ascontiguousarray(words, dtype=">u8").view(np.uint8).reshape(-1, 8, 8, 1)
    columns = np.packbits(np.unpackbits(rows, axis=3).swapaxes(2, 3), axis=3).reshape(-1, 64)
    return np.asarray(columns.view(">u8")[:, TURNED], dtype=np.uint64)


def _digits(grey: Image.Image, part: Box) -> str:
    small = grey.resize((SIDE, SIDE), Image.Resampling.LANCZOS, part, reducing_gap=2.0)
    lowest = COSINES @ np.asarray(small, dtype=np.float64) @ COSINES.T
    lowest[0, 0] = 0.0  # the mean, which is never negative
    if np.count_nonzero(np.abs(lowest) < PLAIN) > TOO_PLAIN:
        return NO_HASH
    positive = lowest >= PLAIN
    words = [positive[row::2, column::2] for row in (0, 1) for column in (0, 1)]
    return np.packbits(np.concatenate(words, axis=None)).tobytes().hex()


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
    """(n,) bits in which (n, 4) words differ, mirrored, upside down or negative as suits them best.

    Each of these turns the signs of two words or of all four. Any two words can be turned so, but no single one.
    """
    differing = _differing(first, second).astype(np.int64)
    least = np.minimum(differing, WORD - differing)
    odd = (differing > WORD // 2).sum(axis=1) % 2 == 1
    return np.asarray(least.sum(axis=1) + np.where(odd, (WORD - 2 * least).min(axis=1), 0))


def _differing(first: Words, second: Words) -> NDArray[np.uint8]:
    """Bits that differ in each word."""
    return np.asarray(np.bitwise_count(first ^ second), dtype=np.uint8)


def _agreement(differing: NDArray[np.uint8]) -> NDArray[np.int8]:
    """By how many bits a word and another, or its negative, are nearer than chance."""
    return np.asarray(np.abs(differing.view(np.int8) - np.int8(WORD // 2)), dtype=np.int8)
