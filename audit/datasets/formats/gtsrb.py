"""GTSRB, the German Traffic Sign Recognition Benchmark (Stallkamp et al. 2012): CSV files with a line for each picture.

The second corner is taken to lie outside the box, which is then half-open as ours are. The data set's Readme-Images.txt
promises a border of at least 5 pixels around each sign and does not say how it counts. In GT-final_test.csv the
smallest usual x1 is 5 (5,293 of 12,630 pictures), and Width - x2 is 5 in 8,920 of them and less in 2: were x2 inside,
the border would be 4 pixels there. A reader who counts otherwise differs by one pixel.
"""

from collections.abc import Iterator
from pathlib import Path

from audit.datasets.annotation import NO_BOX, Annotation
from audit.datasets.annotation_files import numbers, read_text
from audit.datasets.exclusions import Reason
from audit.datasets.gather import gather
from audit.datasets.picture_root import Images
from audit.datasets.sample import Dataset
from audit.datasets.tables import Line, read_table
from audit.errors import AuditError
from audit.files import files_below, is_folder

ENDINGS = (".csv",)
LARGEST_SIDE = 10**9
PREFIX = "GT-"
_BOX = ("Roi.X1", "Roi.Y1", "Roi.X2", "Roi.Y2")
_COLUMNS = ("Width", "Height", *_BOX, "ClassId")


def gtsrb(annotations: Path, images: Images) -> Dataset:
    """GTSRB traffic signs: Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId; labels are class numbers.

    `annotations` is one CSV file, whose pictures lie in the picture folder, or the folder above the class folders with
    their files GT-*.csv, which is the picture folder too. Commas may stand for the semicolons, and a column Path for
    Filename, as in the copy on Kaggle. Further columns become metadata. Raises AuditError where a file or its header
    cannot be read.
    """
    if not is_folder(annotations):
        return gather(_of_file(annotations, ""), [annotations])
    files = [path for path in files_below(annotations, ENDINGS) if path.name.startswith(PREFIX)]
    if not files:
        raise AuditError(annotations.name, f"no {PREFIX}*.csv in this folder", "need those of the class folders")
    folders = [path.parent.relative_to(annotations).as_posix() for path in files]
    return gather(
        (line for path, folder in zip(files, folders, strict=True) for line in _of_file(path, f"{folder}/")), files
    )


def _of_file(path: Path, folder: str) -> Iterator[Annotation]:
    """folder: before the names of the pictures."""
    text = read_text(path)
    header = text.partition("\n")[0]
    picture = "Path" if "Path" in header else "Filename"
    for line in read_table(text, path.name, (picture, *_COLUMNS), ";" if ";" in header else ","):
        if line.problem:
            yield Annotation(line.where, "?", NO_BOX, line.where, (Reason.BROKEN_ANNOTATION, line.problem))
        else:
            yield _annotation(line, line.cells[picture] and folder + line.cells[picture], picture)


def _annotation(line: Line, image: str, picture: str) -> Annotation:
    where, row, label = line.where, line.cells, line.cells["ClassId"]
    size = numbers([row["Width"], row["Height"], "0", "0"])
    if size is None or not all(1 <= side < LARGEST_SIDE and side.is_integer() for side in size[:2]):
        seen = f"{row['Width'][:20] or 'nothing'} x {row['Height'][:20] or 'nothing'}"
        detail = f"{where}: size {seen}; need the picture's width and height in pixels."
        return Annotation(image, label, NO_BOX, where, (Reason.BROKEN_ANNOTATION, detail))
    box = numbers([row[column] for column in _BOX])
    if box is None:
        seen = ", ".join(row[column][:20] or "nothing" for column in _BOX)
        detail = f"{where}: box ({seen}); need four numbers Roi.X1, Roi.Y1, Roi.X2, Roi.Y2."
        return Annotation(image, label, NO_BOX, where, (Reason.BROKEN_BOX, detail))
    metadata = {
        column: value for column, value in row.items() if column not in (*_COLUMNS, picture) and column and value
    }
    return Annotation(image, label, box, where, metadata=metadata, size=(int(size[0]), int(size[1])))
