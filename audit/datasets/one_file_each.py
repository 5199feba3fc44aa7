"""Formats in which each picture has an annotation file of its own: a file that is of no use costs its picture alone."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from audit.datasets.annotation import NO_BOX, Annotation
from audit.datasets.annotation_files import inside
from audit.datasets.exclusions import Reason
from audit.errors import AuditError

Content = TypeVar("Content")


def content_or_fault(file: Path, folder: Path, image: str, read: Callable[[], Content]) -> Content | Annotation:
    """What `read` makes of a file of the folder; else an annotation of the picture that says why there is nothing."""
    name = file.relative_to(folder).as_posix()
    if not inside(file, folder):
        problem = f"{name}: leads outside the annotations; need a file that lies below their folder."
        return Annotation(image, "?", NO_BOX, name, (Reason.PATH_OUTSIDE, problem))
    try:
        return read()
    except AuditError as error:
        return Annotation(image, "?", NO_BOX, name, (Reason.UNREADABLE_ANNOTATION, str(error)))
