"""Parquet files that hold their pictures, as Hugging Face `datasets` writes them (huggingface.co/docs/datasets)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from audit.datasets.parquet_pictures import ParquetPictures
from audit.datasets.picture_root import Images, shard_at, shards
from audit.datasets.sample import Dataset
from audit.datasets.sharded import Entry, sharded_dataset

ENDINGS = (".parquet",)
WITH_PICTURES = True


def parquet(annotations: Images, images: Images, *, names: tuple[str, ...] = ()) -> Dataset:
    """Parquet with pictures inside, as Hugging Face has it: a column of bytes, and objects (bbox, categories) or label.

    annotations: one .parquet, or the folder of several, at or below images. Boxes are x, y, width, height in pixels; a
    category is text, or the number of a ClassLabel, whose names the file states; names: instead of these. Without any
    objects pictures have labels alone. Further values become metadata. It takes the package pyarrow.
    """
    entries, digests, named = list[Entry](), dict[str, str](), dict[str, Sequence[str]]()
    for shard in shards(annotations, images, ENDINGS[0]):
        table = shard_at(shard, images)
        assert isinstance(table, ParquetPictures)
        named |= table.class_names()
        rows = table.rows()
        digests[shard] = _digest(rows, named)
        entries += [Entry(f"{shard}/{number}", row) for number, row in enumerate(rows)]
    return sharded_dataset(entries, {"": names} if names else named, digests)


def _digest(rows: Sequence[Mapping[str, Any]], named: Mapping[str, Sequence[str]]) -> str:
    digest = hashlib.sha256(json.dumps(named, sort_keys=True).encode())
    for row in rows:
        digest.update(json.dumps(row, sort_keys=True, default=str).encode() + b"\n")
    return digest.hexdigest()
