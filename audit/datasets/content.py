"""What a picture shows, whatever its file: two of the same content, or nearly, are copies of each other."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from audit.datasets.perceptual_hash import alike, hash_words, perceptual_hash
from audit.datasets.sample import Box

STRIP = 256
"""Rows of a picture that are hashed at once, so that no second copy of it is made."""


class Content(NamedTuple):
    """What one picture shows."""

    pixels_sha256: str
    """Hash of the decoded pixels: whatever else files hold, as a comment, it is the same."""
    perceptual_hash: str


def content_of(picture: Image.Image, objects: Sequence[Box]) -> Content:
    """The content of an RGB picture. objects: the boxes of all that is known to be in it, in its pixels."""
    digest = hashlib.sha256(repr(picture.size).encode())
    for top in range(0, picture.height, STRIP):
        strip = picture.crop((0, top, picture.width, min(top + STRIP, picture.height)))
        digest.update(strip.tobytes())
    return Content(digest.hexdigest(), perceptual_hash(picture, objects))


def copies(first: Sequence[Content], second: Sequence[Content]) -> NDArray[np.bool_]:
    """(n, m): a picture of `first` is a copy of one of `second`."""
    pixels = [np.array([content.pixels_sha256 for content in side], dtype=str) for side in (first, second)]
    hashes = [np.array([content.perceptual_hash for content in side], dtype=str) for side in (first, second)]
    places = [np.flatnonzero(side != "") for side in hashes]
    same: NDArray[np.bool_] = pixels[0][:, None] == pixels[1]
    one, other = alike(*(hash_words(side[place].tolist()) for side, place in zip(hashes, places, strict=True)))
    same[places[0][one], places[1][other]] = True
    return same
