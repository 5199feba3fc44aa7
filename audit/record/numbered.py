"""Reading the two tables that a view of `audit.record.tables` joins, without joining them row by row."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.record.dtypes import Objects
from audit.record.record import Record


def rows_about(
    record: Record, key: str, names: Sequence[str], rows: str, values: str
) -> tuple[dict[str, Objects], Mapping[str, NDArray[Any]]]:
    """The rows of two tables that a view joins, sorted by the names and then by the sample.

    Each name is repeated for the rows that are about it, which is quicker than to join, sort and read the text of each.
    Raises ValueError for a row about nothing.
    """
    keys = record.columns(f"SELECT id, {', '.join(names)} FROM {key} ORDER BY {', '.join(names)}")
    columns = record.columns(f"SELECT {key}, {values} FROM {rows} ORDER BY {key}, sample")
    order, by_number = np.argsort(keys["id"]), np.sort(keys["id"])
    place = np.searchsorted(by_number, columns[key])
    if not np.isin(columns[key], by_number).all():
        raise ValueError(f"rows of `{rows}` without a row of `{key}`")
    rank = order[place]
    sort = np.argsort(rank, kind="stable")
    return {name: keys[name].astype(object)[rank[sort]] for name in names}, {
        title: column[sort] for title, column in columns.items()
    }
