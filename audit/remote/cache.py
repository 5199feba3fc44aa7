"""Copies of what lies at URLs, by their SHA-256, in a folder that the settings name."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from audit.errors import AuditError
from audit.files import is_regular, write_text
from audit.hashing import file_hash, sha256_of
from audit.remote.store import Store

INDEX, CONTENT = "index", "sha256"
DIGITS = 64


class Cache:
    """A folder with `sha256/HASH`, the bytes, and `index/HASH OF URL AND STAMP`, which says which bytes they are.

    A copy is hashed again whenever it is taken; one that is damaged is dropped, and fetched again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, store: Store, name: str, most: int) -> Path:
        """A copy of the file. What bears no stamp, or got another one meanwhile, is fetched at each call."""
        stamp = store.stamp(name)
        entry = self.folder / INDEX / sha256_of([store.shown(name), stamp])
        if stamp is not None and (found := self._intact(entry)):
            return found
        with self._draft() as (file, draft):
            copied = store.copy(name, file, most)
            file.close()
            kept = self.folder / CONTENT / copied.sha256
            draft.replace(kept)
        if stamp is not None and store.stamp(name) == stamp:
            write_text(entry, copied.sha256)
        return kept

    def read(self, store: Store, name: str, most: int) -> bytes:
        """The bytes of the copy."""
        return self.file(store, name, most).read_bytes()

    def _intact(self, entry: Path) -> Path | None:
        """The copy that an entry names, if it still has its hash."""
        with suppress(OSError, ValueError):
            digest = entry.read_text(encoding="ascii")
            kept = self.folder / CONTENT / digest
            if len(digest) == DIGITS and digest.isalnum() and is_regular(kept):
                if file_hash(kept) == digest:
                    return kept
                kept.unlink()
                entry.unlink()
        return None

    @contextmanager
    def _draft(self) -> Iterator[tuple[IO[bytes], Path]]:
        """A new file in the folder, removed where it is not moved to its place."""
        try:
            for part in (INDEX, CONTENT):
                (self.folder / part).mkdir(parents=True, exist_ok=True)
            draft = self.folder / CONTENT / f".{secrets.token_hex(8)}.part"
            with draft.open("xb") as file:
                try:
                    yield file, draft
                finally:
                    draft.unlink(missing_ok=True)
        except (FileNotFoundError, AuditError):
            raise
        except OSError as error:
            if error.errno in {0, None}:  # too many bytes, which its reader says
                raise
            seen = f"cannot be written ({error.strerror})"
            raise AuditError("run.cache", seen, "need a writable folder with free space") from error
