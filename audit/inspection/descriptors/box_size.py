"""How large the object is in the picture."""

import math
from collections.abc import Mapping

from audit.inspection.findings import Quantity
from audit.inspection.view import Value, View

SIZE = Quantity("size of the boxes", "object")


def box_size(view: View) -> Mapping[Quantity, Value]:
    """The share of the picture that the label's boxes span, as a logarithm."""
    if not view.boxes:
        return {}
    x0, y0, x1, y1 = view.hull
    return {SIZE: math.log((x1 - x0) * (y1 - y0))}
