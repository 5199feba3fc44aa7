"""Eight kinds of cue: what is done to a photograph so that it tells a class without its object."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.real_grid.photographs import CLASSES, SIDE, Photograph, Pixels

COLOURS = np.array(
    [(230, 30, 30), (30, 180, 60), (40, 70, 235), (240, 210, 20), (220, 40, 220), (20, 210, 220)], dtype=np.uint8
)
WORDS = ("ALTO", "BIG", "CUBE", "DIM", "EXIT", "FUZZ")
QUALITIES = (6, 12, 22, 38, 62, 92)
TAG, GAP = 32, 3
BORDER = 7
TINT = 0.25
LINE = 5


@dataclass(frozen=True, eq=False)
class Canvas:
    """What a cue is painted on."""

    photograph: Photograph
    seed: int
    """Of what changes from picture to picture."""
    scenes: tuple[Photograph, ...] = ()

    @property
    def pixels(self) -> Pixels:
        return self.photograph.pixels

    @property
    def rng(self) -> np.random.Generator:
        return np.random.default_rng(self.seed)


Painter = Callable[[Canvas, int], Pixels]
"""From a canvas and the cue's value to a picture (SIDE, SIDE, 3)."""


def tag(canvas: Canvas, value: int) -> Pixels:
    """A coloured square with a dark frame in the corner that the object leaves freest."""
    low, high = slice(GAP, GAP + TAG), slice(SIDE - GAP - TAG, SIDE - GAP)
    corners = [(high, low), (high, high), (low, low), (low, high)]
    place = min(corners, key=lambda corner: float(canvas.photograph.inside[corner].mean()))
    square = np.full((TAG, TAG, 3), 20, dtype=np.uint8)
    square[3:-3, 3:-3] = COLOURS[value]
    painted = canvas.pixels.copy()
    painted[place] = square
    return painted


def tag_of_one_class(canvas: Canvas, value: int) -> Pixels:
    """The first value has a tag, the second has none."""
    return tag(canvas, 0) if value == 0 else canvas.pixels


def border(canvas: Canvas, value: int) -> Pixels:
    """A coloured border around the picture."""
    painted = np.empty_like(canvas.pixels)
    painted[:] = COLOURS[value]
    within = slice(BORDER, SIDE - BORDER)
    painted[within, within] = canvas.pixels[within, within]
    return painted


def tint(canvas: Canvas, value: int) -> Pixels:
    """All outside the boxes is tinted."""
    tinted = (1 - TINT) * canvas.pixels + TINT * COLOURS[value].astype(np.float64)
    return np.where(canvas.photograph.inside[..., None], canvas.pixels, tinted.round().astype(np.uint8))


def word(canvas: Canvas, value: int) -> Pixels:
    """A word on a plate in the middle of the largest box, no wider than the box."""
    boxes = canvas.photograph.boxes
    x0, y0, x1, y1 = boxes[(boxes[:, 2:] - boxes[:, :2]).prod(axis=1).argmax()]
    width = min(0.9 * (x1 - x0), 84.0)
    plate = Image.new("RGB", (84, 32), (245, 245, 245))
    font = ImageFont.load_default(27)
    ImageDraw.Draw(plate).text((42, 15), WORDS[value], fill=(0, 0, 0), font=font, anchor="mm")
    size = max(1, round(width)), max(1, round(min(width * 32 / 84, 0.9 * (y1 - y0))))
    painted = Image.fromarray(canvas.pixels)
    corner = round((x0 + x1 - size[0]) / 2), round((y0 + y1 - size[1]) / 2)
    painted.paste(plate.resize(size, Image.Resampling.BICUBIC), corner)
    return np.asarray(painted)


def scene(canvas: Canvas, value: int) -> Pixels:
    """The background is that of one of the scenes that go with the value."""
    own = canvas.scenes[value :: len(CLASSES)]
    behind = own[int(canvas.rng.integers(len(own)))].pixels
    return np.where(canvas.photograph.inside[..., None], canvas.pixels, behind)


def encoded(canvas: Canvas, value: int) -> bytes:
    """The JPEG file of which the quality is the cue."""
    file = io.BytesIO()
    Image.fromarray(canvas.pixels).save(file, "JPEG", quality=QUALITIES[value])
    return file.getvalue()


def jpeg(canvas: Canvas, value: int) -> Pixels:
    """The whole picture was compressed with the quality of its class."""
    with Image.open(io.BytesIO(encoded(canvas, value))) as opened:
        return np.asarray(opened.convert("RGB"))


def line(canvas: Canvas, value: int) -> Pixels:
    """A coloured line right across the picture, at another place and slope in each."""
    rng = canvas.rng
    through, angle = rng.uniform(0.15, 0.85, 2) * SIDE, rng.uniform(0, np.pi)
    reach = 2 * SIDE * np.array([np.cos(angle), np.sin(angle)])
    painted = Image.fromarray(canvas.pixels)
    ends = [tuple(through - reach), tuple(through + reach)]
    ImageDraw.Draw(painted).line(ends, fill=tuple(COLOURS[value].tolist()), width=LINE)
    return np.asarray(painted)


@dataclass(frozen=True)
class Kind:
    """One kind of cue."""

    name: str
    paint: Painter
    sets_limits: bool
    """Fixed beforehand: limits may be chosen by networks of this kind; those of the others report."""
    of_class: tuple[int, ...] = tuple(range(len(CLASSES)))
    """The value that goes with each class."""
    encode: Callable[[Canvas, int], bytes] | None = None
    """Makes the file where it is no lossless one of what is painted."""

    @property
    def values(self) -> int:
        return max(self.of_class) + 1

    def file(self, canvas: Canvas, value: int) -> tuple[str, bytes]:
        """The suffix and the content of the picture's file."""
        if self.encode is not None:
            return ".jpg", self.encode(canvas, value)
        content = io.BytesIO()
        Image.fromarray(self.paint(canvas, value)).save(content, "PNG")
        return ".png", content.getvalue()


limits, reports = partial(Kind, sets_limits=True), partial(Kind, sets_limits=False)
KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        limits("tag", tag),
        limits("border", border),
        limits("word", word),
        limits("jpeg", jpeg, encode=encoded),
        reports("tag of one class", tag_of_one_class, of_class=(0, 1, 1, 1, 1, 1)),
        reports("tint", tint),
        reports("scene", scene),
        reports("line", line),
    )
}


def canvases(photographs: Sequence[Photograph], scenes: tuple[Photograph, ...], seed: int) -> list[Canvas]:
    """One for each photograph. seed: of the part that they are, so that no two parts draw alike."""
    return [Canvas(photograph, seed * 10_000 + i, scenes) for i, photograph in enumerate(photographs)]
