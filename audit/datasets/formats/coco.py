"""COCO object detection (Lin et al. 2014): one JSON file of images, categories and annotations."""

from collections.abc import Iterator
from pathlib import Path
from reprlib import repr as short
from typing import Any, TypeGuard

from audit.datasets.annotation import NO_BOX, Annotation
from audit.datasets.annotation_files import numbers
from audit.datasets.coco_segmentation import segmentation
from audit.datasets.documents import read_json
from audit.datasets.exclusions import Reason
from audit.datasets.gather import gather
from audit.datasets.masks import Mask
from audit.datasets.picture_root import Images
from audit.datasets.sample import Box, Dataset
from audit.errors import AuditError

ENDINGS = (".json",)
_Table = dict[int | str, dict[str, Any]]
_STANDARD = {"id", "file_name", "width", "height", "license", "flickr_url", "coco_url", "date_captured"}


def coco(annotations: Path, images: Images) -> Dataset:
    """COCO JSON: boxes as x, y, width, height; masks as segmentation: polygons, or runs (RLE), compressed or not.

    An annotation whose segmentation is missing or empty has its box alone; one without bbox, the box around its mask.
    Crowd regions exclude their sample. Further values of an image become the sample's metadata. Raises AuditError where
    the file is not COCO JSON or an id is given twice.
    """
    document = _read(annotations)
    pictures = _table(document, "images", "file_name", annotations.name)
    categories = _table(document, "categories", "name", annotations.name)
    return gather(_annotations(document, pictures, categories, annotations.name), [annotations])


def class_order(annotations: Path) -> tuple[str, ...]:
    """The names of the categories in the order of the file."""
    return tuple(category["name"] for category in _table(_read(annotations), "categories", "name", "").values())


def _read(path: Path) -> dict[str, Any]:
    document = read_json(path, "COCO")
    if not isinstance(document, dict):
        raise AuditError(path.name, f"holds a {type(document).__name__}", "need an object with images and annotations")
    for key in ("images", "categories", "annotations"):
        if not isinstance(document.get(key), list):
            keys = ", ".join(map(str, list(document)[:10])) or "nothing"
            raise AuditError(path.name, f"no list {key!r} (there is {keys})", "need COCO's three lists")
    return document


def _table(document: dict[str, Any], key: str, text: str, name: str) -> _Table:
    """Images or categories by id."""
    table: _Table = {}
    for index, entry in enumerate(document[key]):
        where = f"{name} {key}[{index}]"
        if not isinstance(entry, dict) or not _is_id(entry.get("id")) or not isinstance(entry.get(text), str):
            raise AuditError(where, short(entry), f"need an id and a {text!r}", "Repair or remove this entry.")
        if entry["id"] in table:
            raise AuditError(
                where, f"id {entry['id']!r} is given twice", "need one entry for each id", "Renumber them."
            )
        table[entry["id"]] = entry
    return table


def _is_id(value: object) -> TypeGuard[int | str]:
    return isinstance(value, int | str) and not isinstance(value, bool)


def _annotations(document: dict[str, Any], pictures: _Table, categories: _Table, name: str) -> Iterator[Annotation]:
    seen: set[int | str] = set()
    for index, entry in enumerate(document["annotations"]):
        where = f"{name} annotations[{index}]"
        if not isinstance(entry, dict):
            problem = f"{where}: {short(entry)}; need an object with bbox and ids."
            yield Annotation(where, "?", NO_BOX, where, (Reason.BROKEN_ANNOTATION, problem))
            continue
        own_id = entry.get("id")
        if _is_id(own_id):
            if own_id in seen:
                raise AuditError(
                    where, f"id {own_id!r} is given twice", "need one annotation for each id", "Renumber them."
                )
            seen.add(own_id)
        yield _annotation(entry, where, pictures, categories)


def _annotation(entry: dict[str, Any], where: str, pictures: _Table, categories: _Table) -> Annotation:
    image_id, category_id = entry.get("image_id"), entry.get("category_id")
    picture = pictures.get(image_id) if _is_id(image_id) else None
    category = categories.get(category_id) if _is_id(category_id) else None
    image = picture["file_name"] if picture else f"image id {short(image_id)}"
    label = category["name"] if category else f"category id {short(category_id)}"
    if picture is None:
        detail = f"{where}: no image has id {short(image_id)}; need one of 'images'."
        return Annotation(image, label, NO_BOX, where, (Reason.UNKNOWN_IMAGE, detail))
    if category is None:
        detail = f"{where}: no category has id {short(category_id)}; need one of 'categories'."
        return Annotation(image, label, NO_BOX, where, (Reason.UNKNOWN_LABEL, detail))
    mask, wrong = segmentation(entry.get("segmentation"), where)
    around = {**entry, "bbox": _bbox(mask)} if mask and "bbox" not in entry else entry
    box, problem = _box(around, where)
    return Annotation(image, label, box, where, problem or wrong, _metadata(picture), _size(picture), mask=mask)


def _bbox(mask: Mask) -> list[float]:
    x0, y0, x1, y1 = mask.box
    return [x0, y0, x1 - x0, y1 - y0]


def _box(entry: dict[str, Any], where: str) -> tuple[Box, tuple[str, str] | None]:
    """The box in our convention, and the problem where it cannot be used."""
    corner_and_size = numbers(entry.get("bbox"))
    if corner_and_size is None:
        seen = short(entry["bbox"]) if "bbox" in entry else "missing"
        return NO_BOX, (Reason.BROKEN_BOX, f"{where}: bbox is {seen}; need four numbers x, y, width, height.")
    x, y, width, height = corner_and_size
    box = x, y, x + width, y + height
    if entry.get("iscrowd") in (0, "0", None):
        return box, None
    return box, (Reason.CROWD_REGION, f"{where}: iscrowd, one box around many objects; need boxes of single objects.")


def _size(picture: dict[str, Any]) -> tuple[int, int] | None:
    width, height = picture.get("width"), picture.get("height")
    return (width, height) if isinstance(width, int) and isinstance(height, int) else None


def _metadata(picture: dict[str, Any]) -> dict[str, str]:
    further = {key: value for key, value in picture.items() if key not in _STANDARD}
    return {key: str(value) for key, value in further.items() if isinstance(value, str | int | float)}
