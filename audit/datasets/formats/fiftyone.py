"""FiftyOne's own export, FiftyOneDataset (docs.voxel51.com, 'Exporting FiftyOne Datasets'): its file samples.json."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from reprlib import repr as short
from typing import Any

from audit.datasets.annotation import NO_BOX, Annotation
from audit.datasets.annotation_files import numbers
from audit.datasets.documents import read_json
from audit.datasets.exclusions import Reason
from audit.datasets.gather import gather
from audit.datasets.masks import Polygons
from audit.datasets.outlines import points_of
from audit.datasets.picture_paths import below, in_pixels, shown_size
from audit.datasets.picture_root import Images
from audit.datasets.sample import Box, Dataset
from audit.errors import AuditError, did_you_mean

ENDINGS = (".json",)
READS_PICTURES = True
_OWN = frozenset({"filepath", "metadata", "id", "created_at", "last_modified_at"})
_Problem = tuple[str, str] | None
_Measured = Callable[[str], tuple[tuple[int, int] | None, _Problem]]


def fiftyone(annotations: Path, images: Images, *, field: str = "ground_truth") -> Dataset:
    """FiftyOneDataset export: samples.json; bounding_box is x, y, width, height in shares of the picture as shown.

    `field` names the detections or polylines that count. The object is the inside of a polyline that is closed or
    filled, in all its parts; an open one excludes its sample. The mask of a detection is not read: its box is the
    object. filepath starts at the folder of samples.json; where that is not below the
    picture folder, it is taken to start there. Sizes are those of the picture files. Classifications, tags and single
    values of a sample become its metadata. A detection with iscrowd excludes its sample. Raises AuditError where the
    file is not such JSON, or no sample has detections in `field`.
    """
    document = read_json(annotations, "FiftyOne", key="samples")
    samples = document.get("samples") if isinstance(document, dict) else None
    if not isinstance(samples, list):
        raise AuditError(annotations.name, "no list 'samples'", "need the samples.json of a FiftyOneDataset export")
    if not any(_detections(sample, field) is not None for sample in samples):
        known = {key for sample in samples if isinstance(sample, dict) for key in sample if _detections(sample, key)}
        needed = did_you_mean(field, known) if known else "need a field of detections"
        raise AuditError(annotations.name, f"no sample has detections in the field {field!r}", needed)
    measured = cache(lambda image: shown_size(image, images))
    home = annotations.parent
    found = (
        annotation
        for index, sample in enumerate(samples)
        for annotation in _of_sample(sample, field, f"{annotations.name} samples[{index}]", home, images, measured)
    )
    return gather(found, [annotations])


def _detections(sample: object, field: str) -> list[object] | None:
    """Those of one field, or None where it holds no detections."""
    value = sample.get(field) if isinstance(sample, dict) else None
    if not isinstance(value, dict):
        return None
    if "bounding_box" in value or "points" in value:
        return [value]
    inner = value.get("detections", value.get("polylines"))
    return inner if isinstance(inner, list) else None


def _of_sample(
    sample: object, field: str, where: str, home: Path, images: Images, measured: _Measured
) -> Iterator[Annotation]:
    detections = _detections(sample, field)
    if not isinstance(sample, dict) or not detections:
        return
    path = sample.get("filepath")
    if not isinstance(path, str) or not path or "\0" in path:
        detail = f"{where}: filepath is {short(path)}; need the picture's path."
        yield Annotation(where, "?", NO_BOX, where, (Reason.BROKEN_ANNOTATION, detail))
        return
    image = below(path, home, images)
    size, problem = measured(image)
    metadata = _metadata(sample)
    for index, detection in enumerate(detections):
        place = f"{where} {field}[{index}]"
        label = detection.get("label") if isinstance(detection, dict) else None
        if not isinstance(detection, dict) or not isinstance(label, str):
            detail = f"{place}: {short(detection)}; need an object with label and bounding_box or points."
            yield Annotation(image, "?", NO_BOX, place, (Reason.BROKEN_ANNOTATION, detail))
            continue
        if "points" in detection:
            mask, wrong = _polygons(detection, place, size)
            box = mask.box if mask else NO_BOX
        else:
            mask, (box, wrong) = None, _box(detection, place, size)
        yield Annotation(image, label, box, place, wrong or problem, metadata, size, oriented=True, mask=mask)


def _polygons(polyline: dict[str, Any], where: str, size: tuple[int, int] | None) -> tuple[Polygons | None, _Problem]:
    """The outline of a polyline, and the problem where it has none."""
    points = polyline.get("points")
    rings = [points_of(ring) for ring in points] if isinstance(points, list) else []
    if not rings or not all(rings) or not (polyline.get("closed") or polyline.get("filled")):
        detail = f"{where}: points are {short(points)}; need closed or filled lists of [x, y] as shares."
        return None, (Reason.BROKEN_MASK, detail)
    width, height = size or (0, 0)
    return Polygons.of([[(x * width, y * height) for x, y in ring or []] for ring in rings]), None


def _box(detection: dict[str, Any], where: str, size: tuple[int, int] | None) -> tuple[Box, _Problem]:
    """The box in our convention, and the problem where it cannot be used."""
    shares = numbers(detection.get("bounding_box"))
    if shares is None:
        detail = f"{where}: bounding_box is {short(detection.get('bounding_box'))}; need x, y, width, height as shares."
        return NO_BOX, (Reason.BROKEN_BOX, detail)
    if detection.get("iscrowd") not in (None, 0, "0"):
        detail = f"{where}: iscrowd, one box around many objects; need boxes of single objects."
        return NO_BOX, (Reason.CROWD_REGION, detail)
    x, y, width, height = shares
    return (in_pixels((x, y, x + width, y + height), size) if size else NO_BOX), None


def _metadata(sample: dict[str, Any]) -> dict[str, str]:
    further = {key: _value(value) for key, value in sample.items() if key not in _OWN and not key.startswith("_")}
    return {key: str(value) for key, value in further.items() if isinstance(value, str | int | float) and value != ""}


def _value(value: Any) -> Any:
    """A classification's label, and a list of tags in one text."""
    if isinstance(value, dict) and value.get("_cls") == "Classification":
        return value.get("label")
    return (
        "|".join(map(str, value)) if isinstance(value, list) and all(isinstance(tag, str) for tag in value) else value
    )
