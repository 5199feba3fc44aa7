"""The file of a shard: on this machine, or at a URL, of which as much comes as is asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import IO, Protocol, TypeVar

from audit.remote.store import Store

T = TypeVar("T")


class Source(Protocol):
    """A file that is read in parts."""

    @property
    def where(self) -> str:
        """For messages."""

    def using(self, action: Callable[[IO[bytes]], T]) -> T:
        """What `action` makes of the open file, which may be opened again and the action begun anew."""

    def part(self, start: int, length: int) -> bytes:
        """Some of its bytes; fewer only where it ends."""


class LocalSource:
    """A file of this machine. where: what it is called, if not by its name."""

    def __init__(self, path: Path, where: str = "") -> None:
        self.path, self.where = path, where or path.name

    def using(self, action: Callable[[IO[bytes]], T]) -> T:
        with self.path.open("rb") as file:
            return action(file)

    def part(self, start: int, length: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(length)


class StoreSource:
    """A file below a URL."""

    def __init__(self, store: Store, name: str) -> None:
        self._store, self._name = store, name
        self.where = store.shown(name)

    def using(self, action: Callable[[IO[bytes]], T]) -> T:
        return self._store.using(self._name, action)

    def part(self, start: int, length: int) -> bytes:
        return self._store.part(self._name, start, length)
