"""CSV: one line for each box, with a header."""

from __future__ import annotations

import csv as table  # the standard library's: this package is not on the path
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from audit.errors import AuditError
from audit.samples import NO_BOX, Annotation, Dataset, gather, numbers, read_text

_BOX = ("x0", "y0", "x1", "y1")
_COLUMNS = ("image", "label", *_BOX)


def csv(annotations: Path, images: Path) -> Dataset:
    """CSV: columns image, label, x0, y0, x1, y1 (half-open pixels); any further ones become metadata.

    Several lines of one image and label are several boxes. Raises AuditError where the file or its header cannot be
    read, and names the line.
    """
    return gather(_lines(read_text(annotations), annotations.name), [annotations])


def _lines(text: str, name: str) -> Iterator[Annotation]:
    reader = table.reader(StringIO(text, newline=""), strict=True)
    try:
        header = _header(next(reader, []), name)
        for line in reader:
            if any(cell.strip() for cell in line):
                yield _annotation(header, [cell.strip() for cell in line], f"{name} line {reader.line_num}")
    except table.Error as error:
        where = f"{name} line {reader.line_num}"
        raise AuditError(
            where, f"not CSV ({error})", "need cells with commas between", "Look for a stray quote."
        ) from error


def _header(cells: list[str], name: str) -> list[str]:
    header = [cell.strip() for cell in cells]
    missing = next((column for column in _COLUMNS if column not in header), None)
    if missing:
        found = ", ".join(header)[:200] or "nothing"
        hint = "Separate the columns by commas." if ";" in found or "\t" in found else "Add a header line."
        raise AuditError(
            f"{name} line 1", f"no column {missing!r} (there is {found})", f"need {', '.join(_COLUMNS)}", hint
        )
    twice = [column for column in header if header.count(column) > 1]
    if twice:
        raise AuditError(f"{name} line 1", f"column {twice[0]!r} is there twice", "need each column once")
    return header


def _annotation(header: list[str], cells: list[str], where: str) -> Annotation:
    if len(cells) != len(header):
        problem = f"{where}: {len(cells)} cells; need {len(header)}, one for each column."
        return Annotation(where, "?", NO_BOX, where, ("broken annotation", problem))
    row = dict(zip(header, cells, strict=True))
    box = numbers([row[column] for column in _BOX])
    if box is None:
        seen = ", ".join(row[column][:20] or "nothing" for column in _BOX)
        detail = f"{where}: box ({seen}); need four numbers x0, y0, x1, y1."
        return Annotation(row["image"], row["label"], NO_BOX, where, ("broken box", detail))
    metadata = {column: value for column, value in row.items() if column not in _COLUMNS and column and value}
    return Annotation(row["image"], row["label"], box, where, metadata=metadata)
