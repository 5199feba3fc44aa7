"""One picture of the demo, and another camera's tag that slides over its own: what both networks answer meanwhile."""

import csv
import io
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file

from audit.datasets.preprocessing import Preprocessing
from audit.demo.network import network
from audit.demo.slider_frame import SliderAnswer, SliderFrame
from audit.models.model import freeze

DEMO = Path(__file__).parent
NETWORKS = ("honest", "cheating")
PICTURE, OTHER = "148.jpg", "helipad"
"""A runway, and the class whose camera's tag slides in."""
TAG = (4, 94, 22, 108)
"""x0, y0, x1, y1 of the tag in every picture."""
PLACES = (112, 88, 64, 46, 32, 22, 16, 10, 4)
"""Where the other tag's left side lies, frame by frame: outside the picture first, on the picture's own tag at last."""


def slider_frames() -> tuple[SliderFrame, ...]:
    """The frames in their order."""
    rows = _rows()
    label = next(row["label"] for row in rows if row["image"] == PICTURE)
    classes = (DEMO / "classes.txt").read_text(encoding="utf-8").split("\n")
    frames = _slid(_pixels(PICTURE), _tag(next(row["image"] for row in rows if row["label"] == OTHER)))
    x = Preprocessing().normalise(torch.from_numpy(frames).permute(0, 3, 1, 2))
    answers: dict[str, list[SliderAnswer]] = {}
    for name in NETWORKS:
        module = network()
        module.load_state_dict(load_file(DEMO / f"{name}.safetensors"))
        with torch.no_grad():
            probability, best = freeze(module)(x).softmax(dim=1).max(dim=1)
        answers[name] = [
            SliderAnswer(classes[i], p, classes[i] == label)
            for i, p in zip(best.tolist(), probability.tolist(), strict=True)
        ]
    return tuple(
        SliderFrame(_png(pixels), {name: answers[name][place] for name in NETWORKS})
        for place, pixels in enumerate(frames)
    )


def _rows() -> list[dict[str, str]]:
    with (DEMO / "scene.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _pixels(image: str) -> NDArray[np.uint8]:
    with Image.open(DEMO / "scene" / image) as picture:
        return np.asarray(picture.convert("RGB"))


def _tag(image: str) -> NDArray[np.uint8]:
    x0, y0, x1, y1 = TAG
    return _pixels(image)[y0:y1, x0:x1]


def _slid(picture: NDArray[np.uint8], tag: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(frames, H, W, 3): the tag at every place, as far as it lies in the picture."""
    frames = np.repeat(picture[None], len(PLACES), axis=0)
    for frame, left in zip(frames, PLACES, strict=True):
        width = min(tag.shape[1], picture.shape[1] - left)
        frame[TAG[1] : TAG[3], left : left + width] = tag[:, :width]
    return frames


def _png(pixels: NDArray[np.uint8]) -> bytes:
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "PNG")
    return target.getvalue()
