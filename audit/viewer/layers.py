"""What napari shows of a record: pictures, maps with their contrast limits, boxes, and pictures that were altered."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from audit.datasets.sample import Box
from audit.errors import AuditError, did_you_mean
from audit.record.map_readers import read_thumbnails
from audit.record.record import Record, readable
from audit.record.sample_readers import Pictures, read_pictures

LayerData = tuple[Any, dict[str, Any], str]
"""As napari's readers return layers: the data, the layer's keywords, and its type."""
Format = Literal["JPEG", "PNG"]
FORMATS: tuple[Format, ...] = ("JPEG", "PNG")
PICTURE = "picture"
COLOURS = "inferno"
LIMITS = (0.0, 1.0)
"""Contrast limits of a map. It is kept with 1 at its 99.5th percentile."""
BOX_COLOUR = "#39ff14"
SAID = "{label}: {probability}, predicted {predicted}"
NOT_KEPT = "The record keeps few pictures (run.maps_kept); any other is made anew with --settings."


@dataclass(frozen=True, eq=False)
class Shown:
    """One sample, as it is drawn."""

    number: int
    image: str
    label: str
    predicted: str
    probability: float
    """Of the label."""
    boxes: tuple[Box, ...]
    """In pixels of the network's input."""
    picture: NDArray[np.uint8]
    """(H, W, 3)."""
    maps: Mapping[str, NDArray[np.float32]]
    """By method: (H, W), from 0 to 1."""
    altered: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)
    """By what was done and what the network then said: (H, W, 3)."""


def kept_samples(record: Record, sample: str | None = None) -> list[Shown]:
    """The samples whose pictures the record keeps, or the one of that number or picture.

    Raises AuditError where there is none.
    """
    with readable(record):
        pictures, thumbnails = read_pictures(record), read_thumbnails(record)
        rows = range(len(pictures.number)) if sample is None else [place_of(pictures, sample)]
        kept = [row for row in rows if PICTURE in thumbnails.get(int(pictures.number[row]), {})]
        if not kept:
            raise AuditError("sample", "no picture of it is kept", "need a sample of the gallery", NOT_KEPT)
        methods = record.meta("sources")["methods"]
        return [shown(record, pictures, row, thumbnails[int(pictures.number[row])], methods) for row in kept]


def place_of(pictures: Pictures, sample: str) -> int:
    """The row of a measured sample, by its number or its picture's path. Raises AuditError where there is none."""
    for row, (number, image) in enumerate(zip(pictures.number.tolist(), pictures.image.tolist(), strict=True)):
        if sample in (str(number), image):
            return row
    raise AuditError("sample", f"no measured sample {sample!r}", did_you_mean(sample, pictures.image.tolist()))


def shown(record: Record, pictures: Pictures, row: int, layers: Mapping[str, bytes], methods: Sequence[str]) -> Shown:
    """A row of the record with image files of its picture and of its maps by method."""
    names = record.meta("classes")
    predicted = int(pictures.predicted[row])
    return Shown(
        number=int(pictures.number[row]),
        image=str(pictures.image[row]),
        label=str(pictures.label[row]),
        predicted=names[predicted] if 0 <= predicted < len(names) else "nothing finite",
        probability=float(pictures.probability[row]),
        boxes=pictures.frame_boxes[row],
        picture=pixels_of(layers[PICTURE], record),
        maps={name: relevance_of(layers[name], record) for name in methods if name in layers},
    )


def pixels_of(encoded: bytes, record: Record) -> NDArray[np.uint8]:
    """(H, W, 3)."""
    return np.asarray(_opened(encoded, record).convert("RGB"))


def relevance_of(encoded: bytes, record: Record) -> NDArray[np.float32]:
    """(H, W), from 0 to 1."""
    grey = np.asarray(_opened(encoded, record).convert("L"))
    return grey.astype(np.float32) / np.float32(255)


def _opened(encoded: bytes, record: Record) -> Image.Image:
    """Raises AuditError for what is no image of the frame's size."""
    height, width = record.meta("frame")
    try:
        image = Image.open(io.BytesIO(encoded), formats=FORMATS)
        if image.size != (width, height):
            raise ValueError(f"{image.width}x{image.height} pixels")
        image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        seen = f"holds a picture that is none ({error})"
        raise AuditError(record.path, seen, f"need one of {width}x{height} pixels") from error
    return image


def layers_of(samples: Sequence[Shown]) -> list[LayerData]:
    """The layers of samples of one frame, the lowest first; several lie on an axis that a slider moves along.

    The first method's map is visible, the others wait. Of several samples a map that was not made is all zero.
    """
    stacked = len(samples) > 1
    methods = list(dict.fromkeys(method for sample in samples for method in sample.maps))
    pictures = _stack([sample.picture for sample in samples])
    layers: list[LayerData] = [(pictures, {"name": PICTURE, "rgb": True}, "image")]
    altered = list(dict.fromkeys(name for sample in samples for name in sample.altered))
    for name in altered:
        changed = [sample.altered.get(name, sample.picture) for sample in samples]
        layers.append((_stack(changed), {"name": name, "rgb": True, "visible": False}, "image"))
    for number, method in enumerate(methods):
        nothing = np.zeros(samples[0].picture.shape[:2], np.float32)
        look = {"name": method, "colormap": COLOURS, "contrast_limits": LIMITS, "opacity": 0.6, "visible": number == 0}
        layers.append((_stack([sample.maps.get(method, nothing) for sample in samples]), look, "image"))
    layers.append(_boxes(samples, stacked))
    return layers


def _stack(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return arrays[0] if len(arrays) == 1 else np.stack(arrays)


def _boxes(samples: Sequence[Shown], stacked: bool) -> LayerData:
    """Rectangles by their corners, each with what the network said of its sample."""
    corners, features = [], []
    for place, sample in enumerate(samples):
        for x0, y0, x1, y1 in sample.boxes:
            corner = np.array([[y0, x0], [y0, x1], [y1, x1], [y1, x0]], np.float64) - 0.5  # pixel 0 is centred on 0
            corners.append(np.insert(corner, 0, place, axis=1) if stacked else corner)
            features.append(sample)
    table = {
        "image": [sample.image for sample in features],
        "label": [sample.label for sample in features],
        "predicted": [sample.predicted for sample in features],
        "probability": [round(sample.probability, 4) for sample in features],
    }
    look = {
        "name": "boxes",
        "shape_type": "rectangle",
        "edge_color": BOX_COLOUR,
        "face_color": "transparent",
        "edge_width": max(1.0, samples[0].picture.shape[0] / 200),
        "features": table,
        "text": {"string": SAID, "anchor": "upper_left", "color": BOX_COLOUR},
        "ndim": 3 if stacked else 2,
    }
    return corners, look, "shapes"
