"""Pictures open as a viewer shows them, boxes turn along, and each unusable picture says why."""

import hashlib
import io
import os
import struct
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from audit.datasets.displayed_boxes import displayed_boxes
from audit.datasets.exclusions import Rejected
from audit.datasets.picture_files import MAX_PIXELS, PICTURE_SUFFIXES, Opened, displayed_size, open_picture
from audit.datasets.picture_header import Header
from audit.datasets.sample import Box, Sample

RED, BLUE = (250, 20, 20), (20, 20, 250)
ORIENTATION = 0x0112


def painted(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    picture = Image.new("RGB", size, BLUE)
    picture.paste(RED, box)
    return picture


def oriented(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION] = value
    return exif


def saved(folder: Path, picture: Image.Image, name: str, **options: Any) -> Path:
    path = folder / name
    picture.save(path, **options)
    return path


def opened(path: Path) -> Opened:
    return open_picture(path, path.parent)


def rejected(path: Path) -> Rejected:
    with pytest.raises(Rejected) as info:
        opened(path)
    return info.value


def red_box(picture: Image.Image) -> Box:
    red = np.asarray(picture)[..., 0] > 128
    ys, xs = np.nonzero(red)
    return float(xs.min()), float(ys.min()), float(xs.max() + 1), float(ys.max() + 1)


@pytest.mark.tor("TOR-005")
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(64, 48), (40, 40)])
def test_boxes_turn_with_the_picture(tmp_path: Path, orientation: int, suffix: str, size: tuple[int, int]) -> None:
    box = (8, 16, 24, 32)
    path = saved(tmp_path, painted(size, box), f"a{suffix}", exif=oriented(orientation), quality=95)
    result = opened(path)
    assert (result.header.stored, result.header.orientation) == (size, orientation)
    assert displayed_size(path, tmp_path) == result.picture.size
    viewer = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    np.testing.assert_array_equal(np.asarray(result.picture), np.asarray(viewer))
    shown = red_box(result.picture)
    assert displayed_boxes(Sample("a", "x", (box,), (box,)), result.header) == ((shown,), (shown,))
    # Boxes that were drawn on the displayed picture stay as they are.
    assert displayed_boxes(Sample("a", "x", (shown,), size=result.picture.size, oriented=True), result.header)[0] == (
        shown,
    )
    if result.picture.size != result.header.stored:
        assert displayed_boxes(Sample("a", "x", (shown,), size=result.picture.size), result.header)[0] == (shown,)


def test_orientations_that_do_not_exist_are_upright(tmp_path: Path) -> None:
    for value in (0, 9, 300):
        path = saved(tmp_path, painted((8, 6), (0, 0, 2, 2)), f"{value}.png", exif=oriented(value))
        assert opened(path).header.orientation == 1


@pytest.mark.parametrize(
    "exif", [b"", b"II", b"MM\0*\0\0\0\xff", b"II*\0\x08\0\0\0\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\0\x05"]
)
def test_broken_exif_is_no_exif(tmp_path: Path, exif: bytes) -> None:
    """Pillow would warn, and warnings are errors here."""
    path = saved(tmp_path, painted((16, 16), (0, 0, 8, 8)), "a.jpg", exif=exif)
    assert opened(path).header.orientation == 1


def test_exif_with_a_tag_that_pillow_warns_of(tmp_path: Path) -> None:
    far_away = struct.pack("<HHII", 0x010F, 2, 1000, 5000)  # a text that lies behind the end
    turned = struct.pack("<HHIHH", ORIENTATION, 3, 1, 6, 0)
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + far_away + turned + b"\0\0\0\0"
    path = saved(tmp_path, painted((32, 16), (0, 0, 8, 8)), "a.jpg", exif=exif)
    with pytest.warns(UserWarning, match="(?i)tag|truncated"), Image.open(path):
        pass
    assert opened(path).header.orientation == 6


def grey_ramp() -> Any:
    return np.tile(np.linspace(0, 65535, 64).round().astype(np.uint16), (4, 1))


@pytest.mark.tor("TOR-005")
@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.pgm"])
def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path, name: str) -> None:
    ramp = grey_ramp()
    picture = opened(saved(tmp_path, Image.fromarray(ramp), name)).picture
    expected = np.round(ramp / 257).astype(np.uint8)
    np.testing.assert_array_equal(np.asarray(picture), np.stack([expected] * 3, axis=-1))


COLOURS = np.array([[[0, 0, 0], [255, 255, 255], [200, 30, 40]], [[10, 180, 60], [0, 0, 255], [90, 90, 90]]], np.uint8)


def paletted() -> Image.Image:
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([0, 0, 0, 9, 9, 9])
    return picture


def as_mode(mode: str) -> Image.Image:
    picture = Image.fromarray(COLOURS)
    if mode == "PA":
        return picture.convert("RGBA").quantize(16)
    return picture.convert(mode) if mode != "P" else picture.quantize(16)


@pytest.mark.tor("TOR-005")
@pytest.mark.parametrize(
    ("mode", "name"),
    [("L", "a.png"), ("1", "a.png"), ("1", "a.bmp"), ("P", "a.png"), ("P", "a.gif"), ("RGBA", "a.png"), ("LA", "a.png"),
     ("RGBA", "a.webp"), ("RGB", "a.bmp"), ("RGB", "a.ppm"), ("RGB", "a.tif"), ("CMYK", "a.tif"), ("PA", "a.png")],
)  # fmt: skip
def test_modes_become_rgb(tmp_path: Path, mode: str, name: str) -> None:
    picture = as_mode(mode)
    options = {"lossless": True} if name.endswith("webp") else {}
    result = opened(saved(tmp_path, picture, name, **options)).picture
    assert result.mode == "RGB"
    np.testing.assert_array_equal(np.asarray(result), np.asarray(picture.convert("RGBA").convert("RGB")))


@pytest.mark.tor("TOR-005")
def test_cmyk_jpeg_has_the_right_colours(tmp_path: Path) -> None:
    """Adobe's JPEG holds inverted inks."""
    picture = painted((32, 32), (0, 0, 16, 32))
    path = saved(tmp_path, picture.convert("CMYK"), "a.jpg", quality=100)
    assert b"Adobe" in path.read_bytes()
    np.testing.assert_allclose(np.asarray(opened(path).picture).astype(int), np.asarray(picture).astype(int), atol=6)


@pytest.mark.tor("TOR-005")
def test_grey_jpeg(tmp_path: Path) -> None:
    picture = opened(saved(tmp_path, Image.new("L", (16, 16), 77), "a.jpg")).picture
    assert picture.mode == "RGB"
    assert picture.getpixel((3, 3)) == (77, 77, 77)


@pytest.mark.tor("TOR-004")
@pytest.mark.parametrize(
    ("picture", "options"),
    [
        (Image.new("RGBA", (4, 4), (9, 9, 9, 254)), {}),
        (Image.new("LA", (4, 4), (9, 0)), {}),
        (Image.new("RGB", (4, 4), (9, 9, 9)), {"transparency": (9, 9, 9)}),
        (Image.new("L", (4, 4), 9), {"transparency": 9}),
        (paletted(), {"transparency": 1}),
        (paletted(), {"transparency": b"\xff\x10"}),
        (Image.fromarray(grey_ramp()), {"transparency": 65535}),
    ],
)
def test_transparent_pictures_are_rejected(tmp_path: Path, picture: Image.Image, options: dict[str, Any]) -> None:
    error = rejected(saved(tmp_path, picture, "a.png", **options))
    assert error.reason == "transparent picture"
    assert str(error) == (
        "a.png: partly transparent, so what is seen depends on the background; need an opaque picture."
    )


@pytest.mark.parametrize(
    ("picture", "options"),
    [
        (Image.new("RGB", (4, 4), (9, 9, 9)), {"transparency": (9, 9, 8)}),
        (Image.new("L", (4, 4), 9), {"transparency": 8}),
        (paletted(), {"transparency": 0}),
        (paletted(), {"transparency": b"\x10\xff"}),
        (Image.fromarray(grey_ramp()), {"transparency": 3}),
    ],
)
def test_a_transparent_colour_that_no_pixel_has_does_no_harm(
    tmp_path: Path, picture: Image.Image, options: dict[str, Any]
) -> None:
    assert opened(saved(tmp_path, picture, "a.png", **options)).picture.mode == "RGB"


@pytest.mark.tor("TOR-004")
@pytest.mark.parametrize(
    ("picture", "name", "options"),
    [
        (Image.new("F", (4, 4)), "a.tif", {}),
        (Image.new("I", (4, 4)), "a.tif", {}),
        (Image.new("LAB", (4, 4)), "a.tif", {}),
        (Image.new("RGB", (4, 4)), "a.tif", {"tiffinfo": {ORIENTATION: 6}}),
        (Image.fromarray(grey_ramp()), "a.tif", {"tiffinfo": {0x0106: 0}}),
    ],
)
def test_odd_pixels_are_rejected(tmp_path: Path, picture: Image.Image, name: str, options: dict[str, Any]) -> None:
    assert rejected(saved(tmp_path, picture, name, **options)).reason == "unsupported picture"


def test_the_first_of_several_frames(tmp_path: Path) -> None:
    first, second = painted((64, 32), (0, 0, 16, 16)), Image.new("RGB", (64, 32))
    for name, options in (
        ("a.gif", {}),
        ("a.tif", {}),
        ("a.jpg", {"format": "MPO", "exif": oriented(3), "quality": 95}),
    ):
        path = saved(tmp_path, first, name, save_all=True, append_images=[second], **options)
        with Image.open(path) as image:
            assert getattr(image, "n_frames", 1) == 2
        shown = red_box(opened(path).picture)
        assert shown == ((48, 16, 64, 32) if name == "a.jpg" else (0, 0, 16, 16))


@pytest.mark.tor("TOR-004")
def test_postscript_is_never_run(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n")
    assert rejected(path).reason == "unreadable picture"


@pytest.mark.tor("TOR-004")
@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "bmp", "webp", "tif", "ppm"])
def test_every_truncation_is_rejected_or_harmless(tmp_path: Path, suffix: str) -> None:
    """Cut anywhere, a file is rejected with a reason, or opens at its right size; no other error, no warning."""
    rng = np.random.default_rng(0)
    picture = Image.fromarray(rng.integers(0, 255, (12, 16, 3), np.uint8))
    data = saved(tmp_path, picture, f"whole.{suffix}").read_bytes()
    path = tmp_path / f"cut.{suffix}"
    harmless = 0
    for end in range(0, len(data), max(1, len(data) // 60)):
        path.write_bytes(data[:end])
        try:
            harmless += opened(path).picture.size == (16, 12)
        except Rejected as error:
            assert error.reason in {"unreadable picture", "unsupported picture"}
            assert error.detail.startswith(f"cut.{suffix}: ")
    assert harmless <= 8


@pytest.mark.tor("TOR-004")
def test_a_picture_at_the_limit_is_judged_by_its_header(tmp_path: Path) -> None:
    """Pillow would warn from 89 megapixels on."""

    def header(width: int, height: int) -> Path:
        path = tmp_path / f"{width}.png"
        Image.new("1", (1, 1)).save(path)
        data = bytearray(path.read_bytes())
        data[16:24] = struct.pack(">II", width, height)
        data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
        path.write_bytes(data)
        return path

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert displayed_size(header(10_000, 10_000), tmp_path) == (10_000, 10_000)
        error = rejected(header(10_001, 10_000))
    assert not caught
    assert MAX_PIXELS == 100_000_000
    assert (error.reason, error.detail) == (
        "oversized picture",
        "10001.png: 10001x10000 pixels; need at most 100 megapixels.",
    )


@pytest.mark.tor("TOR-057")
def test_hash_is_of_the_files_bytes(tmp_path: Path) -> None:
    path = saved(tmp_path, painted((8, 8), (0, 0, 4, 4)), "a.jpg")
    assert opened(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.tor("TOR-006")
def test_links_may_not_leave_the_dataset(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "root2"
    (root / "in").mkdir(parents=True)
    outside.mkdir()
    secret = saved(outside, painted((8, 8), (0, 0, 4, 4)), "secret.png")
    inner = saved(root / "in", painted((8, 8), (0, 0, 4, 4)), "a.png")
    (root / "link.png").symlink_to(secret)
    (root / "folder").symlink_to(outside, target_is_directory=True)
    (root / "fine.png").symlink_to(inner)
    (root / "loop.png").symlink_to(root / "loop.png")
    for path in (root / "link.png", root / "folder" / "secret.png", root / ".." / "root2" / "secret.png", secret):
        with pytest.raises(Rejected, match="leads outside the picture folder") as info:
            open_picture(path, root)
        assert info.value.reason == "path outside the dataset"
        assert str(tmp_path) not in info.value.detail
    assert open_picture(root / "fine.png", root).picture.size == (8, 8)
    (tmp_path / "alias").symlink_to(root, target_is_directory=True)
    assert open_picture(tmp_path / "alias" / "in" / "a.png", tmp_path / "alias").picture.size == (8, 8)
    with pytest.raises(Rejected, match=r"loop\.png"):
        open_picture(root / "loop.png", root)


@pytest.mark.tor("TOR-002")
@pytest.mark.parametrize("name", ["no.png", "a" * 300 + ".png", "nul\0.png", "half\ud800.png", "folder"])
def test_files_that_cannot_be_reached(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    reason = "missing picture" if name in {"no.png", "half\ud800.png"} else "unreadable picture"
    for look in (open_picture, displayed_size):
        with pytest.raises(Rejected) as info:
            look(tmp_path / name, tmp_path)
        assert info.value.reason in {reason, "unreadable picture"}


@pytest.mark.parametrize("look", [open_picture, displayed_size])
def test_pipes_are_not_waited_for(tmp_path: Path, look: Callable[[Path, Path], object]) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "x.jpg").symlink_to(tmp_path / "pipe")
    with pytest.raises(Rejected) as info:
        look(tmp_path / "x.jpg", tmp_path)
    assert info.value.reason == "unreadable picture"
    assert info.value.detail == "x.jpg: is not a regular file; need a picture file."


@pytest.mark.parametrize("suffix", sorted(PICTURE_SUFFIXES))
def test_every_suffix_is_of_a_kind_that_opens(tmp_path: Path, suffix: str) -> None:
    assert opened(saved(tmp_path, painted((8, 8), (0, 0, 4, 4)), f"a{suffix}")).picture.size == (8, 8)


SQUARE = Opened(Image.new("RGB", (64, 48)), "", Header((64, 48), 1), None)


@pytest.mark.tor("TOR-002")
def test_boxes_that_leave_the_picture() -> None:
    sample = Sample("a.jpg", "x", ((-5, 10, 40, 30),))
    with pytest.raises(Rejected) as info:
        displayed_boxes(sample, SQUARE.header)
    assert info.value.reason == "box outside the picture"
    assert info.value.detail == (
        "a.jpg: box (-5, 10, 40, 30) leaves the 64x48 picture; need 0 <= x0 and x1 <= 64, 0 <= y0 and y1 <= 48."
    )


@pytest.mark.parametrize(
    "box", [(0, 0, 65.5, 9), (0, 0, 9, 50), (0, -2, 9, 9), (64, 0, 64.5, 9), (99, 99, 110, 110), (0, 0, 1e300, 9)]
)
def test_a_box_may_not_leave_by_more_than_a_pixel(box: Box) -> None:
    with pytest.raises(Rejected, match="leaves the 64x48 picture"):
        displayed_boxes(Sample("a.jpg", "x", ((0, 0, 9, 9), box)), SQUARE.header)


def test_overhang_within_a_pixel_is_clipped() -> None:
    sample = Sample("a.jpg", "x", ((-1, -0.5, 65, 48.9),), ((50, 40, 90, 90), (70, 0, 80, 9)))
    assert displayed_boxes(sample, SQUARE.header) == (((0, 0, 64, 48),), ((50, 40, 64, 48),))


@pytest.mark.parametrize(("size", "is_oriented"), [((640, 480), False), ((64, 47), False), ((48, 64), True)])
def test_a_stated_size_must_be_that_of_the_file(size: tuple[int, int], is_oriented: bool) -> None:
    with pytest.raises(Rejected) as info:
        displayed_boxes(Sample("a.jpg", "x", ((0, 0, 9, 9),), size=size, oriented=is_oriented), SQUARE.header)
    assert info.value.reason == "size mismatch"
    assert info.value.detail == (
        f"a.jpg: the annotation says {size[0]}x{size[1]}, the file is 64x48; need boxes that were drawn on this file."
    )


def test_threads_open_the_same_pictures(tmp_path: Path) -> None:
    paths = [saved(tmp_path, painted((64, 48), (n, 0, n + 9, 9)), f"{n}.png") for n in range(16)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda path: red_box(opened(path).picture), paths))
    assert found == [(n, 0, n + 9, 9) for n in range(16)]


def test_no_file_stays_open(tmp_path: Path) -> None:
    path = saved(tmp_path, painted((8, 8), (0, 0, 4, 4)), "a.jpg")
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0  # noqa: PTH208
    kept = [(opened(path), displayed_size(path, tmp_path)) for _ in range(20)]
    after = len(os.listdir("/proc/self/fd")) if before else 0  # noqa: PTH208
    assert len(kept) == 20
    assert after <= before


def test_bytes_after_the_picture_do_no_harm(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    painted((16, 16), (0, 0, 8, 8)).save(buffer, "JPEG", quality=95)
    path = tmp_path / "a.jpg"
    path.write_bytes(buffer.getvalue() + b"motion photo" * 100)
    assert red_box(opened(path).picture) == (0, 0, 8, 8)
