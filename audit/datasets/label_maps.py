"""Label maps: PNG files whose pixels are numbers of classes or of objects."""

from io import BytesIO
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL.PngImagePlugin import PngImageFile

from audit.datasets.annotation_files import inside
from audit.datasets.picture_files import MAX_BYTES, MAX_PIXELS
from audit.datasets.picture_header import times
from audit.errors import AuditError
from audit.files import read_regular

ENDING = ".png"
LabelMap = NDArray[np.int32]
"""(H, W)."""
NEEDED = "need a PNG of one number a pixel"


def read_label_map(path: Path, folder: Path) -> LabelMap:
    """The numbers of a PNG file below `folder`, of a palette or grey.

    Raises AuditError where the file is missing, lies elsewhere, is damaged, or holds colours.
    """
    if not inside(path, folder):
        raise AuditError(path.name, "leads outside the annotations", "need a label map that lies below their folder")
    try:
        return decoded(read_regular(path, MAX_BYTES), path.name)
    except OSError as error:
        raise AuditError(path.name, error.strerror or "cannot be read", NEEDED) from error


def decoded(data: bytes, name: str) -> LabelMap:
    """The numbers of a PNG. name: for messages. Raises AuditError as `read_label_map`."""
    try:
        image = PngImageFile(BytesIO(data))
        if prod(image.size) > MAX_PIXELS:
            raise AuditError(name, f"is {times(image.size)}", f"need at most {MAX_PIXELS // 1_000_000} megapixels")
        if image.mode not in {"1", "L", "P", "I", "I;16"}:
            raise AuditError(name, f"is a picture of kind {image.mode}", NEEDED)
        return np.asarray(image).astype(np.int32)
    except AuditError:
        raise
    except Exception as error:  # Pillow raises nearly anything at a damaged file
        raise AuditError(name, f"cannot be decoded ({error or type(error).__name__})", NEEDED) from error
