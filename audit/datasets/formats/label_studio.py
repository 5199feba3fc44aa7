"""Label Studio's JSON export (labelstud.io/guide/task_format): one list of tasks, each a picture with its results.

x, y, width and height are percent of the picture (docs: 'Units of image annotations'), x and y those of the top left
corner, about which `rotation` turns the rectangle clockwise (labelstud.io/templates/image_bbox, 'Rotation').
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from reprlib import repr as short
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from audit.datasets.annotation import NO_BOX, Annotation
from audit.datasets.annotation_files import numbers
from audit.datasets.documents import read_json
from audit.datasets.exclusions import Reason
from audit.datasets.gather import gather
from audit.datasets.masks import Polygons
from audit.datasets.outlines import Point, around, corners, enclosing, points_of, turned_points
from audit.datasets.picture_files import PICTURE_SUFFIXES
from audit.datasets.picture_paths import finder, in_pixels
from audit.datasets.picture_root import Images
from audit.datasets.sample import Box, Dataset
from audit.errors import AuditError

ENDINGS = (".json",)
READS_PICTURES = True
LARGEST_SIDE = 10**9
MOST_PARTS = 30
"""Of a path below the picture folder."""
_UPLOADED = re.compile(r"[0-9a-f]{8}-(.+)")
"""What Label Studio puts before the name of an uploaded file."""
_Find = Callable[..., str | None]
_Problem = tuple[str, str] | None


def label_studio(annotations: Path, images: Images) -> Dataset:
    """Label Studio JSON: rectangles and polygons in percent; the object is the inside of a polygon or turned rectangle.

    Of a task's annotations the ground truth counts, or else the latest; cancelled ones do not. Pictures are looked for
    below the picture folder by the longest end of their path that is there, so that /data/upload/1/a.jpg,
    /data/local-files/?d=set/a.jpg and https://host/a.jpg may all be a.jpg; of an upload as 1a2b3c4d-a.jpg the name
    before the upload will do. Other shapes exclude their sample, as does a picture that was turned in the editor.
    Choices become metadata. Raises AuditError where the file is no list of tasks.
    """
    tasks = read_json(annotations, "Label Studio", key="annotations", opening="[")
    if not any(_results(task) is not None for task in tasks):
        needed = "need Label Studio's list of tasks"
        raise AuditError(annotations.name, "holds no task with annotations", needed, "Export it as JSON.")
    find = finder(images)
    found = (
        annotation
        for index, task in enumerate(tasks)
        for annotation in _of_task(task, f"{annotations.name} [{index}]", find)
    )
    return gather(found, [annotations])


def _results(task: object) -> list[object] | None:
    """Those of the annotation that counts, or None where this is no task."""
    given = task.get("annotations") if isinstance(task, dict) else None
    if not isinstance(task, dict) or not isinstance(given, list) or not isinstance(task.get("data"), dict):
        return None
    whole = [entry for entry in given if isinstance(entry, dict) and isinstance(entry.get("result"), list)]
    valid = [entry for entry in whole if not entry.get("was_cancelled")]
    best = max(
        valid, key=lambda entry: (entry.get("ground_truth") is True, str(entry.get("created_at", ""))), default=None
    )
    return best["result"] if best else []


def _of_task(task: Any, where: str, find: _Find) -> Iterator[Annotation]:
    results = _results(task)
    if results is None:
        detail = f"{where}: {short(task)}; need a task with data and annotations."
        yield Annotation(where, "?", NO_BOX, where, (Reason.BROKEN_ANNOTATION, detail))
        return
    shapes = [entry for entry in results if isinstance(entry, dict) and entry.get("type") in _SHAPES]
    image = _picture(task, find) if shapes else ""
    metadata = dict(_choices(results))
    for index, shape in enumerate(shapes):
        place = f"{where} shape {index + 1}"
        value = shape.get("value")
        labels = value.get(shape["type"]) if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(labels, list) or not labels:
            detail = f"{place}: {short(value)}; need a value with its {shape['type']}."
            yield Annotation(image, "?", NO_BOX, place, (Reason.BROKEN_ANNOTATION, detail))
            continue
        size = _size(shape)
        box, problem = _box(shape, value, place, size)
        mask = _mask(shape["type"], value, size) if size and not problem else None
        for label in labels:
            text = label if isinstance(label, str) else ""
            yield Annotation(image, text, box, place, problem, metadata, size, mask=mask)


def _choices(results: list[Any]) -> Iterator[tuple[str, str]]:
    for entry in results:
        value = entry.get("value") if isinstance(entry, dict) and entry.get("type") == "choices" else None
        chosen = value.get("choices") if isinstance(value, dict) else None
        if isinstance(chosen, list) and isinstance(entry.get("from_name"), str):
            yield entry["from_name"], "|".join(choice for choice in chosen if isinstance(choice, str))


def _picture(task: dict[str, Any], find: _Find) -> str:
    """The picture below the picture folder; where none is found, the path that the task states first."""
    data = task["data"]
    texts = [text for text in (data.get("image"), task.get("file_upload"), *data.values()) if isinstance(text, str)]
    named = [path for path in map(_path, texts) if PurePosixPath(path).suffix.lower() in PICTURE_SUFFIXES]
    paths = named or [path for path in map(_path, texts[:1]) if path]
    return find(*(end for path in paths for end in _ends(path))) or next(iter(paths), "")


def _ends(path: str) -> list[str]:
    """The path, without its first folder, and so on; at last the name that an uploaded file had before."""
    parts = PurePosixPath(path).parts[-MOST_PARTS:]
    uploaded = _UPLOADED.fullmatch(parts[-1]) if parts else None
    return ["/".join(parts[start:]) for start in range(len(parts))] + ([uploaded[1]] if uploaded else [])


def _path(text: str) -> str:
    """The path in an address: that of the query `d` of local files, else that of the address itself."""
    try:
        address = urlsplit(text)
        local = parse_qs(address.query).get("d", [])
    except ValueError:  # a broken host or too many fields
        return ""
    return (local[0] if local else unquote(address.path)).lstrip("/").replace("\0", "")


def _size(shape: dict[str, Any]) -> tuple[int, int] | None:
    sides = shape.get("original_width"), shape.get("original_height")
    width, height = (side if type(side) is int and 1 <= side < LARGEST_SIDE else 0 for side in sides)
    return (width, height) if width and height else None


def _box(
    shape: dict[str, Any], value: dict[str, Any], where: str, size: tuple[int, int] | None
) -> tuple[Box, _Problem]:
    """The box in our convention, and the problem where there is none."""
    if size is None:
        seen = f"{short(shape.get('original_width'))} x {short(shape.get('original_height'))}"
        detail = f"{where}: size {seen}; need original_width and original_height in pixels."
        return NO_BOX, (Reason.BROKEN_ANNOTATION, detail)
    if shape.get("image_rotation") not in (None, 0):
        detail = f"{where}: image_rotation is {short(shape['image_rotation'])}; need boxes on the picture as stored."
        return NO_BOX, (Reason.BROKEN_BOX, detail)
    box = _READ[shape["type"]](value, size) if shape["type"] in _READ else None
    if shape["type"] not in _READ:
        needed = f"{shape['type']} mark no box; need rectanglelabels or polygonlabels"
    elif shape["type"] == "polygonlabels":
        needed = f"points are {short(value.get('points'))}; need a list of [x, y] in percent"
    else:
        seen = ", ".join(f"{key} {short(value.get(key))}" for key in ("x", "y", "width", "height", "rotation"))
        needed = f"{seen}; need numbers in percent, and degrees"
    return (box, None) if box else (NO_BOX, (Reason.BROKEN_BOX, f"{where}: {needed}."))


def _mask(kind: str, value: dict[str, Any], size: tuple[int, int]) -> Polygons | None:
    """The outline of a shape that has a box; none of an upright rectangle."""
    if kind == "polygonlabels":
        return Polygons.of([_in_pixels(points_of(value.get("points")) or [], size)])
    if not value.get("rotation"):
        return None
    x, y, width, height = (float(value[key]) for key in ("x", "y", "width", "height"))
    box = _from_percent((x, y, x + width, y + height), size)
    return Polygons.of([turned_points(corners(box), float(value["rotation"]), box[:2])])


def _in_pixels(points: list[Point], size: tuple[int, int]) -> list[Point]:
    return [(x * size[0] / 100, y * size[1] / 100) for x, y in points]


def _around_polygon(value: dict[str, Any], size: tuple[int, int]) -> Box | None:
    points = points_of(value.get("points"))
    return enclosing(_in_pixels(points, size)) if points else None


def _rectangle(value: dict[str, Any], size: tuple[int, int]) -> Box | None:
    corner_and_size = numbers([value.get(key) for key in ("x", "y", "width", "height")])
    degrees = numbers([value.get("rotation") or 0, 0, 0, 0])
    if corner_and_size is None or degrees is None or not abs(degrees[0]) < float("inf"):
        return None
    x, y, width, height = corner_and_size
    box = _from_percent((x, y, x + width, y + height), size)
    return around(turned_points(corners(box), degrees[0], box[:2]), size) if degrees[0] else box


def _from_percent(box: Box, size: tuple[int, int]) -> Box:
    """Multiplied before they are divided, so that whole pixels stay whole where percent are exact."""
    x0, y0, x1, y1 = in_pixels(box, size)
    return x0 / 100, y0 / 100, x1 / 100, y1 / 100


_READ = {"rectanglelabels": _rectangle, "labels": _rectangle, "polygonlabels": _around_polygon}
_SHAPES = frozenset({*_READ, "ellipselabels", "brushlabels", "keypointlabels"})
