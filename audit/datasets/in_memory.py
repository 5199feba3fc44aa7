"""A data set that is in memory: written beside the run, so that the record can name its pictures and hash them."""

import csv
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from audit.datasets.sample import Box
from audit.errors import AuditError

InMemory = tuple[Image.Image | NDArray[np.uint8] | Path | str, str, Sequence[Sequence[float]]]
"""Picture (Pillow, an array (H, W, 3) or (H, W) of bytes, or a file), label, boxes x0, y0, x1, y1: half-open pixels."""


def write_dataset(samples: Iterable[InMemory], folder: Path) -> dict[str, Any]:
    """Write the pictures, losslessly, and their boxes to `folder`; return the settings' [data] table for them.

    Raises AuditError where there is no sample, a sample has no box, or the folder cannot be written.
    """
    lines: list[tuple[str, str, float, float, float, float]] = []
    try:
        (folder / "images").mkdir(parents=True, exist_ok=True)
        for number, (picture, label, boxes) in enumerate(samples):
            name = _write(picture, folder / "images" / f"{number:05}")
            if not len(boxes):
                raise AuditError(f"sample {number}", "has no box", "need the boxes of its label")
            lines += [(name, label, *_corners(number, box)) for box in boxes]
        with (folder / "boxes.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("image", "label", "x0", "y0", "x1", "y1"), *lines])
    except OSError as error:
        raise AuditError(folder, f"cannot be written ({error.strerror})", "need a folder for the pictures") from error
    if not lines:
        raise AuditError("samples", "is empty", "need at least one (picture, label, boxes)")
    return {"format": "csv", "annotations": str(folder / "boxes.csv"), "images": str(folder / "images")}


def _corners(number: int, box: Sequence[float]) -> Box:
    if len(box) != 4:
        raise AuditError(f"sample {number}", f"a box of {len(box)} numbers", "need x0, y0, x1, y1")
    x0, y0, x1, y1 = map(float, box)
    return x0, y0, x1, y1


def _write(picture: Image.Image | NDArray[np.uint8] | Path | str, stem: Path) -> str:
    """The name of the file that holds the picture; a file is copied as it is."""
    if isinstance(picture, Path | str):
        target = stem.with_suffix(Path(picture).suffix)
        shutil.copyfile(picture, target)
        return target.name
    target = stem.with_suffix(".png")
    opened = picture if isinstance(picture, Image.Image) else _opened(np.asarray(picture), stem.name)
    opened.convert("RGB").save(target)
    return target.name


def _opened(pixels: NDArray[Any], sample: str) -> Image.Image:
    if pixels.dtype != np.uint8 or pixels.shape[2:] not in ((), (1,), (3,)) or pixels.ndim < 2 or not pixels.size:
        raise AuditError(
            f"sample {int(sample)}",
            f"an array {pixels.shape} of {pixels.dtype}",
            "need bytes (uint8), (H, W, 3) or (H, W)",
        )
    return Image.fromarray(pixels[..., 0] if pixels.shape[2:] == (1,) else pixels)
