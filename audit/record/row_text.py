"""Rows of a record as text: how they travel from one machine or process to another.

JSON and no pickle: whoever reads them runs nothing. Numbers keep every bit.
"""

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args, get_type_hints

from audit.files import MIB
from audit.record.schema import Rows

MOST_BYTES = 1024 * MIB
"""Of one batch's rows."""
QUICK = 3
"""How hard zlib tries: most of the text are the digits of numbers."""
TYPES: Mapping[str, Any] = {table: get_args(hint)[0] for table, hint in get_type_hints(Rows).items()}
"""The kind of row, by its table."""


def packed_rows(rows: Rows) -> bytes:
    """Rows of any tables."""
    tables = cast("Mapping[str, Sequence[tuple[Any, ...]]]", rows)
    text = json.dumps({table: [list(map(_plain, row)) for row in entries] for table, entries in tables.items()})
    return zlib.compress(text.encode(), QUICK)


def unpacked_rows(packed: bytes) -> Rows:
    """The same rows. Raises ValueError or TypeError where the bytes are none that `packed_rows` made."""
    unpack = zlib.decompressobj()
    try:
        text = unpack.decompress(packed, MOST_BYTES)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not unpack.eof:
        raise ValueError("rows that are cut off, or too many")
    tables = json.loads(text)
    if not isinstance(tables, dict) or not tables.keys() <= TYPES.keys():
        raise ValueError("no rows of a record")
    return cast("Rows", {name: [TYPES[name](*map(_value, row)) for row in rows] for name, rows in tables.items()})


def _plain(value: Any) -> Any:
    """Bytes as a list of one text, since no value of a row is a list."""
    return [base64.b64encode(value).decode("ascii")] if isinstance(value, bytes) else value


def _value(plain: Any) -> Any:
    return base64.b64decode(plain[0], validate=True) if isinstance(plain, list) else plain
