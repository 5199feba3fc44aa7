"""Where the object lies."""

from collections.abc import Mapping

import numpy as np

from audit.inspection.findings import Quantity
from audit.inspection.view import Value, View

POSITION = Quantity("position of the boxes", "object")


def box_position(view: View) -> Mapping[Quantity, Value]:
    """Where the middle of the label's boxes lies."""
    if not view.boxes:
        return {}
    x0, y0, x1, y1 = view.hull
    return {POSITION: np.array([x0 + x1, y0 + y1], dtype=np.float32) / 2}
