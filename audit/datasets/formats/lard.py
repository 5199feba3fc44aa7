"""LARD V1, Landing Approach Runway Detection (Ducoffe et al. 2023): one CSV file with a line for each runway."""

from bisect import bisect_right
from collections.abc import Mapping
from itertools import pairwise
from math import atan2, isnan
from pathlib import Path

from audit.datasets.annotation import NO_BOX, Annotation
from audit.datasets.annotation_files import numbers, read_text
from audit.datasets.exclusions import Reason
from audit.datasets.gather import gather
from audit.datasets.masks import Polygons
from audit.datasets.outlines import Point
from audit.datasets.picture_root import Images
from audit.datasets.sample import Box, Dataset
from audit.datasets.tables import Line, read_table
from audit.errors import AuditError, did_you_mean

LABEL = "runway"
UNKNOWN = "unknown"
ENDINGS = (".csv",)
LARGEST = 10**9
_CORNERS = ("x_A", "y_A", "x_B", "y_B", "x_C", "y_C", "x_D", "y_D")
_NEEDED = ("image", "height", "width", "watermark_height", *_CORNERS)
_BANDS: Mapping[str, tuple[str, str, tuple[float, ...]]] = {
    "distance band": ("slant_distance", " NM", (0.08, 1.35, 2.43, 3.0)),
    "lateral path band": ("lateral_path_angle", "°", (-4.0, -1.0, 1.0, 4.0)),
    "vertical path band": ("vertical_path_angle", "°", (2.2, 2.8, 3.2, 3.8)),
}
_LIGHT = {"true": "night", "1": "night", "1.0": "night", "false": "day", "0": "day", "0.0": "day"}


def lard(annotations: Path, images: Images, *, label_column: str | None = None) -> Dataset:
    """LARD V1 runway CSV: semicolons between the columns, the four corners of each runway, the aircraft's pose.

    The data are made for detection and know one class. Every line is labelled `runway`, which [data.labels] maps to the
    network's own word; pictures of one label tell whether the evidence lies on the runway, but no accuracy. For a
    network that tells kinds of approaches or of runways apart, `label_column` names the column that holds the label:
    one of the file, or one of the bands below. Several lines of one picture and label are several boxes.

    The object is what the four corners enclose. They stand in raster order, which is no ring, and are taken in their
    order around their middle. All other columns with a value become
    metadata, and are joined by these, for slices; a missing number is 'unknown', as is one that is none:

    - distance band, of the slant distance in nautical miles: the generic approach cone of LARD spans 0.08 to 3; between
      them are 1.35 and 2.43, the 2,500 and 4,500 m at which the default domain of LARD V2 parts close, medium and far.
    - lateral path band, in degrees: the cone spans -4 to 4; within 1 of the centreline is a choice of ours.
    - vertical path band, in degrees: the cone spans 2.2 to 3.8; 2.8 to 3.2, about the usual 3, is a choice of ours.
    - light: night or day by the column `night`; never day where that is silent, as with LARD's synthetic pictures.

    `type` tells real pictures from synthetic ones. `scenario`, one approach, is what data.cluster is to name.

    The pictures are made with `watermark_height` extra rows at the top and as many at the bottom, where Google Earth's
    mark stands, and corners are stated in that whole picture (deel-ai/LARD: write_scenario.py adds the height twice,
    lard_dataset.py cuts both): both bands are forbidden pixels. A picture whose bands were cut off already has another
    size than its line states, and is excluded.

    Raises AuditError where the file, its header or `label_column` cannot be used.
    """
    name, text = annotations.name, read_text(annotations)
    hint = "This looks like LARD V2; need V1's columns." if "x_TR" in text.partition("\n")[0] else ""
    lines = list(read_table(text, name, _NEEDED, ";", hint))
    if lines and label_column is not None:
        known = {*next((line.cells for line in lines if line.cells), {}), *_BANDS, "light"}
        if known and label_column not in known:
            raise AuditError("settings", f"data.label_column = {label_column!r}", did_you_mean(label_column, known))
    return gather((_annotation(line, label_column) for line in lines), [annotations])


def _annotation(line: Line, label_column: str | None) -> Annotation:
    where, row = line.where, line.cells
    if line.problem:
        return Annotation(where, "?", NO_BOX, where, (Reason.BROKEN_ANNOTATION, line.problem))
    metadata = {column: value for column, value in row.items() if column not in _NEEDED and column and value}
    metadata |= {title: _band(row.get(column, ""), unit, edges) for title, (column, unit, edges) in _BANDS.items()}
    metadata["light"] = _LIGHT.get(row.get("night", "").lower(), UNKNOWN)
    label = LABEL if label_column is None else metadata.get(label_column, "")
    width, height = _whole(row["width"]), _whole(row["height"])
    if not width or not height:
        seen = f"{row['width'][:20] or 'nothing'} x {row['height'][:20] or 'nothing'}"
        detail = f"{where}: size {seen}; need the picture's width and height in pixels."
        return Annotation(row["image"], label, NO_BOX, where, (Reason.BROKEN_ANNOTATION, detail))
    band = _whole(row["watermark_height"] or "0")
    if band is None or not 2 * band < height:
        seen = row["watermark_height"][:20]
        detail = (
            f"{where}: watermark_height is {seen}; need a whole number of pixels under half of the height {height}."
        )
        return Annotation(row["image"], label, NO_BOX, where, (Reason.BROKEN_ANNOTATION, detail))
    ring, problem = _ring(row, where)
    mask = Polygons.of([ring]) if ring else None
    forbidden: tuple[Box, ...] = ((0, 0, width, band), (0, height - band, width, height)) if band else ()
    box, size = mask.box if mask else NO_BOX, (width, height)
    return Annotation(row["image"], label, box, where, problem, metadata, size, forbidden=forbidden, mask=mask)


def _ring(row: Mapping[str, str], where: str) -> tuple[list[Point], tuple[str, str] | None]:
    """The corners around their middle, and the problem where they are not there."""
    x, y = (numbers([row[column] for column in _CORNERS[axis::2]]) for axis in (0, 1))
    if x is None or y is None or any(map(isnan, (*x, *y))):  # the least of some numbers may hide a NaN
        seen = ", ".join(row[column][:20] or "nothing" for column in _CORNERS)
        return [], (Reason.BROKEN_BOX, f"{where}: corners ({seen}); need x and y of the corners A, B, C and D.")
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    return sorted(zip(x, y, strict=True), key=lambda corner: atan2(corner[1] - middle_y, corner[0] - middle_x)), None


def _whole(text: str) -> int | None:
    """A whole number that is not negative; a column with empty cells may have been written as 300.0."""
    try:
        value = float(text)
    except ValueError:
        return None
    return int(value) if 0 <= value < LARGEST and value.is_integer() else None


def _band(text: str, unit: str, edges: tuple[float, ...]) -> str:
    """'1.35 to 2.43 NM', to which its lower edge belongs; 'under' or 'over' where the number leaves all edges."""
    try:
        value = float(text)
    except ValueError:
        return UNKNOWN
    if isnan(value):
        return UNKNOWN
    if value < edges[0]:
        return f"under {edges[0]:g}{unit}"
    if value > edges[-1]:
        return f"over {edges[-1]:g}{unit}"
    low, high = list(pairwise(edges))[min(bisect_right(edges, value), len(edges) - 1) - 1]
    return f"{low:g} to {high:g}{unit}"
