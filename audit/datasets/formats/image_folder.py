"""Pictures in folders named after their classes, as torchvision's ImageFolder has them, without any boxes."""

from collections.abc import Iterator
from pathlib import Path

from audit.datasets.exclusions import Exclusion, Reason
from audit.datasets.picture_files import PICTURE_SUFFIXES
from audit.datasets.picture_root import Images, names_below
from audit.datasets.sample import Dataset, Sample
from audit.errors import AuditError
from audit.files import is_folder

ENDINGS: tuple[str, ...] = ()
BOXES = False
WITH_PICTURES = True
SPLITS = frozenset({"train", "training", "val", "valid", "validation", "dev", "test", "testing"})
"""Names of folders around those of the classes that are no classes."""
NO_CLASSES = frozenset({"images", "annotations", "labels", "masks", "trimaps", "jpegimages", "segmentationobject"})
"""Names of folders that other formats have."""


def image_folder(annotations: Images, images: Images) -> Dataset:
    """Pictures in folders of their classes, with no boxes: annotations and images name the folder around these.

    The class is the outermost folder's name, or where that is a split's, as train or val, the next one's; the split
    becomes a column. Without boxes nobody can tell the object from its surroundings. A picture that lies in no class's
    folder is excluded. Raises AuditError where there are fewer than two classes.
    """
    if not _one_folder(annotations, images):
        needed = "need the one folder around those of the classes as annotations and as images"
        raise AuditError(annotations.name, "is not the folder of the pictures", needed)
    found = list(_entries(annotations))
    samples = tuple(entry for entry in found if isinstance(entry, Sample))
    classes = {sample.label for sample in samples}
    if odd := sorted(label for label in classes if label.lower() in NO_CLASSES):
        seen = f"has a folder {odd[0]!r} where the classes' folders are expected"
        raise AuditError(annotations.name, seen, "need folders of classes alone", "Name the one around these.")
    if len(classes) < 2:
        seen = f"pictures in the folder of one class alone, {min(classes)!r}" if classes else "no folder of a class"
        raise AuditError(annotations.name, seen, "need pictures in folders of two classes or more")
    return Dataset(samples, tuple(entry for entry in found if isinstance(entry, Exclusion)), ())


def _one_folder(annotations: Images, images: Images) -> bool:
    if isinstance(annotations, Path) and isinstance(images, Path):
        return is_folder(annotations) and annotations.resolve() == images.resolve()
    return annotations == images


def _entries(folder: Images) -> Iterator[Sample | Exclusion]:
    """In the order of their paths."""
    for name in names_below(folder, PICTURE_SUFFIXES):
        parts = name.encode("utf-8", "replace").decode().split("/")
        image, (*around, _) = "/".join(parts), parts
        split = {"split": around.pop(0)} if around and around[0].lower() in SPLITS else {}
        if around:
            yield Sample(image, around[0], (), metadata=split)
        else:
            detail = f"{image}: lies in no class's folder; need the class's name as that of its folder."
            yield Exclusion(image, "?", Reason.UNKNOWN_LABEL, detail)
