"""How large the picture is: two sources of pictures often differ in it, and resizing leaves its traces."""

from collections.abc import Mapping

import numpy as np

from audit.inspection.findings import Quantity
from audit.inspection.view import Value, View

SIZE = Quantity("size of the picture", "file")


def picture_size(view: View) -> Mapping[Quantity, Value]:
    """Width and height in pixels, as logarithms."""
    return {SIZE: np.log(np.array(view.canvas.opened.picture.size, dtype=np.float32))}
