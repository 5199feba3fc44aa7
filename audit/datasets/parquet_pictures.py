"""A Parquet file of pictures, as Hugging Face `datasets` writes it: a column of bytes, read one row group at a time."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, TypeVar

import numpy as np

from audit.datasets.shard_source import Source
from audit.errors import AuditError
from audit.files import MIB

T = TypeVar("T")
MOST_IN_GROUP = 4096 * MIB
"""Bytes of one row group's pictures, which lie in memory together."""
ROWS = 1000
"""Rows that are read together, without their pictures."""
INSTALL = "Install it: pip install 'saliency-audit[remote]'."


class ParquetPictures:
    """The pictures by the number of their row, from 0 on."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._starts: list[int] | None = None
        self._column = ""
        self._kept: tuple[int, Any] = (-1, None)
        self._lock = threading.Lock()

    def has(self, member: str) -> bool:
        with self._lock:
            return self._place(member) is not None

    def read(self, member: str, most: int) -> bytes:
        with self._lock:
            place = self._place(member)
            if place is None:
                raise FileNotFoundError(2, "no such file", member)
            group, row = place
            if self._kept[0] != group:
                self._kept = (-1, None)  # so that no two lie in memory
                self._kept = (group, self._opened(lambda file: self._pictures(file, group)))
            value = self._kept[1][row].as_py()
        data = value.get("bytes") if isinstance(value, Mapping) else value
        if not isinstance(data, bytes):
            raise OSError(0, "holds no bytes; its picture lies elsewhere", member)
        if len(data) > most:
            raise OSError(0, f"holds {len(data):,} bytes, more than {most:,}", member)
        return data

    def rows(self) -> list[dict[str, Any]]:
        """All columns but the pictures'."""

        def read(file: Any) -> list[dict[str, Any]]:
            column = _picture_column(file.schema_arrow, self._source.where)
            others = [name for name in file.schema_arrow.names if name != column]
            batches = file.iter_batches(batch_size=ROWS, columns=others) if others else ()
            found = [row for batch in batches for row in batch.to_pylist()]
            return found or [{} for _ in range(file.metadata.num_rows)]

        return self._opened(read)

    def class_names(self) -> Mapping[str, tuple[str, ...]]:
        """By column, or column of `objects`, the names of a ClassLabel's numbers, as `datasets` writes them down."""
        metadata = self._opened(lambda file: file.schema_arrow.metadata) or {}
        try:
            features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return {}
        return dict(_labels(features, ""))

    def _place(self, member: str) -> tuple[int, int] | None:
        """The row group and the row in it."""
        if not (member.isascii() and member.isdecimal() and len(member) < 19) or str(int(member)) != member:
            return None
        if self._starts is None:
            self._starts, self._column = self._opened(self._layout)
        row = int(member)
        group = int(np.searchsorted(self._starts, row, side="right")) - 1
        return (group, row - self._starts[group]) if row < self._starts[-1] else None

    def _layout(self, file: Any) -> tuple[list[int], str]:
        counts = [file.metadata.row_group(group).num_rows for group in range(file.metadata.num_row_groups)]
        return [0, *np.cumsum(counts).tolist()], _picture_column(file.schema_arrow, self._source.where)

    def _pictures(self, file: Any, group: int) -> Any:
        described = file.metadata.row_group(group)
        size = sum(
            described.column(number).total_uncompressed_size
            for number in range(described.num_columns)
            if described.column(number).path_in_schema.split(".")[0] == self._column
        )
        if size > MOST_IN_GROUP:
            seen = f"a row group of {size:,} bytes of pictures"
            needed = f"need at most {MOST_IN_GROUP:,}"
            raise AuditError(self._source.where, seen, needed, "Write it with smaller row groups, as of 100 rows.")
        return file.read_row_group(group, columns=[self._column]).column(0)

    def _opened(self, action: Callable[[Any], T]) -> T:
        pyarrow, parquet = _pyarrow()

        def used(file: IO[bytes]) -> T:
            with _told(self._source.where, pyarrow):
                return action(parquet.ParquetFile(file))

        return self._source.using(used)


@contextmanager
def _told(where: str, pyarrow: Any) -> Iterator[None]:
    """What pyarrow cannot read ends the run: nobody knows which pictures it holds."""
    try:
        yield
    except (pyarrow.ArrowException, EOFError) as error:
        if isinstance(error, OSError):  # the way to the file fails
            raise
        seen = f"is no Parquet file that can be read ({str(error).splitlines()[0][:200]})"
        raise AuditError(where, seen, "need a whole one", "Was it saved completely?") from error


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow  # noqa: PLC0415 an extra brings it
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError as error:
        raise AuditError("Parquet", f"cannot be read ({error})", "need the package pyarrow", INSTALL) from error
    return pyarrow, pyarrow.parquet


def _picture_column(schema: Any, where: str) -> str:
    """The one column of structs with bytes, or the one of bytes."""
    pyarrow, _ = _pyarrow()

    def holds_bytes(kind: Any) -> bool:
        return bool(pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind))

    structs = [
        field.name
        for field in schema
        if pyarrow.types.is_struct(field.type)
        and any(inner.name == "bytes" and holds_bytes(inner.type) for inner in field.type)
    ]
    found = structs or [field.name for field in schema if holds_bytes(field.type)]
    if len(found) != 1:
        seen = f"{len(found)} columns of pictures ({', '.join(found)})" if found else "no column of pictures"
        raise AuditError(where, seen, "need one, of structs with bytes and path, or of bytes")
    return str(found[0])


def _labels(feature: Any, name: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(column, names) of each ClassLabel in what `datasets` says of the columns; of one in a list, the list's."""
    if isinstance(feature, list):
        for inner in feature:
            yield from _labels(inner, name)
    elif isinstance(feature, dict):
        names = feature.get("names")
        if feature.get("_type") == "ClassLabel" and isinstance(names, list):
            yield name, tuple(map(str, names))
        elif "_type" in feature and isinstance(feature["_type"], str):
            yield from _labels(feature.get("feature"), name)
        else:
            for key, inner in feature.items():
                yield from _labels(inner, str(key))
