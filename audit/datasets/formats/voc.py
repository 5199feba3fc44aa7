"""Pascal VOC (Everingham et al. 2010): one XML file for each picture."""

from pathlib import Path

from audit.datasets.pascal_xml import ENDING, read_pascal_xml
from audit.datasets.picture_root import Images
from audit.datasets.sample import Dataset
from audit.datasets.voc_masks import LabelMaps
from audit.errors import AuditError

ENDINGS = (ENDING,)
FIRST_PIXEL = 1


def voc(
    annotations: Path, images: Images, *, object_masks: str | None = None, class_masks: str | None = None
) -> Dataset:
    """Pascal VOC: a folder of XML files, or one file; boxes 1-based with both ends inside.

    The picture is the file's <filename> below the picture folder. In a folder, a file that cannot be read excludes
    itself; a single one raises AuditError. `object_masks` names a folder beside that of the XML, as SegmentationObject,
    whose PNG files number the pixels of each object; `class_masks` one as SegmentationClass, of whose pixels an object
    has those of its class in its box. Then only pictures with such a file take part.
    """
    if object_masks and class_masks:
        needed = "need one of them"
        raise AuditError("settings", "data.object_masks and data.class_masks are both given", needed)
    name = object_masks or class_masks
    maps = LabelMaps.beside(annotations, name, by_class=bool(class_masks)) if name else None
    return read_pascal_xml(annotations, FIRST_PIXEL, lambda filename, _: filename, maps)
