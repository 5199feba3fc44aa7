"""What of a picture file Pillow reads in Python, part by part, and how many parts it may have.

A file of a few megabytes can hold millions of empty parts, which take minutes. They are counted before Pillow looks.
"""

import re
import struct
from collections.abc import Callable, Iterator
from itertools import islice
from typing import IO

from PIL import Image
from PIL.ImageFile import ImageFile

from audit.datasets.exclusions import Reason, Rejected
from audit.datasets.picture_header import times
from audit.files import KIB, MIB

MAX_PARTS = 100_000
"""A PNG's chunks, a GIF's blocks before its picture, a JPEG's segments, a TIFF's strips or tiles.

libpng makes 73,000 of 600 MB."""
MAX_SCANS, MAX_SCANNED = 100, 2_000_000_000
"""Limits for a progressive JPEG: scans, and pixels that they go over, which take about ten seconds."""
MAX_HEADER = 4 * MIB
"""Bytes of a JPEG before its pixels, which Pillow reads in Python."""
MAX_NETPBM_HEADER = 64 * KIB
"""Bytes of a PPM, PGM or PBM before its pixels, which Pillow reads one by one."""
MAX_IN_PYTHON = 6_000_000
"""Values of pixels, and half of the bytes, where Pillow decodes in Python, which takes about ten seconds."""

JPEG, _FILL = b"\xff\xd8\xff", b"\xff" * 10_000
_MARKER, _SCAN, _END = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL), 0xDA, 0xD9
_NUMBERS = {b"P4": 2, b"P5": 3, b"P6": 3}
"""In the header of each kind of netpbm."""


def check_structure(file: IO[bytes], name: str) -> None:
    """Raises Rejected where a PNG, GIF or netpbm has more parts than a picture needs. Leaves the file at its beginning.

    Those of a JPEG `scans_of` counts, which needs the whole file.
    """
    magic = file.read(8)
    kind, parts = next(((kind, parts) for start, kind, parts in _PARTS if magic.startswith(start)), ("", None))
    if parts is not None and next(islice(parts(file), MAX_PARTS, None), None):
        raise Rejected(
            Reason.UNREADABLE_PICTURE, f"{name}: a {kind} of more than {MAX_PARTS:,} parts; need an ordinary picture."
        )
    if magic[:2] in _NUMBERS:
        _check_netpbm(file, magic[:2], name)
    file.seek(0)


def check_decoder(image: ImageFile, size: int, name: str) -> None:
    """Raises Rejected where Pillow would take minutes to decode. size: the file's bytes."""
    by_hand = any(tile[0] in Image.DECODERS for tile in image.tile)
    values = image.width * image.height * len(image.getbands())
    if by_hand and max(values, size // 2) > MAX_IN_PYTHON:
        raise Rejected(
            Reason.OVERSIZED_PICTURE,
            f"{name}: {values:,} values in {size:,} bytes that are packed in an unusual way ({image.tile[0][0]}); need "
            f"at most {MAX_IN_PYTHON:,} in twice as many bytes. Save it as PNG.",
        )


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    """The heads of a PNG's chunks, up to its end."""
    file.seek(8)
    while len(head := file.read(8)) == 8 and head[4:] != b"IEND":
        yield head
        file.seek(int.from_bytes(head[:4], "big") + 4, 1)


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    """The blocks of a GIF, and bytes between them, up to its first picture."""
    file.seek(10)
    flags = (file.read(1) or b"\0")[0]
    file.seek(13 + (3 * 2 ** ((flags & 7) + 1) if flags & 128 else 0))
    while (start := file.read(1)) not in (b"", b",", b";"):
        yield start
        if start != b"!":
            continue
        file.read(1)
        while (length := file.read(1)) not in (b"", b"\0"):
            yield length
            file.seek(length[0], 1)


_PARTS: tuple[tuple[bytes, str, Callable[[IO[bytes]], Iterator[bytes]]], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG", _chunks),
    (b"GIF8", "GIF", _blocks),
)


def _check_netpbm(file: IO[bytes], magic: bytes, name: str) -> None:
    file.seek(0)
    header = file.read(MAX_NETPBM_HEADER)
    if len(header) == MAX_NETPBM_HEADER and len(re.sub(rb"#[^\r\n]*", b" ", header).split()) <= _NUMBERS[magic]:
        raise Rejected(
            Reason.UNREADABLE_PICTURE,
            f"{name}: no pixels within its first {MAX_NETPBM_HEADER // KIB} KiB; need an ordinary picture.",
        )


def scans_of(data: bytes, name: str) -> int:
    """How often a JPEG goes over its picture; 0 for other files. Raises Rejected where it only keeps one waiting."""
    if not data.startswith(JPEG):
        return 0
    scans, markers, place = 0, 0, 2
    while (marker := _MARKER.search(data, place)) and marker[0][1] != _END and markers <= MAX_PARTS:
        markers, scans = markers + 1, scans + (marker[0][1] == _SCAN)
        (length,) = struct.unpack_from(">H", data, marker.end()) if marker.end() + 2 <= len(data) else (2,)
        place = marker.end() + length
    if markers > MAX_PARTS or _FILL in data:
        raise Rejected(Reason.UNREADABLE_PICTURE, f"{name}: a JPEG of empty segments; need a picture.")
    return scans


def check_scans(image: ImageFile, scans: int, name: str) -> None:
    """Each scan goes over the whole picture again, and may take a few bytes. Cameras write ten."""
    if scans > MAX_SCANS or scans * image.width * image.height > MAX_SCANNED:
        raise Rejected(
            Reason.OVERSIZED_PICTURE,
            f"{name}: {scans} scans of {times(image.size)} pixels; need at most {MAX_SCANS}, and "
            f"{MAX_SCANNED // 1_000_000:,} megapixels in all.",
        )
