"""The gallery's pictures: small, coloured, and each stored once however often the page shows it."""

import base64
import io
from collections.abc import Callable, Mapping

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image

COLOUR_MAP = "magma"
"""Perceptually uniform, dark at nothing, readable without colour and in print."""

BUDGET = 3_400_000
"""Bytes of all pictures before base64, which adds a third: the page stays under 5 MB."""

_SIDES = (256, 192, 144, 112, 80, 56)
_QUALITY = 80


def encode(overlays: Mapping[int, Mapping[str, bytes]]) -> dict[int, dict[str, str]]:
    """Data URIs by sample and layer, of the largest size that the budget allows; maps in colour."""
    for side in _SIDES:
        encoded, left = {}, BUDGET
        for sample, layers in overlays.items():
            encoded[sample] = {layer: _webp(png, side, _painter(layer)) for layer, png in layers.items()}
            left -= sum(len(data) for data in encoded[sample].values())
            if left < 0:
                break
        if left >= 0:
            break
    return {sample: {layer: _uri(data) for layer, data in layers.items()} for sample, layers in encoded.items()}


def small(png: bytes, side: int = 96) -> str:
    """One picture as a data URI."""
    return _uri(_webp(png, side, _plain))


def colour_stops(count: int = 9) -> list[tuple[str, str]]:
    """(offset, colour) of a gradient for the colour bar."""
    table = _table()
    places = np.linspace(0, 255, count).round().astype(int)
    return [(f"{100 * p / 255:.1f}%", "#{:02x}{:02x}{:02x}".format(*table[p])) for p in places]


def _painter(layer: str) -> Callable[[Image.Image], Image.Image]:
    return _plain if layer == "picture" else _coloured


def _plain(picture: Image.Image) -> Image.Image:
    return picture.convert("RGB")


def _coloured(grey: Image.Image) -> Image.Image:
    return Image.fromarray(_table()[np.asarray(grey.convert("L"))])


def _table() -> NDArray[np.uint8]:
    return np.asarray(colormaps[COLOUR_MAP](np.arange(256), bytes=True)[:, :3])


def _webp(png: bytes, side: int, paint: Callable[[Image.Image], Image.Image]) -> bytes:
    with Image.open(io.BytesIO(png)) as source:
        source.thumbnail((side, side), Image.Resampling.BOX if source.mode == "L" else Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        paint(source).save(buffer, "WEBP", quality=_QUALITY, method=2)
    return buffer.getvalue()


def _uri(data: bytes) -> str:
    return f"data:image/webp;base64,{base64.b64encode(data).decode()}"
