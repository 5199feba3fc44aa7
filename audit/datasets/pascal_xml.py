"""Pascal VOC's XML, one file for each picture, which ImageNet writes with another first pixel: what both need."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from xml.etree.ElementTree import Element

from audit.datasets.annotation import NO_BOX, Annotation
from audit.datasets.annotation_files import numbers
from audit.datasets.documents import read_xml
from audit.datasets.exclusions import Reason
from audit.datasets.gather import gather
from audit.datasets.one_file_each import content_or_fault
from audit.datasets.sample import Dataset
from audit.datasets.voc_masks import LabelMaps
from audit.errors import AuditError
from audit.files import files_below, is_folder, is_regular

ENDING = ".xml"
LARGEST_SIDE = 10**9
Picture = Callable[[str, str], str]
"""From the text of <filename>, and the XML file's own name without ending, to the picture's path."""


def read_pascal_xml(annotations: Path, first: int, picture: Picture, maps: LabelMaps | None = None) -> Dataset:
    """A folder of XML files, or one file; boxes with both ends inside.

    first: the number of the first row and column. maps: of the pictures that alone take part. In a folder, a file that
    cannot be read excludes itself; a single one raises AuditError.
    """
    if is_regular(annotations):
        root = _parse(annotations, annotations.name)
        image = picture(_text(root, "filename"), annotations.stem)
        drawn = _with_map([annotations], maps)
        return gather(_objects(root, annotations, annotations.name, first, image, maps), [annotations, *drawn.values()])
    if not is_folder(annotations):
        raise AuditError(
            annotations.name, "no such file or folder", "need Pascal VOC XML", "Check the path in the settings."
        )
    files = files_below(annotations, (ENDING,))
    if not files:
        raise AuditError(annotations.name, "no .xml file in this folder", "need one for each picture")
    drawn = _with_map(files, maps)
    chosen = files if maps is None else list(drawn)
    return gather(_folder(chosen, annotations, first, picture, maps), [*chosen, *drawn.values()])


def _with_map(files: list[Path], maps: LabelMaps | None) -> dict[Path, Path]:
    """The label map of each XML file that has one."""
    if maps is None:
        return {}
    drawn = {file: path for file in files if (path := maps.file(file.stem))}
    if not drawn:
        raise AuditError(maps.folder.name, "no label map of any XML file", "need one of the same name, as PNG")
    return drawn


def _folder(
    files: list[Path], folder: Path, first: int, picture: Picture, maps: LabelMaps | None
) -> Iterator[Annotation]:
    annotated_by: dict[str, str] = {}
    for file in files:
        name = file.relative_to(folder).as_posix()
        root = content_or_fault(file, folder, name, partial(_parse, file, name))
        if isinstance(root, Annotation):
            yield root
            continue
        image = picture(_text(root, "filename"), file.stem)
        earlier = annotated_by.setdefault(image, name)
        if earlier == name:
            yield from _objects(root, file, name, first, image, maps)
        else:
            problem = f"{name}: {image} is annotated by {earlier} too; need one file for each picture."
            yield from (
                Annotation(image, label, NO_BOX, name, (Reason.DUPLICATED_PICTURE, problem)) for label in _labels(root)
            )


def _parse(file: Path, name: str) -> Element:
    root = read_xml(file, name, "Pascal VOC")
    if root.tag != "annotation" or not _text(root, "filename"):
        raise AuditError(name, f"<{root.tag}> without <filename>", "need a Pascal VOC <annotation> with its <filename>")
    return root


def _labels(root: Element) -> list[str]:
    return [_text(entry, "name") for entry in root.iterfind("object")]


def _objects(
    root: Element, file: Path, where: str, first: int, image: str, maps: LabelMaps | None
) -> Iterator[Annotation]:
    size = numbers([_text(root, f"size/{side}") for side in ("width", "height")] + ["0", "0"])
    stated = (int(size[0]), int(size[1])) if size and all(1 <= side < LARGEST_SIDE for side in size[:2]) else None
    for index, entry in enumerate(root.iterfind("object")):
        place = f"{where} object {index + 1}"
        corners = [_text(entry, f"bndbox/{corner}") for corner in ("xmin", "ymin", "xmax", "ymax")]
        box = numbers(corners)
        problem = None
        if box is None:
            seen = ", ".join(repr(corner[:20]) for corner in corners)
            problem = Reason.BROKEN_BOX, f"{place}: bndbox is ({seen}); need numbers xmin, ymin, xmax, ymax."
        x0, y0, x1, y1 = box or NO_BOX
        half_open, label = (x0 - first, y0 - first, x1 + (1 - first), y1 + (1 - first)), _text(entry, "name")
        mask, wrong = maps.mask(file.stem, index + 1, label, half_open, place) if maps else (None, None)
        yield Annotation(image, label, half_open, place, problem or wrong, size=stated, mask=mask)


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()
