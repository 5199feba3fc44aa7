"""Pascal VOC (Everingham et al. 2010): one XML file for each picture."""

from pathlib import Path

from audit.datasets.pascal_xml import ENDING, read_pascal_xml
from audit.datasets.sample import Dataset

ENDINGS = (ENDING,)
FIRST_PIXEL = 1


def voc(annotations: Path, images: Path) -> Dataset:
    """Pascal VOC: a folder of XML files, or one file; boxes 1-based with both ends inside.

    The picture is the file's <filename> below the picture folder. In a folder, a file that cannot be read excludes
    itself; a single one raises AuditError.
    """
    return read_pascal_xml(annotations, FIRST_PIXEL, lambda filename, _: filename)
