"""How the file was compressed: two sources of pictures often differ in it, and the pixels show it."""

from collections.abc import Mapping

import numpy as np

from audit.inspection.findings import Quantity
from audit.inspection.view import Value, View

QUALITY = Quantity("JPEG quality of the file", "file")
LOSSLESS = 0.5
"""The step of a file without quantisation tables."""


def jpeg_quality(view: View) -> Mapping[Quantity, Value]:
    """The mean step of the file's quantisation tables for brightness and colour, as logarithms."""
    steps = view.canvas.opened.quantisation or (LOSSLESS,)
    return {QUALITY: np.log(np.array([steps[0], steps[-1]], dtype=np.float32))}
