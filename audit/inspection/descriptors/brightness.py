"""The exposure: day and night, one camera and another."""

from collections.abc import Mapping

from audit.inspection.findings import Quantity
from audit.inspection.view import LUMA, Value, View

BRIGHTNESS = Quantity("brightness outside the boxes", "surroundings")


def brightness(view: View) -> Mapping[Quantity, Value]:
    """The mean brightness outside the boxes."""
    colours = view.canvas.colours_outside
    return {BRIGHTNESS: float((colours @ LUMA).mean())} if len(colours) else {}
