"""Picture files decoded as RGB, the way a viewer shows them.

Everything that is wrong with one picture is a `Rejected`, which excludes the sample; it never ends the run. Pillow's
plugins are called directly: `Image.open` would warn about large pictures (and warning filters cannot be changed in one
thread only), build the later frames of phone pictures, and hand PostScript to an interpreter.
"""

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from audit.datasets.coding import OTHER_JPEG, Jpeg, jpeg_of
from audit.datasets.containers import through
from audit.datasets.exclusions import Reason, Rejected
from audit.datasets.picture_header import UPRIGHT, Header, times
from audit.datasets.picture_root import Images, picture_bytes, regular_below, unreachable
from audit.datasets.picture_structure import JPEG, MAX_HEADER, check_decoder, check_scans, check_structure, scans_of
from audit.datasets.remote_folder import RemoteFolder
from audit.datasets.tiff_directory import with_needed_tags
from audit.errors import AuditError
from audit.files import MIB, read_regular

PICTURE_SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
"""What picture files are called, in lower case: for finding them. What a file is, its first bytes say."""
MAX_PIXELS = 100_000_000
"""Pictures with more are rejected by their header, before anything is decoded."""

MAX_BYTES = 6 * MAX_PIXELS + MIB
"""Most bytes of a picture file: 16 bits for each of three channels, and what else it holds."""
_ORIENTATION, _PHOTOMETRIC = 0x0112, 0x0106
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Opened:
    """A picture as a viewer shows it, and what its file says."""

    picture: Image.Image
    """RGB, 8 bit, upright."""
    sha256: str
    """Hash of the file's bytes."""
    header: Header
    jpeg: Jpeg | None
    """How the file compresses its pixels, as far as they can be compressed so again."""
    quantisation: tuple[float, ...] = ()
    """The mean step of each of a JPEG's quantisation tables, brightness first; none for other files."""

    @property
    def compression(self) -> Jpeg | None:
        """As `jpeg`; OTHER_JPEG where the pixels of a JPEG cannot be compressed so again."""
        return OTHER_JPEG if self.jpeg is None and self.quantisation else self.jpeg


class _Jpeg(JpegImageFile):
    """The first picture of a JPEG or MPO file."""

    def _read_dpi_from_exif(self) -> None:
        """Left out: nobody needs the resolution, and broken EXIF data would make Pillow warn."""


def _tiff(file: IO[bytes]) -> ImageFile:
    return TiffImageFile(with_needed_tags(file.read(MAX_BYTES)))


_Plugin = Callable[[IO[bytes]], ImageFile]
_PLUGINS: tuple[tuple[bytes, _Plugin], ...] = (
    (JPEG, _Jpeg),
    (b"\x89PNG\r\n\x1a\n", PngImageFile),
    (b"GIF8", GifImageFile),
    (b"BM", BmpImageFile),
    (b"RIFF", WebPImageFile),
    (b"II*\0", _tiff),
    (b"MM\0*", _tiff),
    (b"P4", PpmImageFile),
    (b"P5", PpmImageFile),
    (b"P6", PpmImageFile),
)


def open_picture(picture: Path | str, root: Images) -> Opened:
    """A picture by its path below `root`, where it must lie once links are followed, or by that of its local file.

    Raises Rejected: missing, unreadable, oversized, transparent or unsupported picture, path outside the dataset.
    """
    name, data = _data(picture, root)
    try:
        scans = scans_of(data, name)
        image = _header(BytesIO(data), name)
        check_scans(image, scans, name)
        check_decoder(image, len(data), name)
        image.load()
    except Rejected:
        raise
    except Exception as error:  # Pillow's plugins raise nearly anything at broken bytes
        raise Rejected(
            Reason.UNREADABLE_PICTURE, f"{name}: cannot be decoded ({error}); need an intact picture."
        ) from error
    orientation, jpeg = _orientation(image), jpeg_of(image)
    rgb = _rgb(image, name)
    if orientation != UPRIGHT:
        rgb = rgb.transpose(_TURNS[orientation])
    return Opened(rgb, hashlib.sha256(data).hexdigest(), Header(image.size, orientation), jpeg, _quantisation(image))


def _quantisation(image: ImageFile) -> tuple[float, ...]:
    tables = image.quantization if isinstance(image, JpegImageFile) else {}
    return tuple(sum(tables[number]) / len(tables[number]) for number in sorted(tables) if len(tables[number]))


def picture_sha256(picture: str, root: Images) -> str | None:
    """The hash of a picture's bytes; None where there is no such picture."""
    try:
        return hashlib.sha256(picture_bytes(picture, root, MAX_BYTES)).hexdigest()
    except Rejected:
        return None


def displayed_size(picture: Path | str, root: Images) -> tuple[int, int]:
    """(width, height) of the picture as a viewer shows it, from the file's header alone. Raises Rejected."""
    return read_header(picture, root).shown


def read_header(picture: Path | str, root: Images) -> Header:
    """What the file of a picture, named as above, says before its pixels. Raises Rejected."""
    name = _name(picture, root)
    try:
        with _file(picture, root, name) as file:
            jpeg = file.read(len(JPEG)) == JPEG
            file.seek(0)
            image = _header(BytesIO(file.read(MAX_HEADER)) if jpeg else file, name)
            return Header(image.size, _orientation(image))
    except (Rejected, AuditError):
        raise
    except FileNotFoundError as error:
        raise unreachable(name, error) from error
    except Exception as error:  # as above
        raise Rejected(
            Reason.UNREADABLE_PICTURE, f"{name}: cannot be read ({error}); need an intact picture."
        ) from error


def _data(picture: Path | str, root: Images) -> tuple[str, bytes]:
    """What the picture is called, and its bytes."""
    name = _name(picture, root)
    if isinstance(picture, str):
        return name, picture_bytes(name, root, MAX_BYTES)
    assert isinstance(root, Path)
    try:
        return name, read_regular(regular_below(picture, root, name), MAX_BYTES)
    except (OSError, ValueError) as error:
        raise unreachable(name, error) from error


def _file(picture: Path | str, root: Images, name: str) -> IO[bytes]:
    """The open file. One that holds this picture alone, on this machine, is read no further than is asked for."""
    if isinstance(root, RemoteFolder) or through(name):
        return BytesIO(picture_bytes(name, root, MAX_BYTES))
    return regular_below(root / picture, root, name).open("rb")


def _name(picture: Path | str, root: Images) -> str:
    if isinstance(picture, str) or isinstance(root, RemoteFolder):
        return str(picture)
    try:
        return picture.relative_to(root).as_posix()
    except ValueError:
        return picture.name


def _header(file: IO[bytes], name: str) -> ImageFile:
    magic = file.read(16)
    if not magic:
        raise Rejected(Reason.UNREADABLE_PICTURE, f"{name}: the file is empty; need a picture.")
    plugin = next((plugin for start, plugin in _PLUGINS if magic.startswith(start)), None)
    if plugin is None:
        raise Rejected(
            Reason.UNREADABLE_PICTURE, f"{name}: not a picture; need a JPEG, PNG, GIF, BMP, WebP, TIFF or PPM file."
        )
    file.seek(0)
    check_structure(file, name)
    image = plugin(file)
    if not image.width * image.height <= MAX_PIXELS:
        raise Rejected(
            Reason.OVERSIZED_PICTURE,
            f"{name}: {times(image.size)} pixels; need at most {MAX_PIXELS // 1_000_000} megapixels.",
        )
    if isinstance(image, TiffImageFile) and image.tag_v2.get(_ORIENTATION, UPRIGHT) != UPRIGHT:
        raise Rejected(Reason.UNSUPPORTED_PICTURE, f"{name}: a TIFF that is stored rotated; need one that is upright.")
    return image


def _orientation(image: ImageFile) -> int:
    """EXIF orientation, 1 where there is none. Read by hand: Pillow's reader warns where other tags are broken."""
    exif = image.info.get("exif", b"")
    tiff = exif[6:] if exif.startswith(b"Exif\0\0") else exif
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return UPRIGHT
    try:
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, directory)
        for entry in range(entries):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, directory + 2 + 12 * entry)
            if tag == _ORIENTATION:
                return value if kind == 3 and value in _TURNS else UPRIGHT
    except struct.error:
        pass
    return UPRIGHT


def _rgb(image: ImageFile, name: str) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I"):
        return _from_16_bit(image, name)
    if image.mode not in {"1", "L", "P", "PA", "LA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"}:
        raise _unsupported(image, name)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        if rgba.getchannel("A").getextrema() != (255, 255):
            raise _transparent(name)
        return rgba.convert("RGB")
    return image.convert("RGB")


def _from_16_bit(image: ImageFile, name: str) -> Image.Image:
    """65535 becomes 255; Pillow's own conversion would clip at 255."""
    inverted = isinstance(image, TiffImageFile) and image.tag_v2.get(_PHOTOMETRIC) == 0
    # Mode "I" holds 32 bits; only of PNG and PPM is it known that 16 are used.
    if inverted or (image.mode == "I" and image.format not in {"PNG", "PPM"}):
        raise _unsupported(image, name)
    values = np.asarray(image)
    if np.any(values == image.info.get("transparency", -1)):
        raise _transparent(name)
    grey = ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")


def _transparent(name: str) -> Rejected:
    return Rejected(
        Reason.TRANSPARENT_PICTURE,
        f"{name}: partly transparent, so what is seen depends on the background; need an opaque picture.",
    )


def _unsupported(image: ImageFile, name: str) -> Rejected:
    return Rejected(
        Reason.UNSUPPORTED_PICTURE,
        f"{name}: pixels of kind {image.mode!r} ({image.format}); need grey (8 or 16 bit), palette, RGB or CMYK.",
    )
