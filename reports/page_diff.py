"""Are two pages the same? Their text to the letter, their pictures as they look: encoders differ between machines."""

import base64
import io
import re

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reports.page.images import SIDES

MOST, MEAN = 48, 6.0
"""Largest difference, of 255, of a channel of one pixel, and mean over all of them."""
_PICTURE = re.compile(r'(?:(?<= src=")|(?<= href="))data:image/webp;base64,([A-Za-z0-9+/]*={0,2})(?=")')
_HEADER = 20
"""Bytes of a WebP before its first chunk's data."""


def same_page(stated: str, again: str) -> bool:
    """Whether `stated` is `again` but for pictures that are encoded otherwise.

    A picture may differ only where both pages have one; the text between must be equal.
    """
    one, other = _PICTURE.split(stated), _PICTURE.split(again)
    return one[::2] == other[::2] and all(
        first == second or _look_alike(first, second) for first, second in zip(one[1::2], other[1::2], strict=True)
    )


def _look_alike(stated: str, again: str) -> bool:
    try:
        one, other = _pixels(stated), _pixels(again)
    except (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return False
    if one.shape != other.shape:
        return False
    off = np.abs(one - other)
    return bool(off.max() <= MOST and off.mean() <= MEAN)


def _pixels(encoded: str) -> NDArray[np.int16]:
    """(H, W, 3) of a WebP that holds one plain picture.

    Raises ValueError for any other: browsers show animations, profiles and orientations otherwise than Pillow.
    """
    data = base64.b64decode(encoded, validate=True)
    length = int.from_bytes(data[16:_HEADER], "little")
    if data[8:16] != b"WEBPVP8 " or len(data) != _HEADER + length + length % 2:
        raise ValueError("is no plain picture")
    with Image.open(io.BytesIO(data), formats=["WEBP"]) as picture:
        if max(picture.size) > SIDES[0]:
            raise ValueError("is larger than any picture of a page")
        return np.asarray(picture.convert("RGB"), dtype=np.int16)
