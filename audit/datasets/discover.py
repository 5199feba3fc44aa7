"""Write a commented settings file for a dataset that lies there."""

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import islice
from operator import itemgetter
from pathlib import Path
from textwrap import fill
from typing import NamedTuple

from audit import registry
from audit.datasets.format_refusals import Refused, lines, unreadable, without_pictures
from audit.datasets.picture_files import PICTURE_SUFFIXES
from audit.datasets.sample import Dataset
from audit.errors import AuditError
from audit.files import entries, is_folder, is_regular
from audit.phrases import listed

LOOKED_AT, LONGEST_LABEL = 200, 40
"""Files and folders that are tried as annotations at most."""
MOST_FOLDERS = 30
"""Folders beside the annotations that are tried as the pictures' at most."""
DEEPER = {".json", ".jsonl", ".csv", ".yaml", ".arrow", ".parquet"}
"""Endings of annotations that are looked for in the folders too."""
KINDS = "audit.models.kinds"
WIDTH = 118
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


def look(place: Path) -> Found:
    """The dataset at `place`, a folder or an annotation file: the reading that finds most pictures.

    Raises AuditError where no format finds any, and says of each format why.
    """
    if not (is_regular(place) or is_folder(place)):
        raise AuditError(place, "no such file or folder", "need a dataset: annotations and pictures")
    _check_readable(place)
    tried = list(_attempts(place, _candidates(place)))
    if not any(isinstance(attempt, Found) for attempt in tried):
        tried += _without_boxes(place)
    readings = [attempt for attempt in tried if isinstance(attempt, Found)]
    if not readings:
        raise _nothing(place, [attempt for attempt in tried if isinstance(attempt, Refused)])
    best = max(readings, key=lambda reading: reading.present)
    others = dict.fromkeys(reading.annotations for reading in readings if reading.annotations != best.annotations)
    return best._replace(others=tuple(others))


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
    formats = _formats(boxes=True)
    usual = {name: sys.modules[read.__module__].ENDINGS for name, read in formats.items()}
    for annotations in candidates:
        folders = _picture_folders(place, annotations, inside)
        suffix = annotations.suffix.lower()
        by_ending = [name for name in formats if suffix in usual[name]]
        for name in by_ending if by_ending and annotations != place and is_regular(annotations) else formats:
            read = formats[name]
            depends = getattr(sys.modules[read.__module__], "READS_PICTURES", False)
            if depends and (suffix in usual[name] or is_folder(annotations)):
                yield from _by_folder(name, read, annotations, folders)
            else:
                yield _attempt(name, read, annotations, folders)


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


def _attempt(name: str, read: registry.Function, annotations: Path, folders: Sequence[Path]) -> Found | Refused:
    """With the folder in which most pictures are."""
    try:
        dataset: Dataset = read(annotations, folders[0])
    except AuditError as error:
        return unreadable(name, annotations, error)
    images, present = max(((folder, _present(dataset, folder)) for folder in folders), key=itemgetter(1))
    if present:
        return Found(name, annotations, images, dataset, present)
    return without_pictures(name, annotations, dataset)


def _present(dataset: Dataset, images: Path) -> int:
    return sum(is_regular(images / sample.image) for sample in dataset.samples)


def settings_text(reading: Found, folder: Path) -> str:
    """A settings file for `found` that is to lie in `folder`."""
    labels = Counter(sample.label for sample in reading.dataset.samples)
    shown = ", ".join(f"{_in_a_comment(label)} ({count})" for label, count in labels.most_common(8))
    more = f", and {len(labels) - 8} more" if len(labels) > 8 else ""
    pictures = len({sample.image for sample in reading.dataset.samples})
    return TEMPLATE.format(
        kinds=_comment(f"A model kind, as `saliency-audit list` shows it: {listed(registry.names(KINDS))}."),
        pictures=pictures,
        samples=len(reading.dataset.samples),
        excluded=len(reading.dataset.exclusions),
        labels=shown + more,
        format=_quoted(reading.format),
        annotations=_quoted(_relative(reading.annotations, folder)),
        images=_quoted(_relative(reading.images, folder)),
    )


def _comment(text: str) -> str:
    return fill(text, WIDTH, initial_indent="# ", subsequent_indent="# ")


def _in_a_comment(label: str) -> str:
    """A name of the data must not end the comment, and become settings."""
    return "".join(letter if letter.isprintable() else "?" for letter in label)[:LONGEST_LABEL]


def _quoted(text: str) -> str:
    """A string of TOML."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


TEMPLATE = """\
# Settings of a saliency audit. Run it: saliency-audit run THIS_FILE
# Paths are relative to this file.
title = "Saliency audit"

[model]
{kinds}
kind = "torchvision"
name = "resnet18"
# "DEFAULT" downloads torchvision's weights; better: your own state dict, "model.safetensors" or "model.pth".
weights = "DEFAULT"
# The class names in index order, where the model file does not hold them: a file, or ["first", "second"].
# classes = "classes.txt"

[data]
# Found here: {samples} samples (a picture and one of its labels) in {pictures} pictures; {excluded} excluded.
# Labels: {labels}.
format = {format}
annotations = {annotations}
images = {images}
# Where the annotations draw masks, these are the objects; false: the boxes around them.
# masks = true
# A sample whose boxes cover more of the frame than this is outside the scope: inside and outside cannot be told apart.
# Where objects fill their pictures, resize instead of cropping, or raise it; decide before you see a result.
# max_box_share = 0.9
# Labels that the model does not know; they are left out, and counted as outside the scope.
# ignore = ["label"]

# Where pictures share a flight, a scene or a patient: the column of the annotations that tells these apart.
# cluster = "flight"

# Dataset label -> class name or index, where the two differ.
# [data.labels]
# "dog" = "golden retriever"

# How pictures are prepared, where the model file does not say, or not rightly.
# [preprocessing]
# resize = 256
# crop = 224

# Without a word here the profile says which methods are used and what is done to the pixels.
# [saliency]
# methods = ["gradient", "gradcam"]

[run]
batch_size = 16
seed = 0

[judge]
# "default", "quick" for every commit, "avionics", "automotive", "medical", "runway", or your own file that extends one.
profile = "default"

# What the report's reader looks for first.
[report]
# intended_use = "Names what lies ahead, for a pilot who looks out too."
# operational_domain = "Daylight, within three nautical miles."
# audience = "Certification engineers."
"""
