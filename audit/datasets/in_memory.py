"""A data set that is in memory: written beside the run, so that the record can name its pictures and hash them."""

import csv
import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from audit.datasets.masks import Raster
from audit.datasets.run_lengths import runs_of
from audit.datasets.sample import Box
from audit.errors import AuditError

Objects = Sequence[Sequence[float]] | NDArray[np.bool_]
InMemory = tuple[Image.Image | NDArray[np.uint8] | Path | str, str, Objects]
"""Picture (Pillow, an array (H, W, 3) or (H, W) of bytes, or a file), label, and its objects.

These are boxes x0, y0, x1, y1 in half-open pixels, or an array (H, W) of booleans: the pixels of the object.
"""


class _Entry(NamedTuple):
    """One object of a picture."""

    image: str
    label: str
    box: Box
    mask: NDArray[np.bool_] | None = None


def write_dataset(samples: Iterable[InMemory], folder: Path) -> dict[str, Any]:
    """Write the pictures, losslessly, and their objects to `folder`; return the settings' [data] table for them.

    The annotations are CSV, or COCO where an object is a mask. Raises AuditError where there is no sample, a sample has
    no object, or the folder cannot be written.
    """
    entries: list[_Entry] = []
    try:
        (folder / "images").mkdir(parents=True, exist_ok=True)
        for number, (picture, label, objects) in enumerate(samples):
            name = _write(picture, folder / "images" / f"{number:05}")
            entries += _entries(number, name, label, objects)
        if not entries:
            raise AuditError("samples", "is empty", "need at least one (picture, label, boxes)")
        masked = any(entry.mask is not None for entry in entries)
        file = _write_coco(entries, folder) if masked else _write_csv(entries, folder)
    except OSError as error:
        raise AuditError(folder, f"cannot be written ({error.strerror})", "need a folder for the pictures") from error
    return {"format": "coco" if masked else "csv", "annotations": str(file), "images": str(folder / "images")}


def _entries(number: int, name: str, label: str, objects: Objects) -> list[_Entry]:
    if isinstance(objects, np.ndarray) and objects.dtype == np.bool_ and objects.ndim == 2:
        if not objects.any():
            raise AuditError(f"sample {number}", "has a mask without a pixel", "need the pixels of its label")
        return [_Entry(name, label, Raster.of(objects).box, objects)]
    if not len(objects):
        raise AuditError(f"sample {number}", "has no box", "need the boxes of its label")
    return [_Entry(name, label, _corners(number, box)) for box in objects]


def _write_csv(entries: Sequence[_Entry], folder: Path) -> Path:
    path = folder / "boxes.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = [(entry.image, entry.label, *entry.box) for entry in entries]
        csv.writer(file).writerows([("image", "label", "x0", "y0", "x1", "y1"), *rows])
    return path


def _write_coco(entries: Sequence[_Entry], folder: Path) -> Path:
    images, labels = sorted({entry.image for entry in entries}), sorted({entry.label for entry in entries})
    sizes = {entry.image: entry.mask.shape for entry in entries if entry.mask is not None}
    annotations = [
        {
            "id": i,
            "image_id": images.index(entry.image),
            "category_id": labels.index(entry.label),
            "bbox": [entry.box[0], entry.box[1], entry.box[2] - entry.box[0], entry.box[3] - entry.box[1]],
            **({} if entry.mask is None else {"segmentation": runs_of(entry.mask)}),
        }
        for i, entry in enumerate(entries)
    ]
    document = {
        "images": [
            {"id": i, "file_name": name, **dict(zip(("height", "width"), sizes.get(name, ()), strict=False))}
            for i, name in enumerate(images)
        ],
        "categories": [{"id": i, "name": label} for i, label in enumerate(labels)],
        "annotations": annotations,
    }
    path = folder / "annotations.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


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
