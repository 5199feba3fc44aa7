"""Open Images V4 to V7 (Kuznetsova et al. 2020): one CSV file with a line for each box, in shares of its picture."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from io import StringIO
from math import nan
from pathlib import Path

from audit.datasets.annotation import NO_BOX, Annotation
from audit.datasets.annotation_files import numbers, read_text
from audit.datasets.exclusions import Reason
from audit.datasets.gather import gather
from audit.datasets.picture_paths import finder, in_pixels, shown_size
from audit.datasets.picture_root import Images
from audit.datasets.sample import Dataset
from audit.datasets.tables import Line, read_table
from audit.errors import AuditError

ENDINGS = (".csv",)
READS_PICTURES = True
_BOX = ("XMin", "YMin", "XMax", "YMax")
_COLUMNS = ("ImageID", "LabelName", *_BOX)
_METADATA = ("Source", "IsOccluded", "IsTruncated", "IsDepiction", "IsInside")
_Size = tuple[tuple[int, int] | None, tuple[str, str] | None]


def open_images(annotations: Path, images: Images, *, classes: str | None = None) -> Dataset:
    """Open Images CSV: ImageID, LabelName, XMin, XMax, YMin and YMax as shares of the picture as shown.

    The picture is ImageID with an ending, as 0001eeaf4aed83f9.jpg. A line with IsGroupOf = 1, one box around more than
    five touching objects, excludes its sample. Source, IsOccluded, IsTruncated, IsDepiction and IsInside (1: yes,
    0: no, -1: unknown) become metadata. `classes` names the file of class descriptions, beside the annotations, which
    turns labels as /m/0cmf2 into names as 'Airplane'. Columns and values are those of
    storage.googleapis.com/openimages/web/download_v5.html, 'Data Formats'.
    Raises AuditError where a file or its header cannot be read.
    """
    lines = read_table(read_text(annotations), annotations.name, _COLUMNS)
    described = annotations.parent / classes if classes else None
    names = _names(described) if described else None
    files = [annotations, *([described] if described else [])]
    return gather(_annotations(lines, images, names), files)


def _names(path: Path) -> Mapping[str, str]:
    """Label to name. The files of V7 have a header, earlier ones have none."""
    names: dict[str, str] = {}
    lines = csv.reader(StringIO(read_text(path), newline=""))
    needed = "need lines of a label and its name, each label once"
    try:
        for cells in filter(None, lines):
            where, label = f"{path.name} line {lines.line_num}", cells[0].strip()
            if len(cells) != 2 or label in names:
                seen = f"{len(cells)} cells" if len(cells) != 2 else f"{label[:40]!r} is given twice"
                raise AuditError(where, seen, needed)
            names[label] = cells[1].strip()
    except csv.Error as error:
        raise AuditError(f"{path.name} line {lines.line_num}", f"not CSV ({error})", needed) from error
    return names


def _annotations(lines: Iterable[Line], images: Images, names: Mapping[str, str] | None) -> Iterator[Annotation]:
    find = finder(images)
    measured: Callable[[str], _Size] = cache(lambda image: shown_size(image, images))
    for line in lines:
        if line.problem:
            yield Annotation(line.where, "?", NO_BOX, line.where, (Reason.BROKEN_ANNOTATION, line.problem))
        else:
            yield _annotation(line, _picture(line.cells["ImageID"], find), names, measured)


def _picture(stem: str, find: Callable[..., str | None]) -> str:
    return (find(stem) or f"{stem}.jpg") if stem else ""


def _annotation(
    line: Line, image: str, names: Mapping[str, str] | None, measured: Callable[[str], _Size]
) -> Annotation:
    where, row = line.where, line.cells
    label = row["LabelName"] if names is None else names.get(row["LabelName"], "")
    if not row["ImageID"] or not label:
        return _without_names(line, image)
    shares = numbers([row[column] for column in _BOX])
    if shares is None:
        seen = ", ".join(row[column][:20] or "nothing" for column in _BOX)
        detail = f"{where}: box ({seen}); need four numbers XMin, YMin, XMax, YMax."
        return Annotation(image, label, NO_BOX, where, (Reason.BROKEN_BOX, detail))
    size, problem = measured(image)
    if row.get("IsGroupOf") == "1":
        detail = f"{where}: IsGroupOf, one box around many objects; need boxes of single objects."
        problem = problem or (Reason.CROWD_REGION, detail)
    metadata = {column: row[column] for column in _METADATA if row.get(column)}
    box = in_pixels(shares, size or (nan, nan))
    return Annotation(image, label, box, where, problem, metadata, size, oriented=True)


def _without_names(line: Line, image: str) -> Annotation:
    where, row = line.where, line.cells
    if not row["ImageID"] or not row["LabelName"]:
        return Annotation(image, row["LabelName"], NO_BOX, where)
    detail = f"{where}: no class is described as {row['LabelName'][:40]!r}; need one of the file of classes."
    return Annotation(image, row["LabelName"], NO_BOX, where, (Reason.UNKNOWN_LABEL, detail))
