"""Pictures in tar shards and Parquet files: `train-000.tar/0001.jpg` and `part-0.parquet/17` are names of pictures."""

import re
from functools import lru_cache
from pathlib import Path

from audit.datasets.parquet_pictures import ParquetPictures
from audit.datasets.shard_source import LocalSource, Source
from audit.datasets.tar_shard import TarShard

PARQUET = ".parquet"
_INSIDE = re.compile(r"(.+?\.(?:tar|parquet))/(.+)", re.DOTALL)
MOST_OPEN = 64
"""Local containers whose index is kept."""
Container = TarShard | ParquetPictures


def through(name: str) -> tuple[str, str] | None:
    """The container that a name leads through, and the member's name in it."""
    if ".tar/" not in name and ".parquet/" not in name:  # nearly always
        return None
    parts = _INSIDE.fullmatch(name)
    return (parts[1], parts[2]) if parts else None


def container_at(source: Source) -> Container:
    """By the ending of its name."""
    return ParquetPictures(source) if source.where.endswith(PARQUET) else TarShard(source)


def local_container(path: Path) -> Container:
    """The container in a file of this machine, whose index is made once as long as the file stays as it is."""
    status = path.stat()
    return _container(path, status.st_size, status.st_mtime_ns)


@lru_cache(MOST_OPEN)
def _container(path: Path, size: int, changed: int) -> Container:
    return container_at(LocalSource(path))
