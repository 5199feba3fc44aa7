"""How a file holds its pixels, and pixels held alike, so that nothing but their content tells altered pictures apart.

What the network is shown of a picture lies on a grid: of 256 values, of one grey, of a JPEG's quantised waves. Altered
pixels are moved to the grid of their picture, and pictures that are not altered have gone the same way.
"""

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile, get_sampling
from torch import Tensor

Table = tuple[int, ...]
Place = tuple[int, int]
"""Pixels down and across."""
BLOCK = 16
"""Pixels along the side of the largest block that JPEG compresses at once."""
LARGEST = 255
"""Largest entry of the tables that every decoder reads."""


@dataclass(frozen=True)
class Jpeg:
    """What one JPEG file loses of its pixels."""

    tables: tuple[Table, ...]
    subsampling: int
    """Of the colours, as Pillow counts."""


@dataclass(frozen=True)
class Coding:
    """The grid of one picture in the frame of the network's input."""

    grey: bool = False
    jpeg: Jpeg | None = None
    """None where the file is none, or its pixels were scaled: then its blocks are in the frame no more."""
    origin: Place = (0, 0)
    """Where the picture's first pixel lies in the frame; negative where it was cropped away."""
    size: Place = (0, 0)
    """Height and width of the picture in the frame, without what was padded."""


PLAIN = Coding()
"""Colours of 8 bits, and nothing more."""


def coding_of(image: ImageFile) -> Coding:
    """What a decoded file says of itself; it may be no JPEG, or one that cannot be written alike."""
    grey = image.mode in {"1", "L", "LA"} or image.mode.startswith("I")
    if not isinstance(image, JpegImageFile) or image.mode not in {"L", "RGB"}:
        return Coding(grey)
    tables = tuple(tuple(table) for _, table in sorted(image.quantization.items()))
    sampling = 0 if grey else get_sampling(image)
    writable = tables and sampling >= 0 and all(0 < entry <= LARGEST for table in tables for entry in table)
    return Coding(grey, Jpeg(tables, sampling) if writable else None)


def recoded(pixels: Tensor, codings: Sequence[Coding]) -> Tensor:
    """Pictures (N, C, H, W) uint8 on the CPU as they are after being saved like their files, and read again.

    A network for grey pictures (C = 1) sees a colour file's luminance alone, which JPEG keeps by the first table.
    """
    if all(coding == PLAIN for coding in codings):
        return pixels
    lines = pixels.permute(0, 2, 3, 1).numpy()
    pictures = lines[..., 0] if pixels.shape[1] == 1 else lines
    with ThreadPoolExecutor(min(len(lines), torch.get_num_threads())) as pool:
        again = list(pool.map(_recoded, pictures, codings))
    return torch.from_numpy(np.stack(again).reshape(lines.shape)).permute(0, 3, 1, 2)


def _recoded(pixels: np.ndarray, coding: Coding) -> np.ndarray:
    """(H, W, 3) or (H, W) uint8."""
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    mode = picture.mode
    if coding.grey:
        picture = picture.convert("L")
    if coding.jpeg is None:
        return np.asarray(picture.convert(mode))
    after = np.array(picture.convert(mode))
    (top, left), (height, width) = coding.origin, coding.size
    rows, columns = (
        slice(max(start, 0), min(start + length, whole))
        for start, length, whole in ((top, height, len(after)), (left, width, after.shape[1]))
    )
    part = np.asarray(picture)[rows, columns]
    after[rows, columns] = _compressed(part, coding.jpeg, (max(-top, 0), max(-left, 0)), mode)
    return after


def _compressed(part: np.ndarray, jpeg: Jpeg, cropped: Place, mode: str) -> np.ndarray:
    """(h, w, 3) or (h, w) after a round trip through the file's own compression.

    cropped: pixels that the frame leaves out. mode: Pillow's, of what is returned.
    """
    down, across = (side % BLOCK for side in cropped)  # so that blocks lie where the file's own do
    margins = [(down, 0), (across, 0), (0, 0)]
    file = io.BytesIO()
    picture = Image.fromarray(np.pad(part, margins[: part.ndim], mode="edge"))
    tables, subsampling = (jpeg.tables[:1], 0) if picture.mode == "L" else (jpeg.tables, jpeg.subsampling)
    picture.save(file, "JPEG", qtables=list(map(list, tables)), subsampling=subsampling)
    return np.asarray(Image.open(file, formats=["JPEG"]).convert(mode))[down:, across:]
