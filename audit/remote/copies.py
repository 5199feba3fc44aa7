"""What settings name by URL, fetched once for as long as the settings live: files, and the folder of the pictures."""

import shutil
import tempfile
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audit.datasets.remote_folder import RemoteFolder
from audit.errors import AuditError
from audit.files import MIB
from audit.remote.cache import Cache
from audit.remote.store import Store
from audit.remote.url import last_name

MOST_BYTES = 64 * 1024 * MIB
"""Of one file: the weights of the largest networks."""


class Copies:
    """Files by their URLs. A run reads each once, so that nothing of it comes from two versions of a file."""

    def __init__(self) -> None:
        self._files: dict[str, Path] = {}
        self._folders: dict[str, RemoteFolder] = {}
        self._place: Path | None = None
        self._lock = threading.Lock()

    def __eq__(self, other: object) -> bool:
        """Settings are equal whatever was fetched for them."""
        return isinstance(other, Copies)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type["Copies"], tuple[()]]:
        """Another process fetches for itself."""
        return Copies, ()

    def __deepcopy__(self, memo: Mapping[int, Any]) -> "Copies":
        return self

    def file(self, url: str, cache: Path | None) -> Path:
        """A local copy, which bears the name that the URL ends with. Raises AuditError where it cannot be fetched."""
        with self._lock:
            if url not in self._files:
                self._files[url] = self._fetched(url, cache)
            return self._files[url]

    def folder(self, url: str, cache: Path | None) -> RemoteFolder:
        """The pictures below a URL."""
        with self._lock:
            if url not in self._folders:
                self._folders[url] = RemoteFolder(url, cache)
            return self._folders[url]

    def _fetched(self, url: str, cache: Path | None) -> Path:
        store = Store(url)
        if self._place is None:
            self._place = Path(tempfile.mkdtemp(prefix="saliency-audit-"))
            weakref.finalize(self, shutil.rmtree, self._place, ignore_errors=True)
        folder = self._place / str(len(self._files))
        folder.mkdir()
        path = folder / last_name(url)
        try:
            if cache is not None:
                shutil.copyfile(Cache(cache).file(store, "", MOST_BYTES), path)
            else:
                with path.open("xb") as file:
                    store.copy("", file, MOST_BYTES)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise AuditError(store.shown(), str(error.strerror), "need a file", "Check the address.") from None
        except AuditError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return path
