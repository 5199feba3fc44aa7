"""A tar file of pictures: where each member lies is found once, and each picture is then read by itself."""

import tarfile
import threading
from collections.abc import Collection, Mapping
from typing import IO, NamedTuple

from audit.datasets.shard_source import Source
from audit.errors import AuditError
from audit.files import MIB

BLOCK = 512
"""Bytes of a member's header, which lies before its own."""
MOST_MEMBERS = 2_000_000
MOST_TEXT = MIB
"""Bytes of one member that holds annotations."""
ADVICE = "Write it again, as `tar --format=pax` or webdataset's TarWriter does, without compression."


class Member(NamedTuple):
    """Where the bytes of one file lie."""

    start: int
    size: int
    checksum: int
    """Of its header, by which a file is known that has changed since."""


class TarShard:
    """Links, folders and devices in it are no members."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._members: Mapping[str, Member] | None = None
        self._lock = threading.Lock()

    def members(self) -> Mapping[str, Member]:
        """In the order of the file."""
        with self._lock:
            if self._members is None:
                self._members, _ = self._source.using(lambda file: _scan(file, self._source.where, ()))
            return self._members

    def texts(self, suffixes: Collection[str]) -> Mapping[str, bytes]:
        """The members with these endings, all read in one go."""
        with self._lock:
            self._members, texts = self._source.using(lambda file: _scan(file, self._source.where, suffixes))
            return texts

    def has(self, member: str) -> bool:
        return member in self.members()

    def read(self, member: str, most: int) -> bytes:
        found = self.members().get(member)
        if found is None:
            raise FileNotFoundError(2, "no such file", member)
        if found.size > most:
            raise OSError(0, f"holds {found.size:,} bytes, more than {most:,}", member)
        data = self._source.part(found.start - BLOCK, BLOCK + found.size)
        if len(data) != BLOCK + found.size or not _is_header(data[:BLOCK], found):
            raise AuditError(
                self._source.where, "changed during the audit", "need files that stay", "Start the audit again."
            )
        return data[BLOCK:]


def _scan(file: IO[bytes], where: str, suffixes: Collection[str]) -> tuple[Mapping[str, Member], Mapping[str, bytes]]:
    """The members by name, and the bytes of those with one of the endings."""
    members, texts = dict[str, Member](), dict[str, bytes]()
    size = file.seek(0, 2)
    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r:", encoding="utf-8", errors="replace") as archive:
            for info in archive:
                archive.members = []  # type: ignore[attr-defined]  # it would keep them all
                if not info.isreg() or info.sparse is not None:
                    continue
                name = info.name.removeprefix("./")
                if name in members or len(members) == MOST_MEMBERS:
                    seen = f"holds {name!r} twice" if name in members else f"holds more than {MOST_MEMBERS:,} files"
                    raise AuditError(where, seen, "need a shard of files with names of their own")
                if info.offset_data + info.size > size:
                    raise AuditError(where, f"ends within {name!r}", "need the whole file", "Copy it again.")
                members[name] = Member(info.offset_data, info.size, info.chksum)
                if name.lower().endswith(tuple(suffixes)) if suffixes else False:
                    texts[name] = _text(archive, info, where)
            file.seek(archive.offset)  # tarfile takes a broken header for the end
            if file.read(BLOCK) != bytes(BLOCK):
                raise AuditError(where, "ends without a tar file's end", "need the whole file", "Copy it again.")
    except (tarfile.TarError, UnicodeError, ValueError, OverflowError) as error:
        raise AuditError(where, f"is no tar file that can be read ({error})", "need a plain one", ADVICE) from error
    return members, texts


def _text(archive: tarfile.TarFile, info: tarfile.TarInfo, where: str) -> bytes:
    if info.size > MOST_TEXT:
        raise AuditError(f"{where}/{info.name}", f"holds {info.size:,} bytes", f"need at most {MOST_TEXT:,}")
    inside = archive.extractfile(info)
    return inside.read() if inside else b""


def _is_header(block: bytes, member: Member) -> bool:
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "replace")
    except tarfile.HeaderError:
        return False
    return info.chksum == member.checksum
