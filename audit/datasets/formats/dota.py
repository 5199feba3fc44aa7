"""DOTA (Xia et al. 2018): a text file for each picture, with the four corners of each oriented box."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from audit.datasets.annotation import NO_BOX, Annotation
from audit.datasets.annotation_files import MOST_BYTES_OF_ONE, read_text
from audit.datasets.exclusions import Reason
from audit.datasets.gather import gather
from audit.datasets.masks import Polygons
from audit.datasets.one_file_each import content_or_fault
from audit.datasets.outlines import points_of
from audit.datasets.picture_paths import finder
from audit.datasets.picture_root import Images
from audit.datasets.sample import Dataset
from audit.errors import AuditError
from audit.files import files_below, is_folder, is_regular

ENDINGS = (".txt",)
READS_PICTURES = True
CORNERS, FEWEST, MOST = 8, 9, 10
TRIED = 500
"""Lines, the first, among which one must be of four corners: there may be very many files of another kind."""
HEADER = ("imagesource:", "gsd:", "acquisition dates:")
_Find = Callable[..., str | None]


def dota(annotations: Path, images: Images) -> Dataset:
    """DOTA: a folder labelTxt, or one of its files; oriented boxes as x1 y1 … x4 y4 category difficult.

    The object is the inside of the four corners, which need not be upright. The picture is the one of the file's name.
    `difficult` becomes metadata. In a folder, a file that cannot be read excludes itself. Raises AuditError where no
    file holds such a line.
    """
    if not (is_folder(annotations) or is_regular(annotations)):
        raise AuditError(annotations.name, "no such file or folder", "need DOTA's text files")
    files = [annotations] if is_regular(annotations) else files_below(annotations, ENDINGS)
    home = annotations if is_folder(annotations) else annotations.parent
    find = finder(images)
    read: list[Annotation] = []
    for file in files:
        read += _of_file(file, home, find)
        if not any(annotation.mask for annotation in read[:TRIED]) and (len(read) >= TRIED or file == files[-1]):
            raise AuditError(annotations.name, "no line of four corners and a category", "need DOTA's text files")
    if not files:
        raise AuditError(annotations.name, "no .txt file in this folder", "need DOTA's text files")
    return gather(read, files)


def _of_file(file: Path, home: Path, find: _Find) -> Iterator[Annotation]:
    name = file.relative_to(home).as_posix()
    stem = name.removesuffix(file.suffix)
    image = find(stem) or f"{stem}.png"
    text = content_or_fault(file, home, image, partial(read_text, file, MOST_BYTES_OF_ONE))
    if isinstance(text, Annotation):
        yield text
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lower().startswith(HEADER):
            yield _annotation(line.split(), image, f"{name} line {number}")


def _annotation(words: list[str], image: str, where: str) -> Annotation:
    ring = points_of(list(zip(words[:CORNERS:2], words[1:CORNERS:2], strict=True))) if len(words) >= FEWEST else None
    label = words[CORNERS] if len(words) in (FEWEST, MOST) else "?"
    if ring is None or len(words) not in (FEWEST, MOST):
        detail = f"{where}: {' '.join(words)[:60]}; need x1 y1 x2 y2 x3 y3 x4 y4 category difficult."
        return Annotation(image, label, NO_BOX, where, (Reason.BROKEN_MASK, detail))
    mask = Polygons.of([ring])
    metadata = {"difficult": words[MOST - 1]} if len(words) == MOST else {}
    return Annotation(image, label, mask.box, where, metadata=metadata, mask=mask)
