"""YOLO, as Ultralytics writes it: a data.yaml with the class names, and a text file for each picture."""

from collections.abc import Iterator
from pathlib import Path
from reprlib import repr as short

import yaml

from audit.datasets.annotation import NO_BOX, Annotation
from audit.datasets.annotation_files import MOST_BYTES_OF_ONE, inside, numbers, read_text
from audit.datasets.exclusions import Reason
from audit.datasets.gather import gather
from audit.datasets.masks import FEWEST_POINTS, Polygons
from audit.datasets.outlines import Point, points_of
from audit.datasets.picture_files import PICTURE_SUFFIXES
from audit.datasets.picture_paths import shown_size
from audit.datasets.picture_root import Images
from audit.datasets.sample import Box, Dataset
from audit.datasets.yolo_splits import COLUMN, of_split, split_folders, split_of
from audit.errors import AuditError
from audit.files import files_below

ENDINGS = (".yaml", ".yml")
READS_PICTURES = True
DEEPEST = 20
LARGEST, HUGE = 2**63, "a number of more than 64 bits"
MOST_CLASSES = 10**6


def yolo(annotations: Path, images: Images, *, split: str = "") -> Dataset:
    """YOLO: `annotations` is the data.yaml; boxes as class, centre and size in shares of the picture as shown.

    A line of a class and three or more pairs x y is a mask: a polygon, as of segmentation and of oriented boxes. Where
    data.yaml states kpt_shape, the further numbers of a line are key points and no polygon, and exclude its sample.
    Every picture below `images` that has a label file takes part, or those of the `split` ('train', 'val' or 'test', by
    the folders that data.yaml names). Where they come from several, the column `split` of the metadata says from which.
    The labels of `images/a.jpg` lie in `labels/a.txt`, or else beside the picture. Raises AuditError where data.yaml
    has no names, or not the split.
    """
    document = _described(annotations)
    names, folders = _names(document, annotations.name), split_folders(document, annotations.absolute().parent)
    if not isinstance(images, Path):
        needed = "need pictures and labels in a folder of this machine"
        raise AuditError(images.name, "is a URL, and YOLO's labels are found beside the pictures", needed, "Copy them.")
    pictures = files_below(images.absolute(), PICTURE_SUFFIXES)
    if not pictures:
        raise AuditError(images.name, "no picture below this folder", "need the pictures of the dataset")
    if split:
        pictures = of_split(pictures, folders, split, annotations.name)
    labels = {picture: file for picture in pictures if (file := _label_file(picture))}
    if not labels:
        example = _candidates(pictures[0])[0].name
        raise AuditError(images.name, f"no label file for its {len(pictures)} pictures", f"need {example} and the like")
    orphans = _orphans(pictures, set(labels.values()))
    splits = {picture: split_of(picture, folders) for picture in labels}
    if split or len({*splits.values()} - {""}) < 2:
        splits = {}
    read = _boxes(labels, images.absolute(), names, splits, "kpt_shape" not in document)
    annotated = [*read, *_without_picture(orphans)]
    return gather(annotated, [annotations, *dict.fromkeys(labels.values())])


def class_order(annotations: Path) -> tuple[str, ...]:
    """The names of data.yaml in the order of their numbers."""
    names = _names(_described(annotations), annotations.name)
    return tuple(names[index] for index in sorted(names))


def _described(path: Path) -> dict[object, object]:
    """What data.yaml says; nothing where it is no table."""
    try:
        document = _document(read_text(path, MOST_BYTES_OF_ONE), path.name)
    except AuditError:
        raise
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path.name} line {mark.line + 1}" if mark else path.name
        problem = getattr(error, "problem", None) or getattr(error, "reason", "unreadable")
        raise AuditError(where, f"not YAML ({problem})", "need a data.yaml with names") from error
    except Exception as error:  # the constructors of YAML's types raise nearly anything at what they cannot read
        raise AuditError(path.name, f"not usable YAML ({error})", "need a data.yaml with names") from error
    return document if isinstance(document, dict) else {}


def _names(document: dict[object, object], where: str) -> dict[int, str]:
    names = document.get("names")
    table = dict(enumerate(names)) if isinstance(names, list) else names
    if not isinstance(table, dict) or not table:
        raise AuditError(where, f"names is {short(names)}", "need the list of class names", "Add 'names: [cat, dog]'.")
    for index, name in table.items():
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < MOST_CLASSES:
            raise AuditError(
                where,
                f"names has the key {_shown(index)}",
                "need class numbers as keys",
                f"They start at 0 and stay below {MOST_CLASSES:,}.",
            )
        if isinstance(name, bool) or not isinstance(name, str | int) or _shown(name) == HUGE:
            raise AuditError(where, f"names[{index}] is {_shown(name)}", "need text", "Put it in quotes.")
    return {index: str(name) for index, name in table.items()}


def _shown(value: object) -> str:
    """For messages. Python writes no number of more than 4,300 digits, which YAML can state in hexadecimal."""
    return HUGE if isinstance(value, int) and abs(value) > LARGEST else short(value)


def _document(text: str, where: str) -> object:
    """Plain YAML. Aliases may stand for aliases, so that a page of them can mean more than fits anywhere."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = f"{where} line {event.start_mark.line + 1 if event.start_mark else 1}"
        if anchor := getattr(event, "anchor", None):  # an alias has one too
            raise AuditError(line, f"the alias or anchor {anchor!r}", "need YAML that says everything once")
        if (tag := getattr(event, "tag", None)) is not None:
            raise AuditError(line, f"the tag {tag!r}", "need plain YAML", "Leave the tag out.")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise AuditError(line, f"nested deeper than {DEEPEST} levels", "need a data.yaml with names")
    return yaml.safe_load(text)


def _label_file(picture: Path) -> Path | None:
    return next((path for path in _candidates(picture) if path.is_file()), None)


def _candidates(picture: Path) -> list[Path]:
    """`labels` in the place of the last folder `images`, then the picture's own folder."""
    beside = picture.with_suffix(".txt")
    folders = picture.parent.parts
    if "images" not in folders:
        return [beside]
    last = len(folders) - 1 - folders[::-1].index("images")
    return [Path(*folders[:last], "labels", *folders[last + 1 :], beside.name), beside]


def _home(picture: Path, images: Path) -> Path:
    """The folder that holds both the pictures and the labels of this one."""
    folders = picture.parent.parts
    if "images" not in folders:
        return images
    return Path(*folders[: len(folders) - 1 - folders[::-1].index("images")])


def _orphans(pictures: list[Path], used: set[Path]) -> list[Path]:
    """Label files in the folders of labels that belong to no picture."""
    folders = {_candidates(picture)[0].parent for picture in pictures} - {picture.parent for picture in pictures}
    files = {file for folder in folders for file in folder.glob("*.txt") if file.name != "classes.txt"}
    return sorted(files - used)


def _without_picture(orphans: list[Path]) -> Iterator[Annotation]:
    for file in orphans:
        problem = Reason.MISSING_PICTURE, f"{file.name}: no picture {file.stem}.*; need one below the picture folder."
        yield Annotation(file.name, "?", NO_BOX, file.name, problem)


def _boxes(
    labels: dict[Path, Path], images: Path, names: dict[int, str], splits: dict[Path, str], with_polygons: bool
) -> Iterator[Annotation]:
    """splits: of each picture, where they come from several."""
    for picture, file in labels.items():
        image = picture.relative_to(images).as_posix()
        if not inside(file, _home(picture, images)):
            outside = f"{file.name}: leads outside the dataset; need a file that lies in it."
            yield Annotation(image, "?", NO_BOX, file.name, (Reason.PATH_OUTSIDE, outside))
            continue
        try:
            text = read_text(file, MOST_BYTES_OF_ONE)
        except AuditError as error:
            yield Annotation(image, "?", NO_BOX, file.name, (Reason.UNREADABLE_ANNOTATION, str(error)))
            continue
        lines = [(number, line.split()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        size, problem = shown_size(image, images) if lines else (None, None)
        for number, line in lines:
            where = f"{file.name} line {number}"
            ring = _ring(line) if with_polygons else None
            label, box, wrong = _line(line if ring is None else line[:1] + ["0"] * 4, where, names)
            mask = Polygons.of([[(x * size[0], y * size[1]) for x, y in ring]]) if ring and size else None
            in_pixels = mask.box if mask else _pixels(box, size) if size else NO_BOX
            column = {COLUMN: splits[picture]} if splits else {}
            found = wrong or problem
            yield Annotation(image, label, in_pixels, where, found, column, size=size, oriented=True, mask=mask)


def _ring(line: list[str]) -> list[Point] | None:
    """The points after the class, or None where they are no three or more pairs of finite numbers."""
    values = line[1:]
    if len(values) < 2 * FEWEST_POINTS or len(values) % 2:
        return None
    return points_of(list(zip(values[::2], values[1::2], strict=True)))


def _line(line: list[str], where: str, names: dict[int, str]) -> tuple[str, Box, tuple[str, str] | None]:
    """(label, centre and size, problem)."""
    index = int(line[0]) if line[0].isascii() and line[0].isdecimal() and len(line[0]) < 10 else None
    if index not in names:
        known = f"0 to {max(names)}"
        return (
            f"class {line[0][:20]}",
            NO_BOX,
            (Reason.UNKNOWN_LABEL, f"{where}: class {line[0][:20]}; need one of {known}."),
        )
    box = numbers(line[1:])
    if box is None:
        seen = f"{len(line)} values" if len(line) != 5 else " ".join(line)[:60]
        return (
            names[index],
            NO_BOX,
            (Reason.BROKEN_BOX, f"{where}: {seen}; need class, x, y, width, height, or class and points."),
        )
    return names[index], box, None


def _pixels(box: Box, size: tuple[int, int]) -> Box:
    (x, y, width, height), (across, down) = box, size
    left, top, right, bottom = x - width / 2, y - height / 2, x + width / 2, y + height / 2
    return left * across, top * down, right * across, bottom * down
