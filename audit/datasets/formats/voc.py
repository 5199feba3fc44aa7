"""Pascal VOC (Everingham et al. 2010): one XML file for each picture."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from audit.datasets.annotation import NO_BOX, Annotation
from audit.datasets.annotation_files import MOST_BYTES_OF_ONE, inside, numbers
from audit.datasets.exclusions import Reason
from audit.datasets.gather import gather
from audit.datasets.sample import Dataset
from audit.errors import AuditError
from audit.files import files_below, is_folder, is_regular, read_regular

ENDINGS = (".xml",)
LARGEST_SIDE = 10**9


def voc(annotations: Path, images: Path) -> Dataset:
    """Pascal VOC: a folder of XML files, or one file; boxes 1-based with both ends inside.

    The picture is the file's <filename> below the picture folder. In a folder, a file that cannot be read excludes
    itself; a single one raises AuditError.
    """
    if is_regular(annotations):
        return gather(_objects(_parse(annotations, annotations.name), annotations.name), [annotations])
    if not is_folder(annotations):
        raise AuditError(
            annotations.name, "no such file or folder", "need Pascal VOC XML", "Check the path in the settings."
        )
    files = files_below(annotations, ENDINGS)
    if not files:
        raise AuditError(annotations.name, "no .xml file in this folder", "need one for each picture")
    return gather(_folder(files, annotations), files)


def _folder(files: list[Path], folder: Path) -> Iterator[Annotation]:
    annotated_by: dict[str, str] = {}
    for file in files:
        name = file.relative_to(folder).as_posix()
        if not inside(file, folder):
            problem = f"{name}: leads outside the annotations; need a file that lies below their folder."
            yield Annotation(name, "?", NO_BOX, name, (Reason.PATH_OUTSIDE, problem))
            continue
        try:
            root = _parse(file, name)
        except AuditError as error:
            yield Annotation(name, "?", NO_BOX, name, (Reason.UNREADABLE_ANNOTATION, str(error)))
            continue
        picture = _text(root, "filename")
        first = annotated_by.setdefault(picture, name)
        if first == name:
            yield from _objects(root, name)
        else:
            problem = f"{name}: {picture} is annotated by {first} too; need one file for each picture."
            yield from (
                Annotation(picture, label, NO_BOX, name, (Reason.DUPLICATED_PICTURE, problem))
                for label in _labels(root)
            )


def _parse(file: Path, name: str) -> Element:
    try:
        # Bytes, since an XML file names its own encoding.
        root: Element = fromstring(read_regular(file, MOST_BYTES_OF_ONE))
    except ParseError as error:
        raise AuditError(f"{name} line {error.position[0]}", f"not XML ({error})", "need a Pascal VOC file") from error
    except DefusedXmlException as error:
        raise AuditError(name, "declares XML entities, a means of attack", "need plain Pascal VOC XML") from error
    except (LookupError, ValueError, RecursionError) as error:
        raise AuditError(name, f"cannot be decoded ({error})", "need XML in UTF-8") from error
    except OSError as error:
        raise AuditError(name, error.strerror or "cannot be read", "need a Pascal VOC file") from error
    if root.tag != "annotation" or not _text(root, "filename"):
        raise AuditError(name, f"<{root.tag}> without <filename>", "need a Pascal VOC <annotation> with its <filename>")
    return root


def _labels(root: Element) -> list[str]:
    return [_text(entry, "name") for entry in root.iterfind("object")]


def _objects(root: Element, where: str) -> Iterator[Annotation]:
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
        yield Annotation(
            _text(root, "filename"), _text(entry, "name"), (x0 - 1, y0 - 1, x1, y1), place, problem, size=stated
        )


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()
