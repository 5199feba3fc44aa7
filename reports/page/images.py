"""The page's pictures: small, each stored once however often it is shown; maps in grey, coloured by the page itself."""

import base64
import io
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from audit.bounds import MOST_SIDE
from audit.datasets.picture_header import times
from audit.datasets.picture_structure import check_structure, scans_of
from audit.errors import AuditError

COLOUR_MAPS = {"magma": "Magma", "cividis": "Cividis", "gray": "Grey"}
"""Perceptually uniform, dark where there is no relevance. Cividis looks the same to the colour-blind."""

BUDGET = 3_400_000
"""Bytes of all pictures before base64, which adds a third, so that the page stays under 5 MB."""

SIDES = (256, 192, 144, 112, 80, 56)
"""Pixels of a shown picture's longer side, the largest first."""
_QUALITY = 80
_STEPS = 86
"""Entries of a table that is linear in between: no colour is off by more than two of 255."""


class ColourMap(NamedTuple):
    """A way from grey to colour, for the filter of an SVG and for its bar."""

    name: str
    title: str
    red: str
    """Table of shares of full strength, from no relevance to the most."""
    green: str
    blue: str
    stops: tuple[tuple[str, str], ...]
    """(offset, colour) of a gradient."""


def encode(thumbnails: Mapping[int, Mapping[str, bytes]]) -> dict[int, dict[str, str]]:
    """Data URIs by sample and layer, of the largest size that the budget allows; maps in grey."""
    for side in SIDES:
        encoded, left = {}, BUDGET
        for sample, layers in thumbnails.items():
            encoded[sample] = {layer: _webp(png, side) for layer, png in layers.items()}
            left -= sum(len(data) for data in encoded[sample].values())
            if left < 0:
                break
        if left >= 0:
            break
    return {sample: {layer: _uri(data) for layer, data in layers.items()} for sample, layers in encoded.items()}


def small(png: bytes, side: int = 96) -> str:
    """One picture as a data URI."""
    return _uri(_webp(png, side))


def unaltered(encoded: bytes) -> str:
    """One picture as the record keeps it, bit for bit, as a data URI."""
    with _opened(encoded) as source:
        kind = "jpeg" if isinstance(source, JpegImageFile) else "png"
    return f"data:image/{kind};base64,{base64.b64encode(encoded).decode()}"


def colour_maps() -> tuple[ColourMap, ...]:
    """The colour maps that a reader may choose from, the default first."""
    return tuple(_colour_map(name, title) for name, title in COLOUR_MAPS.items())


def _colour_map(name: str, title: str) -> ColourMap:
    table = np.asarray(colormaps[name](np.linspace(0, 1, _STEPS))[:, :3])
    red, green, blue = (" ".join(f"{share:.3f}" for share in channel) for channel in table.T.tolist())
    places = range(0, _STEPS, 5)
    colours = (255 * table).round().astype(int).tolist()
    stops = tuple((f"{100 * p / (_STEPS - 1):.1f}%", "#{:02x}{:02x}{:02x}".format(*colours[p])) for p in places)
    return ColourMap(name, title, red, green, blue, stops)


def _webp(png: bytes, side: int) -> bytes:
    with _opened(png) as source:
        source.thumbnail((side, side), Image.Resampling.BOX if source.mode == "L" else Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        source.convert("RGB").save(buffer, "WEBP", quality=_QUALITY, method=2)
    return buffer.getvalue()


def _opened(encoded: bytes) -> ImageFile:
    """A picture as runs write it: a small PNG, or a JPEG of one scan.

    Raises AuditError for any other. `Image.open` would take all kinds of file, and hand PostScript to an interpreter.
    """
    try:
        scans = scans_of(encoded, "a picture")
        check_structure(io.BytesIO(encoded), "a picture")
        picture = (JpegImageFile if scans else PngImageFile)(io.BytesIO(encoded))
        if max(picture.size) > MOST_SIDE:
            raise ValueError(f"{times(picture.size)} pixels")
        if scans > 1:
            raise ValueError(f"{scans} scans")
        picture.load()
    except Exception as error:  # Pillow's plugins raise nearly anything at broken bytes
        raise AuditError(
            "record", f"holds a picture that cannot be shown ({error})", "need pictures as a run writes them"
        ) from error
    return picture


def _uri(data: bytes) -> str:
    return f"data:image/webp;base64,{base64.b64encode(data).decode()}"
