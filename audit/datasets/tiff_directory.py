"""The directory of a TIFF with what decoding needs, and nothing else.

Pillow and libtiff print a line for each tag that is broken or that they do not know, and a file of 240 kB can hold
20,000. What is printed cannot be silenced for one thread alone, so that such tags are taken out beforehand.
"""

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import IO, NamedTuple

from PIL import TiffTags

from audit.datasets.picture_structure import MAX_PARTS

NEEDED = frozenset(
    {256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 292, 293, 317}
    | {320, 322, 323, 324, 325, 332, 338, 339, 347, 530, 531, 532}
)
"""Tags: size, bits, compression, meaning and order of the pixels, where they lie, palette, tables, orientation."""
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
"""Bytes of one value, by the number of its type."""
_WHOLE = {1, 2, 7}
"""Types of which many bytes are one value."""
_PARTS = {273, 279, 324, 325}
"""Tags with a value for each strip or tile, which Pillow reads in Python."""
_FIRST, _NEXT, _ENTRY, _INSIDE, _PHOTOMETRIC = 4, 4, 12, 4, 262


class _Tag(NamedTuple):
    number: int
    kind: int
    amount: int
    value: bytes
    """Four bytes: the values themselves, or where they lie."""


def with_needed_tags(tiff: bytes) -> IO[bytes]:
    """The same picture. Tags that are not needed, or whose values are not in the file, are left out.

    Raises struct.error where the file ends before its directory does, ValueError where the picture has very many parts.
    """
    order = "<" if tiff.startswith(b"II") else ">"
    (start,) = struct.unpack_from(f"{order}I", tiff, _FIRST)
    needed: dict[int, _Tag] = {}
    for tag in _tags(tiff, order, start):
        if tag.number in _PARTS and tag.amount > MAX_PARTS:
            raise ValueError(f"a TIFF of more than {MAX_PARTS:,} parts")
        if tag.number in NEEDED and _SIZES.get(tag.kind, 0) * tag.amount > 0:
            where = _where(tag, order)
            if where is None or where + _SIZES[tag.kind] * tag.amount <= len(tiff):
                needed.setdefault(tag.number, _of_one_value(tag, tiff, where))
    entries = [struct.pack(f"{order}HHI4s", *needed[number]) for number in sorted(needed)]
    copy = BytesIO(tiff)
    copy.seek(start)  # over the old one: a longer file would lend a cut picture its last pixels
    copy.write(struct.pack(f"{order}H", len(entries)) + b"".join(entries) + bytes(_NEXT))
    copy.seek(0)
    return copy


def _tags(tiff: bytes, order: str, start: int) -> Iterator[_Tag]:
    (stated,) = struct.unpack_from(f"{order}H", tiff, start)
    for place in range(stated):
        yield _Tag(*struct.unpack_from(f"{order}HHI4s", tiff, start + 2 + place * _ENTRY))
    struct.unpack_from(f"{order}I", tiff, start + 2 + stated * _ENTRY)  # where the next one would lie


def _where(tag: _Tag, order: str) -> int | None:
    """Where the values lie; None: in the tag itself."""
    (there,) = struct.unpack(f"{order}I", tag.value)
    return there if _SIZES[tag.kind] * tag.amount > _INSIDE else None


def _of_one_value(tag: _Tag, tiff: bytes, where: int | None) -> _Tag:
    """The tag with its first value where more make no sense; of the photometric interpretation, Pillow refuses more."""
    if tag.amount == 1 or tag.kind in _WHOLE or tag.number == _PHOTOMETRIC or TiffTags.lookup(tag.number).length != 1:
        return tag
    size = _SIZES[tag.kind]
    if where is None or size > _INSIDE:
        return tag._replace(amount=1)
    return tag._replace(amount=1, value=tiff[where : where + size].ljust(_INSIDE, b"\0"))
