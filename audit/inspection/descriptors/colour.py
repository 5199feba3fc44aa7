"""The cast and contrast of the whole surroundings: a camera's white balance, a stain, a coloured light."""

from collections.abc import Mapping

import numpy as np

from audit.inspection.findings import Quantity
from audit.inspection.view import Value, View

MOMENTS = Quantity("colour moments outside the boxes", "surroundings")


def colour(view: View) -> Mapping[Quantity, Value]:
    """Mean and deviation of red, green and blue outside the boxes."""
    colours = view.canvas.colours_outside
    if not len(colours):
        return {}
    return {MOMENTS: np.rint(np.concatenate([colours.mean(axis=0), colours.std(axis=0)])).astype(np.uint8)}
