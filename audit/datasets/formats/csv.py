"""CSV: one line for each box, with a header."""

from pathlib import Path

from audit.datasets.annotation import NO_BOX, Annotation
from audit.datasets.annotation_files import numbers, read_text
from audit.datasets.exclusions import Reason
from audit.datasets.gather import gather
from audit.datasets.picture_root import Images
from audit.datasets.sample import Dataset
from audit.datasets.tables import Line, read_table

ENDINGS = (".csv",)
_BOX = ("x0", "y0", "x1", "y1")
_COLUMNS = ("image", "label", *_BOX)


def csv(annotations: Path, images: Images) -> Dataset:
    """CSV: columns image, label, x0, y0, x1, y1 (half-open pixels); any further ones become metadata.

    Several lines of one image and label are several boxes. Raises AuditError where the file or its header cannot be
    read, and names the line.
    """
    lines = read_table(read_text(annotations), annotations.name, _COLUMNS)
    return gather(map(_annotation, lines), [annotations])


def _annotation(line: Line) -> Annotation:
    where, row = line.where, line.cells
    if line.problem:
        return Annotation(where, "?", NO_BOX, where, (Reason.BROKEN_ANNOTATION, line.problem))
    box = numbers([row[column] for column in _BOX])
    if box is None:
        seen = ", ".join(row[column][:20] or "nothing" for column in _BOX)
        detail = f"{where}: box ({seen}); need four numbers x0, y0, x1, y1."
        return Annotation(row["image"], row["label"], NO_BOX, where, (Reason.BROKEN_BOX, detail))
    metadata = {column: value for column, value in row.items() if column not in _COLUMNS and column and value}
    return Annotation(row["image"], row["label"], box, where, metadata=metadata)
