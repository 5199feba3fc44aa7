"""What the annotations say besides label and boxes: camera, site, date, who drew the box."""

from collections.abc import Mapping

from audit.inspection.findings import Quantity
from audit.inspection.view import Value, View


def metadata(view: View) -> Mapping[Quantity, Value]:
    """Each further column of the annotations."""
    return {Quantity(f"column {name!r}", "annotation"): text for name, text in view.sample.metadata.items() if text}
