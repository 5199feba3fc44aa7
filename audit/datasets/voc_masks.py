"""Pascal VOC's label maps, one PNG for each picture, beside its XML: whose pixels belong to which object."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from audit.datasets.exclusions import Reason
from audit.datasets.label_maps import ENDING, LabelMap, read_label_map
from audit.datasets.masks import Mask, Raster
from audit.datasets.sample import Box
from audit.errors import AuditError
from audit.files import is_folder, is_regular

CLASSES = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog"),
    *("horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"),
)
"""From 1 on; 0 is background, 255 what lies between and belongs to none."""
Problem = tuple[str, str] | None


@dataclass(frozen=True)
class LabelMaps:
    """A folder of label maps."""

    folder: Path
    by_class: bool
    """The numbers are those of classes; else those of the objects, in the order of the XML."""

    @classmethod
    def beside(cls, annotations: Path, name: str, by_class: bool) -> "LabelMaps":
        """The folder `name` beside that of the annotations. Raises AuditError where there is none."""
        home = (annotations if is_folder(annotations) else annotations.parent).absolute().parent
        if not is_folder(home / name):
            raise AuditError(name, "is no folder", "need the label maps' folder", "Name it as it is called there.")
        return cls(home / name, by_class)

    def file(self, stem: str) -> Path | None:
        """The label map of a picture, where there is one."""
        path = self.folder / f"{stem}{ENDING}"
        return path if is_regular(path) else None

    def mask(self, stem: str, number: int, label: str, box: Box, where: str) -> tuple[Mask | None, Problem]:
        """The mask of an object, or why it has none. number: in the XML, from 1 on."""
        try:
            numbers = _read(self.folder / f"{stem}{ENDING}", self.folder)
        except AuditError as error:
            return None, (Reason.BROKEN_MASK, str(error))
        if not self.by_class:
            return Raster.of(numbers == number), None
        if label not in CLASSES:
            detail = f"{where}: {label!r} has no number in a label map of classes; need one of Pascal VOC's 20 classes."
            return None, (Reason.BROKEN_MASK, detail)
        return _in_box(numbers == 1 + CLASSES.index(label), box), None


def _in_box(inside: np.ndarray, box: Box) -> Raster:
    """The pixels of a class that the box of one of its objects touches."""
    height, width = inside.shape
    x0, y0 = (int(np.floor(value).clip(0, 2**31)) for value in np.nan_to_num(box[:2]))
    x1, y1 = (int(np.ceil(value).clip(0, 2**31)) for value in np.nan_to_num(box[2:]))
    return Raster.of(inside[y0:y1, x0:x1], (width, height), (x0, y0))


@lru_cache(maxsize=1)
def _read(path: Path, folder: Path) -> LabelMap:
    return read_label_map(path, folder)
