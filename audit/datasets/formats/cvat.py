"""CVAT for images 1.1 (docs.cvat.ai, 'XML annotation format'): one XML file with the shapes of every picture.

CVAT writes corners as decimals of continuous pixels from 0 on (cvat/apps/dataset_manager/formats/cvat.py), so a box
ends where its xbr and ybr say.
"""

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from audit.datasets.annotation import NO_BOX, Annotation
from audit.datasets.annotation_files import numbers
from audit.datasets.documents import read_xml
from audit.datasets.exclusions import Reason
from audit.datasets.gather import gather
from audit.datasets.masks import Mask, Polygons, Raster
from audit.datasets.outlines import Point, around, corners, ellipse, enclosing, points_of, turned_points
from audit.datasets.picture_root import Images
from audit.datasets.run_lengths import by_rows
from audit.datasets.sample import Box, Dataset
from audit.errors import AuditError
from audit.files import MIB

ENDINGS = (".xml",)
LARGEST_SIDE = 10**9
MOST_BYTES = 128 * MIB
"""Of a file that XML makes many times as large in memory."""
_PLACED = {
    "box": ("xtl", "ytl", "xbr", "ybr"),
    "ellipse": ("cx", "cy", "rx", "ry"),
    "mask": ("left", "top", "width", "height"),
}
_SHAPES = frozenset({*_PLACED, "polygon", "polyline", "points", "cuboid", "skeleton"})
_Problem = tuple[str, str] | None


def cvat(annotations: Path, images: Images) -> Dataset:
    """CVAT for images 1.1: annotations.xml; the object is the inside of a box, turned or not, polygon, mask or ellipse.

    The picture is the name of the <image> below the picture folder. Attributes of shapes and `occluded` (1: yes) become
    metadata; several values of one sample are joined. Lines, points, skeletons and cuboids exclude their sample, since
    they mark an object without saying which pixels it has. Tags are no shapes and are ignored. Raises AuditError where
    the file is not such XML, or is the export of a video.
    """
    root = read_xml(annotations, annotations.name, "CVAT", MOST_BYTES)
    if root.tag != "annotations" or root.find("image") is None:
        video = root.tag == "annotations" and root.find("track") is not None
        seen = f"<{root.tag}> without <image>"
        step = "This is a video's export: export it again as 'CVAT for images 1.1'." if video else ""
        raise AuditError(annotations.name, seen, "need CVAT's <annotations> with an <image> for each picture", step)
    return gather(_annotations(root, annotations.name), [annotations])


def _annotations(root: Element, name: str) -> Iterator[Annotation]:
    for number, image in enumerate(root.iterfind("image"), 1):
        size = _size(image)
        shapes = [entry for entry in image if entry.tag in _SHAPES]
        for index, shape in enumerate(shapes, 1):
            yield _annotation(image.get("name", "").strip(), shape, f"{name} image {number} shape {index}", size)


def _size(image: Element) -> tuple[int, int] | None:
    sides = numbers([image.get("width", ""), image.get("height", ""), "0", "0"])
    if sides is None or not all(1 <= side < LARGEST_SIDE and side.is_integer() for side in sides[:2]):
        return None
    return int(sides[0]), int(sides[1])


def _annotation(image: str, shape: Element, where: str, size: tuple[int, int] | None) -> Annotation:
    label = shape.get("label", "").strip()
    if size is None:
        detail = f"{where}: its <image> states no width and height; need both in pixels."
        return Annotation(image, label, NO_BOX, where, (Reason.BROKEN_ANNOTATION, detail))
    box, problem = _box(shape, where, size)
    mask, wrong = (None, None) if problem else _mask(shape, where, size)
    metadata = {entry.get("name", ""): (entry.text or "").strip() for entry in shape.iterfind("attribute")}
    metadata["occluded"] = shape.get("occluded", "")
    metadata = {key: value for key, value in metadata.items() if key and value}
    return Annotation(image, label, box, where, problem or wrong, metadata, size, mask=mask)


def _mask(shape: Element, where: str, size: tuple[int, int]) -> tuple[Mask | None, _Problem]:
    """The outline of a shape that has a box, none of an upright box; and the problem where it cannot be read."""
    if shape.tag == "polygon":
        return Polygons.of([_points(shape) or []]), None
    upright, degrees = _placed(shape) or NO_BOX, float(shape.get("rotation", "0"))
    if shape.tag == "mask":
        return _from_runs(shape, upright, where, size)
    if shape.tag == "box" and not degrees:
        return None, None
    return Polygons.of([_ring(shape, upright)]), None


def _from_runs(shape: Element, box: Box, where: str, size: tuple[int, int]) -> tuple[Mask | None, _Problem]:
    """CVAT writes the runs of a mask row by row, within its box."""
    words = [word.strip() for word in shape.get("rle", "").split(",")]
    whole = all(word.isdecimal() and len(word) < 10 for word in words) and all(not value % 1 for value in box)
    x0, y0, x1, y1 = map(int, box) if whole else (0, 0, 0, 0)
    inside = by_rows(np.array(list(map(int, words))), (x1 - x0, y1 - y0)) if whole else None
    if inside is None or shape.get("rotation", "0") not in {"0", "0.0"}:
        seen = f"rle {shape.get('rle', '')[:40]!r} in {x1 - x0} x {y1 - y0} pixels"
        return None, (Reason.BROKEN_MASK, f"{where}: {seen}; need runs of just so many pixels, upright.")
    return Raster.of(inside, size, (x0, y0)), None


def _box(shape: Element, where: str, size: tuple[int, int]) -> tuple[Box, _Problem]:
    """The box in our convention, and the problem where there is none."""
    if shape.tag in _PLACED:
        return _turned(shape, _placed(shape), where, size)
    if shape.tag == "polygon":
        points = _points(shape)
        if points:
            return enclosing(points), None
        detail = f"{where}: points are {shape.get('points', '')[:60]!r}; need pairs as 1.5,2;3,4."
        return NO_BOX, (Reason.BROKEN_BOX, detail)
    return NO_BOX, (Reason.BROKEN_BOX, f"{where}: a <{shape.tag}>; need a box, a polygon, a mask or an ellipse.")


def _points(shape: Element) -> list[Point] | None:
    return points_of([pair.split(",") for pair in shape.get("points", "").split(";")])


def _placed(shape: Element) -> Box | None:
    """The box that a shape's own numbers state, before it is turned."""
    values = numbers([shape.get(key, "") for key in _PLACED[shape.tag]])
    if values is None or shape.tag == "box":
        return values
    x, y, across, down = values
    return (x - across, y - down, x + across, y + down) if shape.tag == "ellipse" else (x, y, x + across, y + down)


def _turned(shape: Element, box: Box | None, where: str, size: tuple[int, int]) -> tuple[Box, _Problem]:
    degrees = numbers([shape.get("rotation", "0"), "0", "0", "0"])
    if box is None or degrees is None or not abs(degrees[0]) < float("inf"):
        seen = " ".join(f'{key}="{value[:20]}"' for key, value in shape.items() if key not in {"label", "rle"})[:120]
        return NO_BOX, (Reason.BROKEN_BOX, f"{where}: <{shape.tag} {seen}>; need its place and size as numbers.")
    return (around(_ring(shape, box), size) if degrees[0] else box), None


def _ring(shape: Element, box: Box) -> list[Point]:
    """CVAT turns a shape clockwise about its centre, by `rotation` in degrees."""
    upright = ellipse(box) if shape.tag == "ellipse" else corners(box)
    return turned_points(upright, float(shape.get("rotation", "0")), ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2))
