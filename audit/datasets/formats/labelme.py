"""LabelMe (github.com/wkentaro/labelme): a JSON file for each picture, with the shapes drawn on it.

Points are decimals of continuous pixels from 0 on, in the picture as shown (labelme/_label_file.py turns it by its EXIF
orientation first), so a rectangle ends at its second point. A mask's two points are its first and last pixel
(labelme/_utils/shape.py adds 1).
"""

from base64 import b64decode
from collections.abc import Iterator
from functools import partial
from math import dist
from pathlib import Path
from reprlib import repr as short
from typing import Any

from audit.datasets.annotation import NO_BOX, Annotation
from audit.datasets.documents import read_json
from audit.datasets.exclusions import Reason
from audit.datasets.gather import gather
from audit.datasets.label_maps import decoded
from audit.datasets.masks import Mask, Polygons, Raster
from audit.datasets.one_file_each import content_or_fault
from audit.datasets.outlines import Point, ellipse, enclosing, points_of
from audit.datasets.picture_paths import below
from audit.datasets.picture_root import Images
from audit.datasets.sample import Box, Dataset
from audit.errors import AuditError
from audit.files import MIB, files_below, is_folder, is_regular

ENDINGS = (".json",)
LARGEST_SIDE = 10**9
MOST_BYTES = 64 * MIB
"""Of one file, which may hold its picture too."""
_TWO_POINTS = ("rectangle", "mask", "circle")
_RINGS = ("polygon", "oriented_rectangle")


def labelme(annotations: Path, images: Images) -> Dataset:
    """LabelMe: a folder of JSON files, or one file; the object is the inside of a polygon, circle, mask or rectangle.

    imagePath starts at the JSON file; where that is not below the picture folder, it is taken to start there. A picture
    embedded as imageData is ignored. Points and lines exclude their sample, since they mark an object without saying
    which pixels it has. A shape's flags become metadata. In a folder, a file that cannot be read excludes itself; a
    single one raises AuditError, and so does a folder without any LabelMe file.
    """
    if is_regular(annotations):
        document = _read(annotations)
        return gather(_shapes(document, annotations, annotations.name, images), [annotations])
    if not is_folder(annotations):
        needed = "need LabelMe's JSON files"
        raise AuditError(annotations.name, "no such file or folder", needed, "Check the path in the settings.")
    files = files_below(annotations, ENDINGS)
    found = list(_folder(files, annotations, images))
    if all(entry.problem and entry.problem[0] == Reason.UNREADABLE_ANNOTATION for entry in found):
        raise AuditError(annotations.name, "no LabelMe file with a shape in this folder", "need one for each picture")
    return gather(found, files)


def _folder(files: list[Path], folder: Path, images: Images) -> Iterator[Annotation]:
    annotated_by: dict[str, str] = {}
    for file in files:
        name = file.relative_to(folder).as_posix()
        document = content_or_fault(file, folder, name, partial(_read, file))
        if isinstance(document, Annotation):
            yield document
            continue
        shapes = list(_shapes(document, file, name, images))
        earlier = annotated_by.setdefault(shapes[0].image, name) if shapes else name
        if earlier == name:
            yield from shapes
        else:
            detail = f"{name}: {shapes[0].image} is annotated by {earlier} too; need one file for each picture."
            problem_of_all = Reason.DUPLICATED_PICTURE, detail
            yield from (Annotation(shape.image, shape.label, NO_BOX, name, problem_of_all) for shape in shapes)


def _read(path: Path) -> dict[str, Any]:
    document = read_json(path, "LabelMe", MOST_BYTES, "shapes")
    if not isinstance(document, dict) or not isinstance(document.get("shapes"), list):
        raise AuditError(path.name, "no list 'shapes'", "need a LabelMe file")
    if not isinstance(document.get("imagePath"), str) or "\0" in document["imagePath"]:
        raise AuditError(path.name, f"imagePath is {short(document.get('imagePath'))}", "need the picture's path")
    return document


def _shapes(document: dict[str, Any], file: Path, name: str, images: Images) -> Iterator[Annotation]:
    image = below(document["imagePath"], file.parent, images) if document["imagePath"] else ""
    sides = document.get("imageWidth"), document.get("imageHeight")
    width, height = (side if type(side) is int and 1 <= side < LARGEST_SIDE else 0 for side in sides)
    size = (width, height) if width and height else None
    for index, shape in enumerate(document["shapes"]):
        where = f"{name} shapes[{index}]"
        if not isinstance(shape, dict) or not isinstance(shape.get("label"), str):
            detail = f"{where}: {short(shape)}; need an object with label and points."
            yield Annotation(image, "?", NO_BOX, where, (Reason.BROKEN_ANNOTATION, detail))
            continue
        box, problem = _box(shape, where)
        mask, wrong = (None, None) if problem else _mask(shape, where, size)
        flags = shape.get("flags")
        metadata = {key: str(value) for key, value in flags.items()} if isinstance(flags, dict) else {}
        label, found = shape["label"].strip(), problem or wrong
        yield Annotation(image, label, box, where, found, metadata, size, oriented=True, mask=mask)


def _mask(
    shape: dict[str, Any], where: str, size: tuple[int, int] | None
) -> tuple[Mask | None, tuple[str, str] | None]:
    """The outline of a shape that has a box, none of a rectangle; and the problem where it cannot be read."""
    kind, points = shape.get("shape_type", "polygon"), points_of(shape["points"]) or []
    if kind == "rectangle":
        return None, None
    if kind != "mask":
        return Polygons.of([ellipse(_around(kind, points)) if kind == "circle" else points]), None
    try:
        inside = decoded(b64decode(shape.get("mask") or "", validate=True), where) != 0
    except (AuditError, ValueError, TypeError) as error:
        seen = error.seen if isinstance(error, AuditError) else f"is no base64 ({error})"
        return None, (Reason.BROKEN_MASK, f"{where}: its mask {seen}; need a PNG in base64.")
    x0, y0, x1, y1 = _around(kind, points)
    if size and inside.shape == (y1 - y0, x1 - x0) and not (x0 % 1 or y0 % 1):
        return Raster.of(inside, size, (int(x0), int(y0))), None
    seen = f"a mask of {inside.shape[1]}x{inside.shape[0]} pixels at ({x0:g}, {y0:g}, {x1:g}, {y1:g})"
    needed = "need the size of its points, in whole pixels, and the size of the picture"
    return None, (Reason.BROKEN_MASK, f"{where}: {seen}; {needed}.")


def _box(shape: dict[str, Any], where: str) -> tuple[Box, tuple[str, str] | None]:
    """The box in our convention, and the problem where there is none."""
    kind = shape.get("shape_type", "polygon")  # which the first versions alone drew, and did not write
    if kind not in (*_TWO_POINTS, *_RINGS):
        detail = f"{where}: a {short(kind)}; need a rectangle, a polygon, a circle or a mask."
        return NO_BOX, (Reason.BROKEN_BOX, detail)
    points = points_of(shape.get("points"))
    if points is None or (kind in _TWO_POINTS and len(points) != 2):
        needed = "two points" if kind in _TWO_POINTS else "a list of points"
        return NO_BOX, (Reason.BROKEN_BOX, f"{where}: points are {short(shape.get('points'))}; need {needed} [x, y].")
    return _around(kind, points), None


def _around(kind: str, points: list[Point]) -> Box:
    if kind == "circle":  # its centre, and a point on it
        (x, y), radius = points[0], dist(points[0], points[1])
        return x - radius, y - radius, x + radius, y + radius
    x0, y0, x1, y1 = enclosing(points)
    return (x0, y0, x1 + 1, y1 + 1) if kind == "mask" else (x0, y0, x1, y1)
