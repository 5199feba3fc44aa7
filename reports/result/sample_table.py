"""The measured samples as one table: a row a sample, columns as arrays, or a frame where pandas is installed."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reports.result.rows import Row
from reports.result.schema import Audit

if TYPE_CHECKING:
    import pandas


class SampleTable(Mapping[str, NDArray[Any]]):
    """Columns (n,) by name, in the samples' order. A number that is not there is NaN."""

    def __init__(self, columns: Mapping[str, NDArray[Any]], n: int) -> None:
        self._columns, self.n = columns, n

    def __getitem__(self, column: str) -> NDArray[Any]:
        return self._columns[column]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        """How many columns there are, as of any mapping; `n` is the number of samples."""
        return len(self._columns)

    def to_pandas(self) -> "pandas.DataFrame":
        """The same as a frame, indexed by the samples' numbers. Raises ImportError where pandas is not installed."""
        import pandas as pd  # noqa: PLC0415 not among our requirements

        return pd.DataFrame(dict(self._columns)).set_index("sample")

    def __repr__(self) -> str:
        return f"SampleTable of {self.n:,} samples: {', '.join(self._columns)}"


def sample_table(audit: Audit) -> SampleTable:
    """One row for each measured sample of an audit."""
    rows = [_cells(row) for row in audit.samples]
    names = dict.fromkeys(name for row in rows for name in row)
    return SampleTable({name: _column([row.get(name) for row in rows]) for name in names}, len(rows))


def _cells(row: Row) -> dict[str, Any]:
    scores = {
        f"{measure} of {source}": getattr(score, measure)
        for source, score in row.scores.items()
        for measure in ("mass", "auc")
    }
    return {
        "sample": row.sample,
        "image": row.image,
        "label": row.label,
        "class": row.class_name,
        "predicted": row.prediction.class_name,
        "right": row.prediction.right,
        "probability": row.prediction.label_probability,
        "area_share": row.area_share,
        "lead": row.lead,
        "wrong_reason": "experiment" in row.wrong_reason,
        **scores,
        **{f"metadata {name}": value for name, value in row.metadata.items()},
    }


def _column(values: list[Any]) -> NDArray[Any]:
    """Text as objects, numbers with NaN where there is none."""
    if any(isinstance(value, str) for value in values):
        return np.array(["" if value is None else value for value in values], dtype=object)
    if any(value is None for value in values):
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return np.array(values)
