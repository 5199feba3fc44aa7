"""Annotation files that are tables: a header, then one line for each box."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from typing import NamedTuple

from audit.errors import AuditError

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}


class Line(NamedTuple):
    """One line of a table that is not blank."""

    where: str
    """For messages: 'boxes.csv line 3'."""
    cells: Mapping[str, str]
    """By column, without the white space around them; empty where the line has another number of cells."""
    problem: str
    """Why the line cannot be read, or ''."""


def read_table(text: str, name: str, columns: Sequence[str], delimiter: str = ",", hint: str = "") -> Iterator[Line]:
    """The lines of a table, which must have these columns and may have further ones.

    hint: the next step where a column is missing. Raises AuditError where the header or the quoting is broken, and
    names the line.
    """
    reader = csv.reader(StringIO(text, newline=""), strict=True, delimiter=delimiter)
    try:
        header = _header(next(reader, []), name, columns, delimiter, hint)
        for line in reader:
            if any(cell.strip() for cell in line):
                yield _line(header, line, f"{name} line {reader.line_num}")
    except csv.Error as error:
        where, needed = f"{name} line {reader.line_num}", f"need cells with {DELIMITERS[delimiter]} between"
        raise AuditError(where, f"not CSV ({error})", needed, "Look for a stray quote.") from error


def _header(cells: list[str], name: str, columns: Sequence[str], delimiter: str, hint: str) -> list[str]:
    header = [cell.strip() for cell in cells]
    missing = next((column for column in columns if column not in header), None)
    if missing:
        listed = ", ".join(header)[:200] or "nothing"
        cut_otherwise = any(other in cell for other in DELIMITERS if other != delimiter for cell in header)
        usual = f"Separate the columns by {DELIMITERS[delimiter]}." if cut_otherwise else "Add a header line."
        raise AuditError(
            f"{name} line 1", f"no column {missing!r} (there is {listed})", f"need {', '.join(columns)}", hint or usual
        )
    twice = [column for column, count in Counter(header).items() if count > 1]
    if twice:
        raise AuditError(f"{name} line 1", f"column {twice[0]!r} appears twice", "need each column once")
    return header


def _line(header: list[str], line: list[str], where: str) -> Line:
    if len(line) != len(header):
        return Line(where, {}, f"{where}: {len(line)} cells; need {len(header)}, one for each column.")
    return Line(where, dict(zip(header, (cell.strip() for cell in line), strict=True)), "")
