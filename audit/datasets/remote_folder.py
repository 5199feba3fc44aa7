"""Pictures below a URL: read into memory, alone or out of a shard, and the same bytes each time."""

import hashlib
import threading
from collections.abc import Collection
from pathlib import Path

from audit.datasets.containers import Container, container_at, through
from audit.datasets.shard_source import LocalSource, Source, StoreSource
from audit.errors import AuditError
from audit.files import MIB
from audit.remote.cache import Cache
from audit.remote.store import Store
from audit.remote.url import last_name, safe_name

MOST_OF_A_SHARD = 64 * 1024 * MIB


class RemoteFolder:
    """Stands where a local folder's Path does. It remembers the hash of every picture, and refuses another one."""

    def __init__(self, url: str, cache: Path | None = None) -> None:
        self._store, self._cache = Store(url), Cache(cache) if cache else None
        self.url, self.name = url, last_name(url)
        self._hashes: dict[str, bytes] = {}
        self._containers: dict[str, Container] = {}
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type["RemoteFolder"], tuple[str, Path | None]]:
        """Another process opens its own connections."""
        return RemoteFolder, (self.url, self._cache.folder if self._cache else None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemoteFolder) and other.url == self.url

    def __hash__(self) -> int:
        return hash(self.url)

    def __str__(self) -> str:
        return self._store.shown()

    __repr__ = __str__

    def read(self, name: str, most: int) -> bytes:
        """A picture's bytes.

        Raises FileNotFoundError where there is none, OSError where it holds more than `most`, PermissionError where the
        name leads elsewhere. Raises AuditError where the way fails, or the bytes are not those of an earlier call.
        """
        if not safe_name(name):
            raise PermissionError(name)
        data = self._read(name, most)
        digest = hashlib.sha256(data).digest()
        if self._hashes.setdefault(name, digest) != digest:
            raise AuditError(
                self._store.shown(name), "changed during the audit", "need files that stay", "Start again."
            )
        return data

    def container(self, name: str) -> Container:
        """The shard of this name."""
        with self._lock:
            if name not in self._containers:
                self._containers[name] = container_at(self._source(name))
            return self._containers[name]

    def names(self, suffixes: Collection[str]) -> list[str]:
        """Files at any depth whose names end so, in lower case."""
        return self._store.names(suffixes)

    def has(self, name: str) -> bool:
        """There is such a picture."""
        if not safe_name(name):
            return False
        inside = through(name)
        return self.container(inside[0]).has(inside[1]) if inside else self._store.has(name)

    def below(self, other: "RemoteFolder") -> str | None:
        """The path of this place below another one; None where it does not lie there."""
        base = other.url.rstrip("/")
        if self.url.rstrip("/") == base:
            return ""
        return self.url.removeprefix(f"{base}/") if self.url.startswith(f"{base}/") else None

    def _read(self, name: str, most: int) -> bytes:
        inside = through(name)
        if inside:
            return self.container(inside[0]).read(inside[1], most)
        if self._cache:
            return self._cache.read(self._store, name, most)
        return self._store.read(name, most)

    def _source(self, name: str) -> Source:
        if self._cache is None:
            return StoreSource(self._store, name)
        try:
            kept = self._cache.file(self._store, name, MOST_OF_A_SHARD)
        except FileNotFoundError:
            raise AuditError(self._store.shown(name), "no such file", "need the shard") from None
        return LocalSource(kept, self._store.shown(name))
