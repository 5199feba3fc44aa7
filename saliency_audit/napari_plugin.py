"""napari's plugin: opens a record, or the folder of a run, as layers. Nothing else is imported until one is opened."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saliency_audit.packages import own_packages

if TYPE_CHECKING:
    from audit.viewer.layers import LayerData

FILE_NAME = "audit.sqlite"


def reader(path: Any) -> "Callable[[Any], list[LayerData]] | None":
    """What reads the path; None where it is no record, or several."""
    if not isinstance(path, str | Path):
        return None
    place = Path(path) / FILE_NAME if Path(path).is_dir() else Path(path)
    return layers if place.name == FILE_NAME and place.is_file() else None


def layers(path: Any) -> "list[LayerData]":
    """The samples that the record keeps."""
    with own_packages():
        from audit.record.place import record_of
        from audit.record.record import Record
        from audit.viewer.layers import kept_samples, layers_of

        with Record.open(record_of(Path(path))) as record:
            return layers_of(kept_samples(record))
