"""Bytes from a URL by fsspec: tried again where the way fails, and never short, too many, or silently missing."""

import hashlib
import time
from collections.abc import Callable, Collection, Iterator
from functools import cached_property
from typing import IO, Any, NamedTuple, TypeVar

from audit.errors import AuditError
from audit.files import MIB
from audit.remote.url import INSIDE, check_url, joined, scheme, shown

T = TypeVar("T")
TRIES, PAUSE = 3, 0.5
"""How often it is tried, and the seconds after the first failure; twice as many after each further one."""
TIME_OUT = 30.0
"""Seconds without a connection, or without any byte."""
BLOCK = 4 * MIB
"""Bytes of one request where a file is read in parts."""
MAY_PASS = {408, 425, 429}
"""Answers below 500 after which the same request may succeed."""
EXTRA = "Install it: pip install 'saliency-audit[remote]'; for gs:// gcsfs, for hf:// huggingface_hub too."


class TruncatedError(OSError):
    """Fewer or more bytes came than were announced."""


class Copied(NamedTuple):
    """What a copy is."""

    sha256: str
    size: int


class Store:
    """What lies at or below one URL. A name of '' is the URL itself."""

    def __init__(self, url: str) -> None:
        check_url(url)
        self.url, self._web = url, scheme(url) in {"http", "https"}

    def shown(self, name: str = "") -> str:
        """The place in messages."""
        return f"{shown(self.url).rstrip('/')}/{name}" if name else shown(self.url)

    def read(self, name: str, most: int) -> bytes:
        """All bytes. Raises FileNotFoundError where there is no such file, OSError where it holds more than `most`."""
        return self._tried(name, lambda: b"".join(self._chunks(name, most)))

    def copy(self, name: str, file: IO[bytes], most: int) -> Copied:
        """Write the bytes into a file, and hash them as they pass."""

        def copied() -> Copied:
            file.seek(0)
            file.truncate()
            digest, size = hashlib.sha256(), 0
            for chunk in self._chunks(name, most):
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
            return Copied(digest.hexdigest(), size)

        return self._tried(name, copied)

    def part(self, name: str, start: int, length: int) -> bytes:
        """The bytes of one part of a file that holds them all. A file that is not there is a failure of the way."""

        end = start + length

        def read() -> bytes:
            if self._web:  # where a server knows no parts, nothing is read rather than all of it
                with self._files.open(self._place(name), "rb", block_size=length, cache_type="none", size=end) as file:
                    file.seek(start)
                    data: bytes = file.read(length)
            else:
                data = self._files.cat_file(self._place(name), start=start, end=end)
            if len(data) != length:
                raise TruncatedError(f"{len(data):,} bytes came instead of {length:,}")
            return data

        return self._tried(name, read, absent=False) if length else b""

    def using(self, name: str, action: Callable[[IO[bytes]], T]) -> T:
        """What `action` makes of a file that it may read in parts. It is begun again where the way fails."""

        def used() -> T:
            with self.opened(name) as file:
                return action(file)

        return self._tried(name, used, absent=False)

    def opened(self, name: str) -> Any:
        """A file that can be read in parts, each tried once."""
        return self._files.open(self._place(name), "rb", block_size=BLOCK, cache_type="readahead")

    def names(self, suffixes: Collection[str]) -> list[str]:
        """The files at any depth whose names end so, in lower case, sorted. Raises AuditError where none is listed."""
        if self._web:
            seen = "is a web address, below which no files are listed"
            raise AuditError(self.shown(), seen, "need annotations that name their pictures, or an object store")
        base = self._files._strip_protocol(self._path).rstrip("/")
        found = self._tried("", lambda: self._files.find(self._path), absent=False)
        below = [
            str(path)[len(base) :].lstrip("/") for path in found if str(path).startswith(f"{base}/" if base else "")
        ]
        return sorted(name for name in below if name.lower().endswith(tuple(suffixes)))

    def has(self, name: str) -> bool:
        """There is such a file."""

        def looked() -> bool:
            if self._web:
                next(self._chunks(name, None), b"")
                return True
            return bool(self._files.info(self._place(name))["type"] == "file")

        try:
            return self._tried(name, looked)
        except FileNotFoundError:
            return False

    def stamp(self, name: str) -> str | None:
        """What changes with the file, as its ETag or date; None where the server says neither, or does not answer."""
        try:
            told = self._files.info(self._place(name))
        except Exception:  # noqa: BLE001 whoever asks reads the file then, and learns why
            return None
        keys = ("ETag", "etag", "md5Hash", "LastModified", "Last-Modified", "mtime", "updated", "CRC", "blob_id")
        marks = [str(told[key]) for key in keys if told.get(key)]
        return f"{told.get('size')} {' '.join(marks)}" if marks else None

    def _chunks(self, name: str, most: int | None) -> Iterator[bytes]:
        """The bytes as they come. most: None where only some are wanted."""
        place = self._place(name)
        how = {"block_size": 0, "size": 1} if self._web else {"block_size": BLOCK, "cache_type": "readahead"}
        if scheme(self.url) == INSIDE:
            self._files.info(place)  # who opens a member that is not there gets another error
        with self._files.open(place, "rb", **how) as file:
            if getattr(file, "details", {}).get("type") == "directory":
                raise WrongFileError(0, "is a folder", name)
            announced, size = self._announced(file), 0
            while chunk := file.read(MIB):
                size += len(chunk)
                if most is not None and max(size, announced or 0) > most:
                    raise WrongFileError(0, f"holds {max(size, announced or 0):,} bytes, more than {most:,}", name)
                yield bytes(chunk)
            if announced is not None and size != announced:
                raise TruncatedError(f"{size:,} bytes came instead of {announced:,}")

    def _announced(self, file: Any) -> int | None:
        if not self._web:
            return None if getattr(file, "size", None) is None else int(file.size)
        headers = file.r.headers
        if headers.get("Content-Encoding", "identity") not in {"", "identity"} or "Content-Length" not in headers:
            return None
        return int(headers["Content-Length"])

    def _place(self, name: str) -> str:
        return joined(self._path, name, web=self._web)

    @property
    def _path(self) -> str:
        return self._opened[1]

    @property
    def _files(self) -> Any:
        return self._opened[0]

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        """The file system and the place in it. The archive of a chain is opened here."""
        try:
            from fsspec.core import url_to_fs  # noqa: PLC0415 an extra brings what it opens

            options = _options(self.url)
            files, path = self._tried("", lambda: url_to_fs(self.url, **options), absent=False)
        except ImportError as error:
            raise AuditError(self.shown(), f"{error}", "need the extra 'remote'", EXTRA) from None
        if scheme(self.url) == "s3":
            files.retries = 1
        return files, path

    def _tried(self, name: str, action: Callable[[], T], *, absent: bool = True) -> T:
        """What `action` returns. absent: that a file is not there is an answer, and no failure.

        Raises AuditError where the way fails at each try. What the libraries say is not shown: it may hold signed URLs.
        """
        last: Exception | None = None
        for attempt in range(TRIES):
            try:
                return action()
            except (AuditError, WrongFileError, ImportError):
                raise
            except FileNotFoundError as error:
                if absent:
                    raise FileNotFoundError(2, "no such file", name) from None
                last = error
            except Exception as error:  # noqa: BLE001 each library has its own
                last = error
            if not _may_pass(last):
                break
            if attempt + 1 < TRIES:
                time.sleep(PAUSE * 2**attempt)
        assert last is not None
        raise _failure(self.shown(name), last) from None


class WrongFileError(OSError):
    """What no further try would change: more bytes than a file of its kind may hold, or a folder."""


def _options(url: str) -> dict[str, Any]:
    """By protocol, as fsspec takes them for a chain: waiting ends, listings are fresh, and this tool alone tries again.

    Who may read, and where a store of one's own lies, the libraries find by themselves, as in the environment.
    """
    import fsspec  # noqa: PLC0415 as above

    last = scheme(url.rpartition("::")[2])
    own: dict[str, Any] = {"skip_instance_cache": True, "use_listings_cache": False}
    if last in {"http", "https"}:
        from aiohttp import ClientTimeout  # noqa: PLC0415 as above

        waiting = ClientTimeout(total=None, sock_connect=TIME_OUT, sock_read=TIME_OUT)
        own |= {"client_kwargs": {"timeout": waiting}, "headers": {"Accept-Encoding": "identity"}}
    if last == "s3":
        given = dict(fsspec.config.conf.get("s3", {}).get("config_kwargs", {}))
        waits = {"connect_timeout": TIME_OUT, "read_timeout": TIME_OUT, "retries": {"max_attempts": 0}}
        own["config_kwargs"] = {**waits, **given}
    return {last: own} if scheme(url) == INSIDE else own


def _status(error: BaseException | None) -> int | None:
    """Of an answer of HTTP, as the several libraries keep it."""
    while error is not None:
        response = getattr(error, "response", None)
        inner = response.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(response, dict) else None
        of_gs = getattr(error, "code", None) if type(error).__module__.startswith("gcsfs") else None
        for value in (getattr(error, "status", None), of_gs, inner):
            if isinstance(value, int) and value >= 300:
                return value
        error = error.__cause__
    return None


def _may_pass(error: Exception) -> bool:
    """The same request may succeed."""
    status = _status(error)
    if status is not None:
        return status >= 500 or status in MAY_PASS
    return not isinstance(error, PermissionError)


def _failure(where: str, error: Exception) -> AuditError:
    status = _status(error)
    said = f"HTTP {status}" if status else type(error).__name__
    if isinstance(error, TruncatedError):
        said = str(error)
    times = f" in {TRIES} tries" if _may_pass(error) else ""
    step = "Check the address, the network and your access; then start again, or take --resume."
    return AuditError(where, f"could not be read{times} ({said})", "need the whole file", step)
