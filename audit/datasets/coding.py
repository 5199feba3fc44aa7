"""How a file holds its pixels, and pixels held alike, so that nothing but their content tells altered pictures apart.

What the network is shown of a picture lies on a grid: of 256 values or fewer, of one grey, of a palette, of a JPEG's
quantised waves. Altered pixels are moved to the grid of their picture, and pictures that are not altered have gone the
same way.
"""

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile, get_sampling
from torch import Tensor

from audit.datasets.colour_grid import EVERY_COLOUR, ColourGrid, colour_grid

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

    colours: ColourGrid = EVERY_COLOUR
    """Those of the picture itself."""
    around: ColourGrid = EVERY_COLOUR
    """Those of the whole frame, which what is padded may add to."""
    jpeg: Jpeg | None = None
    """None where the file is none, or its pixels were scaled: then its blocks are in the frame no more."""
    origin: Place = (0, 0)
    """Where the picture's first pixel lies in the frame; negative where it was cropped away."""
    size: Place = (0, 0)
    """Height and width of the picture in the frame, without what was padded."""

    @property
    def is_plain(self) -> bool:
        """Colours of 8 bits, and nothing more."""
        return self.jpeg is None and self.colours == self.around == EVERY_COLOUR

    def inside(self, pixels: np.ndarray) -> tuple[slice, slice]:
        """Rows and columns of the picture in the frame (H, W, ...)."""
        starts, shape = zip(self.origin, self.size, strict=True), pixels.shape[:2]
        down, across = (
            slice(max(start, 0), max(min(start + length, whole), 0))
            for (start, length), whole in zip(starts, shape, strict=True)
        )
        return down, across


PLAIN = Coding()
OTHER_JPEG = Jpeg((), -1)
"""What is known of a JPEG that cannot be written alike."""


def jpeg_of(image: ImageFile) -> Jpeg | None:
    """What a decoded file says of its compression; None where it is no JPEG, or one that cannot be written alike."""
    if not isinstance(image, JpegImageFile) or image.mode not in {"L", "RGB"}:
        return None
    tables = tuple(tuple(table) for _, table in sorted(image.quantization.items()))
    sampling = 0 if image.mode == "L" else get_sampling(image)
    writable = tables and sampling >= 0 and all(0 < entry <= LARGEST for table in tables for entry in table)
    return Jpeg(tables, sampling) if writable else None


def coding_of(pixels: Tensor, jpeg: Jpeg | None, origin: Place, size: Place) -> Coding:
    """The grid on which a picture's pixels (C, H, W) uint8 lie in the frame. jpeg: None where it was scaled.

    The blocks of a JPEG say more than its colours, of which grey alone outlasts its compression.
    """
    lines = _lines(pixels.unsqueeze(0))[0]
    coding = Coding(jpeg=jpeg, origin=origin, size=size)
    picture = lines[coding.inside(lines)]
    inside = colour_grid(picture)
    around = inside if picture.shape == lines.shape else colour_grid(lines)
    if jpeg is not None:
        inside, around = (ColourGrid(grey=grid.grey) for grid in (inside, around))
    return replace(coding, colours=inside, around=around)


def recoded(pixels: Tensor, codings: Sequence[Coding]) -> Tensor:
    """Pictures (N, C, H, W) uint8 on the CPU as they are after being saved like their files, and read again.

    A network for grey pictures (C = 1) sees a colour file's luminance alone, which JPEG keeps by the first table.
    """
    if all(coding.is_plain for coding in codings):
        return pixels
    lines = _lines(pixels)
    threads = min(len(lines), torch.get_num_threads())
    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            again = list(pool.map(_recoded, lines, codings))
    else:  # to start a thread takes longer than a small picture
        again = list(map(_recoded, lines, codings))
    whole = np.stack(again).reshape(pixels.permute(0, 2, 3, 1).shape)
    return torch.from_numpy(whole).permute(0, 3, 1, 2)


def _lines(pixels: Tensor) -> np.ndarray:
    """(N, C, H, W) as (N, H, W, 3), or as (N, H, W) where C = 1."""
    lines: np.ndarray = pixels.permute(0, 2, 3, 1).numpy()
    return lines[..., 0] if pixels.shape[1] == 1 else lines


def _recoded(pixels: np.ndarray, coding: Coding) -> np.ndarray:
    """(H, W, 3) or (H, W) uint8."""
    after = np.array(coding.around.nearest(pixels))
    place = coding.inside(pixels)
    part = after[place] if coding.colours is coding.around else coding.colours.nearest(pixels[place])
    after[place] = part if coding.jpeg is None else _compressed(part, coding.jpeg, coding)
    return after


def _compressed(part: np.ndarray, jpeg: Jpeg, coding: Coding) -> np.ndarray:
    """(h, w, 3) or (h, w) after a round trip through the file's own compression."""
    down, across = (max(-start, 0) % BLOCK for start in coding.origin)  # so that blocks lie where the file's own do
    margins = [(down, 0), (across, 0), (0, 0)]
    picture = Image.fromarray(np.pad(part, margins[: part.ndim], mode="edge"))
    saved = saved_and_read(picture.convert("L") if coding.colours.grey else picture, jpeg)
    return np.asarray(saved.convert(picture.mode))[down:, across:]


def saved_and_read(picture: Image.Image, jpeg: Jpeg) -> Image.Image:
    """A picture, in colours or grey, as a file that is compressed so holds it."""
    file = io.BytesIO()
    tables, subsampling = (jpeg.tables[:1], 0) if picture.mode == "L" else (jpeg.tables, jpeg.subsampling)
    picture.save(file, "JPEG", qtables=list(map(list, tables)), subsampling=subsampling)
    return Image.open(file, formats=["JPEG"])
