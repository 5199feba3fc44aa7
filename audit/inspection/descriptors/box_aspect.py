"""The shape of the object's box."""

import math
from collections.abc import Mapping

from audit.inspection.findings import Quantity
from audit.inspection.view import Value, View

ASPECT = Quantity("aspect of the boxes", "object")


def box_aspect(view: View) -> Mapping[Quantity, Value]:
    """Width over height of what the label's boxes span, in pixels, as a logarithm."""
    if not view.boxes:
        return {}
    (x0, y0, x1, y1), (width, height) = view.hull, view.canvas.opened.picture.size
    return {ASPECT: math.log((x1 - x0) * width / ((y1 - y0) * height))}
