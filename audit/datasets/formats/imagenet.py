"""ImageNet's localisation task, CLS-LOC (Russakovsky et al. 2015): the CSV of its solutions, or the folder of XML.

The coordinates are numbers of pixels from 0 on, with both ends inside. The development kit counts so
(compute_overlap.m adds 1 to each difference), and the 80,477 boxes of LOC_val_solution.csv show where counting starts:
12,802 corners are 0, 5,567 ends are 499 and 23 are 500, where most pictures are 500 pixels long. Pascal VOC, whose XML
ImageNet borrows, starts at 1. The XML states the numbers of the CSV.
"""

from collections.abc import Callable, Iterator
from pathlib import Path, PureWindowsPath

from audit.datasets.annotation import NO_BOX, Annotation
from audit.datasets.annotation_files import numbers, read_text
from audit.datasets.exclusions import Reason
from audit.datasets.gather import gather
from audit.datasets.pascal_xml import ENDING, read_pascal_xml
from audit.datasets.picture_files import PICTURE_SUFFIXES
from audit.datasets.picture_paths import finder
from audit.datasets.picture_root import Images
from audit.datasets.sample import Dataset
from audit.datasets.tables import Line, read_table
from audit.errors import AuditError
from audit.files import is_folder

ENDINGS = (".csv", ENDING)
READS_PICTURES = True
FIRST_PIXEL = 0
_PER_BOX = 5
_COLUMNS = ("ImageId", "PredictionString")
_Find = Callable[..., str | None]


def imagenet(annotations: Path, images: Images) -> Dataset:
    """ImageNet CLS-LOC: LOC_val_solution.csv and the like, or the folder of XML; labels are WordNet ids.

    The CSV has the columns ImageId and PredictionString, which repeats label, x0, y0, x1, y1. The pictures lie in the
    picture folder as ImageId.JPEG, or in its folders by label, as n02017213/n02017213_7894.JPEG. In a folder of XML, a
    file that cannot be read excludes itself. Raises AuditError where the file or its header cannot be read, and where
    the XML names its pictures with their endings, as Pascal VOC does.
    """
    find = finder(images)
    if is_folder(annotations) or annotations.suffix.lower() == ENDING:
        return read_pascal_xml(annotations, FIRST_PIXEL, lambda filename, stem: _of_xml(filename, stem, find))
    lines = read_table(read_text(annotations), annotations.name, _COLUMNS)
    return gather((annotation for line in lines for annotation in _of_line(line, find)), [annotations])


def _of_xml(filename: str, stem: str, find: _Find) -> str:
    """The development kit pairs image_id.JPEG with image_id.xml, whatever stands in there."""
    if PureWindowsPath(filename).suffix.lower() in PICTURE_SUFFIXES:
        raise AuditError(filename, "is named with its ending", "need ImageNet's XML", "Read it as the format 'voc'.")
    return _picture(stem, find)


def _picture(stem: str, find: _Find, label: str = "") -> str:
    folders = [folder for folder in (stem.partition("_")[0], label) if folder]
    return find(stem, *(f"{folder}/{stem}" for folder in folders)) or f"{stem}.JPEG"


def _of_line(line: Line, find: _Find) -> Iterator[Annotation]:
    where, row = line.where, line.cells
    if line.problem:
        yield Annotation(where, "?", NO_BOX, where, (Reason.BROKEN_ANNOTATION, line.problem))
        return
    words = row["PredictionString"].split()
    labels = words[::_PER_BOX]
    image = row["ImageId"] and _picture(row["ImageId"], find, labels[0] if labels else "")
    if not words or len(words) % _PER_BOX:
        detail = f"{where}: {len(words)} values; need label, x0, y0, x1, y1, once for each box."
        yield Annotation(image, labels[0] if labels else "?", NO_BOX, where, (Reason.BROKEN_ANNOTATION, detail))
        return
    for number, label in enumerate(labels):
        corners = words[_PER_BOX * number + 1 : _PER_BOX * (number + 1)]
        box = numbers(corners)
        problem = None
        if box is None:
            seen = ", ".join(corner[:20] for corner in corners)
            problem = Reason.BROKEN_BOX, f"{where}: box ({seen}); need four numbers x0, y0, x1, y1."
        x0, y0, x1, y1 = box or NO_BOX
        yield Annotation(image, label, (x0, y0, x1 + 1, y1 + 1), where, problem)
