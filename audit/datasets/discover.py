"""Find the dataset that lies somewhere: which format reads it, and where its pictures are."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from audit import registry
from audit.datasets.deep_folders import ByName, bases, deeper, pictures_by_name
from audit.datasets.format_refusals import Refused, lines, unreadable, without_pictures
from audit.datasets.picture_files import PICTURE_SUFFIXES
from audit.datasets.picture_root import has_picture
from audit.datasets.sample import Dataset
from audit.errors import AuditError
from audit.files import entries, is_folder, is_regular

LOOKED_AT = 200
"""Files and folders that are tried as annotations at most."""
MOST_FOLDERS = 30
"""Folders beside the annotations that are tried as the pictures' at most."""
DEEPER = {".json", ".jsonl", ".csv", ".yaml", ".arrow", ".parquet", ".tar"}
"""Endings of annotations that are looked for in the folders too."""
NAME_IT = "If the annotations lie deeper, name the file itself. "
CONVERT = (
    "Fix them, or convert them to another format: `saliency-audit list` says what each reads. The simplest is CSV,"
    " with image,label,x0,y0,x1,y1 in the first line and then one line for each box."
)
PLACE = "Put the folder of pictures beside the annotations, or fix the paths and boxes that the annotations state."


class Found(NamedTuple):
    """A dataset that some format can read."""

    format: str
    annotations: Path
    images: Path
    dataset: Dataset
    present: int
    """Samples whose picture is there."""
    others: tuple[Path, ...] = ()
    """Further annotations that could be taken instead."""
    options: Mapping[str, Any] = {}
    """Those of the format, by which it was read."""


def look(place: Path) -> Found:
    """The dataset at `place`, a folder or an annotation file: the reading that finds most pictures.

    Raises AuditError where no format finds any, and says of each format why.
    """
    return best_of(readings(place))


def best_of(found: Sequence[Found]) -> Found:
    """The reading that finds most pictures, with a word on the others."""
    best = max(found, key=lambda reading: reading.present)
    others = dict.fromkeys(reading.annotations for reading in found if reading.annotations != best.annotations)
    return best._replace(others=tuple(others))


def readings(place: Path) -> list[Found]:
    """All that can be read at `place`, at least one. Raises AuditError as `look` does."""
    if re.match(r"[a-z0-9]{2,}:/", str(place)):
        step = "Name URLs in a settings file, as data.annotations and data.images, and take that."
        raise AuditError("data", "a URL, where nothing is looked for", "need a folder or a file of this machine", step)
    if not (is_regular(place) or is_folder(place)):
        raise AuditError(place, "no such file or folder", "need a dataset: annotations and pictures")
    _check_readable(place)
    near = _candidates(place)
    tried = list(_attempts(place, near))
    if not any(isinstance(attempt, Found) for attempt in tried):
        tried += _attempts(place, [deep for deep in deeper(place) if deep not in near])
    if not any(isinstance(attempt, Found) for attempt in tried):
        tried += _without_boxes(place)
    found = [attempt for attempt in tried if isinstance(attempt, Found)]
    if not found:
        raise _nothing(place, [attempt for attempt in tried if isinstance(attempt, Refused)])
    return found


def _check_readable(place: Path) -> None:
    try:
        next(place.iterdir() if is_folder(place) else iter(()), None)
    except OSError as error:
        raise AuditError(place, f"cannot be read ({error.strerror})", "need a folder that you may read") from error


def _nothing(place: Path, refused: list[Refused]) -> AuditError:
    seen, needed = "no format reads a dataset here", "need annotations and their pictures"
    convert = f"{NAME_IT}{CONVERT}" if place.is_dir() else CONVERT
    step = PLACE if any(attempt.read for attempt in refused) else convert
    return AuditError(place, seen, needed, f"Why not:\n{lines(refused)}\n{step}")


def _candidates(place: Path) -> list[Path]:
    if is_regular(place):
        return [place]
    inner = [entry for entry in entries(place) if entry.suffix.lower() not in PICTURE_SUFFIXES]
    folders = [entry for entry in inner if is_folder(entry)][:LOOKED_AT]
    deeper = [entry for folder in folders for entry in entries(folder) if entry.suffix.lower() in DEEPER]
    files = [entry for entry in inner if is_regular(entry)]
    return [*[*files, *folders, *deeper][: LOOKED_AT - 1], place]


def _picture_folders(place: Path, annotations: Path, inside: Callable[[Path], list[Path]]) -> list[Path]:
    """Where pictures may lie: beside the annotations, in a folder beside or below them, or around all that.

    Last comes the annotations' own folder, below which their paths may start though it holds no picture itself.
    inside: the folders in a folder that hold pictures.
    """
    home = place if is_folder(place) else place.parent
    near = dict.fromkeys((home, annotations.parent, home.parent))
    beside = [folder for base in near for folder in inside(base)]
    named = sorted(beside, key=lambda folder: folder.name.lower() not in {"images", "jpegimages"})
    holding = [*dict.fromkeys(named)][:MOST_FOLDERS] + [folder for folder in near if _holds_pictures(folder)]
    own = annotations if is_folder(annotations) else annotations.parent
    return list(dict.fromkeys((*holding, own, annotations.parent, home)))


def _with_pictures(base: Path) -> list[Path]:
    return [folder for folder in entries(base) if is_folder(folder) and _holds_pictures(folder)]


def _holds_pictures(folder: Path) -> bool:
    try:
        return any(entry.suffix.lower() in PICTURE_SUFFIXES for entry in islice(folder.iterdir(), LOOKED_AT))
    except OSError:
        return False


def _attempts(place: Path, candidates: Sequence[Path]) -> Iterator[Found | Refused]:
    """Every format with every candidate and folder of pictures. Nothing is read or listed twice by one of them.

    In a folder, a file with an ending of some formats is tried by these alone; one that is asked for is tried by all.
    """
    inside = cache(_with_pictures)
    where = cache(lambda: pictures_by_name(place if is_folder(place) else place.absolute().parent.parent))
    formats = _formats(boxes=True)
    usual = {name: sys.modules[read.__module__].ENDINGS for name, read in formats.items()}
    for annotations in candidates:
        folders = _picture_folders(place, annotations, inside)
        suffix = annotations.suffix.lower()
        by_ending = [name for name in formats if suffix in usual[name]]
        for name in by_ending if by_ending and annotations != place and is_regular(annotations) else formats:
            read = formats[name]
            module = sys.modules[read.__module__]
            depends = getattr(module, "READS_PICTURES", False)
            if getattr(module, "WITH_PICTURES", False):
                yield _attempt(
                    name, read, annotations, (annotations if is_folder(annotations) else annotations.parent,)
                )
            elif depends and (suffix in usual[name] or is_folder(annotations)):
                yield from _by_folder(name, read, annotations, folders)
            else:
                yield _attempt(name, read, annotations, folders, where)


def _without_boxes(place: Path) -> Iterator[Found | Refused]:
    """What has no boxes, where nothing lies there that may hold some and could not be read."""
    endings = {ending for read in _formats(boxes=True).values() for ending in sys.modules[read.__module__].ENDINGS}
    unread = next((file for file in _candidates(place) if file.suffix.lower() in endings and is_regular(file)), None)
    for name, read in _formats(boxes=False).items():
        if unread is None:
            yield _attempt(name, read, place, (place,))
        else:
            why = f"{unread.name}: may hold the boxes of these pictures, and cannot be read"
            yield Refused(name, place, why, "Move it away to go without boxes.")


def _formats(*, boxes: bool) -> dict[str, registry.Function]:
    """Those whose samples have boxes, or those whose samples have none."""
    package = "audit.datasets.formats"
    formats = {name: registry.resolve(package, name) for name in registry.names(package)}
    return {name: read for name, read in formats.items() if _boxed(read) == boxes}


def _boxed(read: registry.Function) -> bool:
    return bool(getattr(sys.modules[read.__module__], "BOXES", True))


def _by_folder(
    name: str, read: registry.Function, annotations: Path, folders: Sequence[Path]
) -> Iterator[Found | Refused]:
    """With each folder of pictures, unless the annotations are refused, which no other folder would change."""
    for folder in folders:
        attempt = _attempt(name, read, annotations, (folder,))
        yield attempt
        if isinstance(attempt, Refused) and not attempt.read and attempt.why.startswith(annotations.name):
            return


def _attempt(
    name: str,
    read: registry.Function,
    annotations: Path,
    folders: Sequence[Path],
    where: Callable[[], ByName] = dict,
) -> Found | Refused:
    """With the folder in which most pictures are. where: all pictures nearby, which are looked for where some lack."""
    try:
        dataset: Dataset = read(annotations, folders[0])
    except AuditError as error:
        return unreadable(name, annotations, error)
    images, present = max(((folder, _present(dataset, folder)) for folder in folders), key=itemgetter(1))
    if present < len(dataset.samples):
        further = bases([sample.image for sample in dataset.samples], where())
        counted = [(images, present), *((folder, _present(dataset, folder)) for folder in further)]
        images, present = max(counted, key=itemgetter(1))
    if present:
        return Found(name, annotations, images, dataset, present)
    return without_pictures(name, annotations, dataset)


def _present(dataset: Dataset, images: Path) -> int:
    return sum(has_picture(sample.image, images) for sample in dataset.samples)
