"""URLs in settings: what is one, which are read, and how they are shown without what is secret in them."""

import re
from pathlib import Path, PurePosixPath
from typing import Annotated
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import StringConstraints

from audit.errors import AuditError

PATTERN = r"^[A-Za-z][A-Za-z0-9+.-]+://"
Url = Annotated[str, StringConstraints(pattern=PATTERN)]
"""The text of a URL, which a Path would not keep."""
REMOTE = ("s3", "gs", "gcs", "https", "http", "hf")
INSIDE = "zip"
"""A member of an archive that lies at a remote URL: `zip://folder::https://host/archive.zip`."""
CHAIN = "::"


def is_url(place: Path | str | object) -> bool:
    """A text with a scheme and two slashes."""
    return isinstance(place, str) and re.match(PATTERN, place) is not None


def scheme(url: str) -> str:
    """Of the outermost part of a chain."""
    return url.partition("://")[0].lower()


def check_url(url: str) -> None:
    """Raises AuditError where something else than a remote place is named, as `file://`, which no check would see."""
    *around, last = [scheme(part) for part in url.split(CHAIN)]
    if last not in REMOTE or any(part != INSIDE for part in around):
        seen = f"{shown(url)!r} is a URL that is not read"
        needed = f"need one that begins with {', '.join(f'{name}://' for name in REMOTE)}, or zip:// and :: before it"
        raise AuditError("settings", seen, needed, "Name what lies on this machine by its path.")


def shown(url: str) -> str:
    """The URL without user, password, query and fragment, where signed URLs carry what is secret."""
    return CHAIN.join(_shown(part) for part in re.split(r"::(?=[A-Za-z0-9+.-]+://)", url))


def _shown(url: str) -> str:
    start, rest = url.partition("://")[::2]
    place, _, path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")
    inside = f"/{path}" if "/" in rest else ""
    return f"{start}://{place.rpartition('@')[2]}{inside}"


def last_name(url: str) -> str:
    """What the file at a URL is called."""
    name = PurePosixPath(shown(url.split(CHAIN, maxsplit=1)[0]).partition("://")[2]).name
    return name or "file"


def safe_name(name: str) -> bool:
    """The name leads below the place that it is joined to."""
    parts = name.split("/")
    return bool(name) and not {"", ".", ".."} & set(parts) and "\0" not in name and "\\" not in name


def joined(path: str, name: str, *, web: bool) -> str:
    """The place of `name` below a path of a file system, or below a web address, whose query stays at its end."""
    if not name:
        return path
    if not web:
        return f"{path.rstrip('/')}/{name}" if path.strip("/") else name
    parts = urlsplit(path)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{quote(name)}"))
