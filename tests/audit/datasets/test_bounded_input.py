"""Time and memory of foreign pictures and annotations are bounded before anything is read or made of them."""

import os
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from audit.cli.main import main
from audit.datasets import annotation_files
from audit.datasets.discover import look
from audit.datasets.exclusions import Rejected
from audit.datasets.formats.coco import coco
from audit.datasets.formats.csv import csv
from audit.datasets.formats.cvat import cvat
from audit.datasets.formats.fiftyone import fiftyone
from audit.datasets.formats.gtsrb import gtsrb
from audit.datasets.formats.hugging_face import hugging_face
from audit.datasets.formats.imagenet import imagenet
from audit.datasets.formats.label_studio import label_studio
from audit.datasets.formats.labelme import labelme
from audit.datasets.formats.lard import lard
from audit.datasets.formats.open_images import open_images
from audit.datasets.formats.voc import voc
from audit.datasets.formats.yolo import yolo
from audit.datasets.labels import read_classes
from audit.datasets.loader import Loader
from audit.datasets.picture_files import MAX_BYTES, displayed_size, open_picture
from audit.datasets.preprocessing import Preprocessing
from audit.datasets.sample import Dataset, Sample
from audit.errors import AuditError
from audit.files import read_regular
from audit.settings import load_settings

FORMATS = (
    *(coco, csv, cvat, fiftyone, gtsrb, hugging_face, imagenet, label_studio, labelme, lard),
    *(open_images, voc, yolo),
)
Format = Callable[[Path, Path], Dataset]


def test_a_folder_is_refused_and_stays_not_open(tmp_path: Path) -> None:
    before = sorted(Path("/dev/fd").iterdir())
    with pytest.raises(IsADirectoryError):
        read_regular(tmp_path, 10)
    assert sorted(Path("/dev/fd").iterdir()) == before


def thin(folder: Path, width: int) -> Path:
    Image.new("1", (width, 1)).save(folder / "thin.png")
    return folder / "thin.png"


@pytest.mark.tor("TOR-004")
@pytest.mark.parametrize("width", [20_000, 65_000])
def test_what_resizing_would_make_too_large_excludes_itself(width: int, tmp_path: Path) -> None:
    thin(tmp_path, width)
    sample = Sample("thin.png", "dog", ((0, 0, 10, 1),))
    loader = Loader(tmp_path, [sample], Preprocessing(resize=256, crop=(224, 224)), 0.9, 0.25, 0.04, 1, 0)
    with pytest.raises(
        Rejected, match=r"thin\.png: resize makes 256x\d+ pixels of \d+x1; need at most 25 meg"
    ) as caught:
        loader.load(0)
    assert caught.value.reason == "oversized picture"


def test_a_long_picture_is_still_resized(tmp_path: Path) -> None:
    assert Preprocessing(resize=64).frame(Image.new("RGB", (900, 3)), ()).pixels.shape == (3, 64, 19_200)
    assert Preprocessing(letterbox=(64, 64)).frame(Image.new("RGB", (65_000, 1)), ()).pixels.shape == (3, 64, 64)


def with_scans(scans: int, size: int = 64) -> bytes:
    """A progressive JPEG in which the last scan stands many times."""
    file = BytesIO()
    Image.new("RGB", (size, size), "red").save(file, "JPEG", progressive=True)
    data = file.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + data[-2:]


@pytest.mark.tor("TOR-004")
def test_a_jpeg_of_very_many_scans_excludes_itself(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(with_scans(30_000))
    start = time.monotonic()
    with pytest.raises(Rejected, match=r"a\.jpg: 30\d\d\d scans of 64x64 pixels; need at most 100"):
        open_picture(tmp_path / "a.jpg", tmp_path)
    assert time.monotonic() - start < 5


@pytest.mark.slow
def test_scans_that_go_over_many_pixels_exclude_themselves(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(with_scans(80, size=6000))
    with pytest.raises(Rejected, match=r"scans of 6000x6000 pixels; need at most 100, and 2,000 megapixels in all"):
        open_picture(tmp_path / "a.jpg", tmp_path)


@pytest.mark.slow
@pytest.mark.tor("TOR-004")
@pytest.mark.parametrize("filling", [b"\xff\xfe\x00\x02" * 3_000_000, b"\xff" * 20_000_000])
def test_a_jpeg_of_empty_segments_excludes_itself_in_a_moment(filling: bytes, tmp_path: Path) -> None:
    data = with_scans(1)
    (tmp_path / "a.jpg").write_bytes(data[:2] + filling + data[2:])
    start = time.process_time()  # of the processor: other work on the machine counts for nothing
    with pytest.raises(Rejected, match=r"a\.jpg: a JPEG of empty segments"):
        open_picture(tmp_path / "a.jpg", tmp_path)
    with pytest.raises(Rejected):
        displayed_size(tmp_path / "a.jpg", tmp_path)
    assert time.process_time() - start < 20


@pytest.mark.parametrize("progressive", [True, False])
def test_a_camera_s_jpeg_with_its_thumbnail_is_opened(progressive: bool, tmp_path: Path) -> None:
    thumbnail = with_scans(200)[:60_000]
    exif = b"Exif\0\0II*\0\x08\0\0\0\0\0" + thumbnail
    Image.new("RGB", (64, 64), "red").save(tmp_path / "a.jpg", progressive=progressive, exif=exif)
    assert open_picture(tmp_path / "a.jpg", tmp_path).header.stored == (64, 64)


def test_a_picture_file_has_a_bound(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(Rejected, match=r"a\.png: cannot be read \(holds 601,048,577 bytes, more than "):
        open_picture(tmp_path / "a.png", tmp_path)


def within(seconds: float, work: Callable[[], None]) -> None:
    """Run it in a thread, so that one that waits for ever fails the test and not the run of tests."""
    ended: list[BaseException | None] = []

    def run() -> None:
        try:
            work()
            ended.append(None)
        except BaseException as error:  # noqa: BLE001 told to the test below
            ended.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    assert ended, "it waits"
    if ended[0]:
        raise ended[0]


@pytest.mark.tor("TOR-003")
@pytest.mark.parametrize("read", FORMATS)
def test_a_pipe_as_annotations_is_refused(read: Format, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(AuditError):
        within(10, lambda: void(read(tmp_path / "pipe", tmp_path)))


def void(_: object) -> None:
    return None


@pytest.mark.tor("TOR-003")
def test_a_pipe_as_settings_or_classes_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(AuditError, match="is no regular file"):
        within(10, lambda: void(load_settings(tmp_path / "pipe")))
    with pytest.raises(AuditError, match="is no regular file"):
        within(10, lambda: void(read_classes(tmp_path / "pipe")))
    with pytest.raises(AuditError):
        within(10, lambda: void(look(tmp_path / "pipe")))


def test_a_pipe_among_the_files_of_one_picture_excludes_itself(tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text("names: [cat]")
    (tmp_path / "images").mkdir()
    (tmp_path / "voc").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "images" / "a.png")
    (tmp_path / "images" / "a.txt").write_text("0 .5 .5 .5 .5\n")
    (tmp_path / "labels").mkdir()
    os.mkfifo(tmp_path / "labels" / "a.txt")
    os.mkfifo(tmp_path / "voc" / "a.xml")
    within(10, lambda: void(yolo(tmp_path / "data.yaml", tmp_path / "images")))
    found: list[Dataset] = []
    within(10, lambda: found.append(voc(tmp_path / "voc", tmp_path)))
    assert [exclusion.reason for exclusion in found[0].exclusions] == ["unreadable annotation"]


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/tty"])
def test_a_device_is_refused(path: str) -> None:
    with pytest.raises(OSError):
        read_regular(Path(path), 10)


def test_an_annotation_file_has_a_bound(tmp_path: Path) -> None:
    with (tmp_path / "boxes.csv").open("wb") as file:
        file.truncate(600 * 2**20)
    for read in (csv, lard, coco, open_images, imagenet, gtsrb, fiftyone, label_studio, hugging_face):
        with pytest.raises(AuditError, match=r"boxes\.csv: holds 629,145,600 bytes, more than 536,870,912"):
            read(tmp_path / "boxes.csv", tmp_path)
    for read, bound in ((cvat, "134,217,728"), (labelme, "67,108,864")):
        with pytest.raises(AuditError, match=rf"boxes\.csv: holds 629,145,600 bytes, more than {bound}"):
            read(tmp_path / "boxes.csv", tmp_path)


NESTED: dict[str, tuple[Format, str]] = {
    "coco": (coco, "[" * 200_000),
    "coco, closed": (coco, "[" * 200_000 + "]" * 200_000),
    "yolo": (yolo, "names: " + "[" * 2_000 + "]" * 2_000),
    "voc": (voc, "<a>" * 200_000),
    "cvat": (cvat, "<a>" * 200_000),
    "fiftyone": (fiftyone, '{"samples":' + "[" * 200_000),
    "label_studio": (label_studio, '[{"annotations":' + "[" * 200_000),
    "hugging_face": (hugging_face, '{"file_name": "a.png", "objects":' + "[" * 200_000),
    "labelme": (labelme, '{"shapes":' + "[" * 200_000),
}


@pytest.mark.parametrize("case", NESTED)
def test_deep_annotations_are_refused(case: str, tmp_path: Path) -> None:
    read, text = NESTED[case]
    (tmp_path / "deep").write_text(text)
    with pytest.raises(AuditError):
        read(tmp_path / "deep", tmp_path)


def test_yaml_that_stands_for_more_than_it_says_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 {x: 1}"] + [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 40)]
    (tmp_path / "data.yaml").write_text("\n".join([*lines, "names: [cat]"]))
    with pytest.raises(AuditError, match="the alias or anchor 'a0'"):
        within(10, lambda: void(yolo(tmp_path / "data.yaml", tmp_path)))


@pytest.mark.slow
@pytest.mark.tor("TOR-004")
def test_a_bomb_in_a_png_s_text_excludes_itself(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = chunk(b"IHDR", b"\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0")
    text = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(100 << 20), 9))
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + head + text + chunk(b"IDAT", zlib.compress(bytes(4))))
    with pytest.raises(Rejected):
        open_picture(tmp_path / "a.png", tmp_path)


def test_explain_refuses_what_it_cannot_resize(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "a.toml"
    settings.write_text(
        '[model]\nkind="factory"\nfunction="fixtures.shapes:network"\nclasses=["dark","light"]\n'
        '[data]\nformat="csv"\nannotations="a.csv"\nimages="."\n[preprocessing]\nresize=256\ncrop=24\n'
    )
    monkeypatch.setattr(
        "sys.argv", ["saliency-audit", "explain", str(thin(tmp_path, 65_000)), "--settings", str(settings)]
    )
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert "resize makes 256x16640000 pixels of 65000x1" in capfd.readouterr().err


def png(before: int = 0, after: int = 0) -> bytes:
    """A PNG of one pixel with so many empty chunks before and after it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head, pixel = chunk(b"IHDR", b"\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0"), chunk(b"IDAT", zlib.compress(bytes(4)))
    empty = chunk(b"teSt", b"")
    return b"\x89PNG\r\n\x1a\n" + head + empty * before + pixel + empty * after + chunk(b"IEND", b"")


def gif(before: bytes) -> bytes:
    """A GIF with these bytes before its picture."""
    file = BytesIO()
    Image.new("L", (8, 8)).save(file, "GIF")
    data = file.getvalue()
    place = data.index(b",", 13)
    return data[:place] + before + data[place:]


MANY: dict[str, bytes] = {
    "a.png": png(before=400_000),
    "b.png": png(after=400_000),
    "a.gif": gif(b"\1" * 400_000),
    "b.gif": gif(b"!\xfe" + b"\1x" * 400_000 + b"\0"),
    "c.gif": gif(b"!\1\0" * 400_000),
    "a.ppm": b"P6\n#" + b"x" * 400_000 + b"\n2 2 255\n" + bytes(12),
    "b.pgm": b"P5\n" + b" " * 400_000 + b"\n2 2 255\n" + bytes(4),
}


@pytest.mark.tor("TOR-004")
@pytest.mark.parametrize("name", MANY)
def test_a_picture_of_very_many_parts_excludes_itself_before_it_is_decoded(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(MANY[name])
    start = time.process_time()
    for look_at in (open_picture, displayed_size):
        with pytest.raises(Rejected, match=rf"{name}: (a \w+ of more than 100,000 parts|no pixels within)"):
            look_at(tmp_path / name, tmp_path)
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.png", png(200, 200)), ("a.gif", gif(b"!\xfe\2hi\0")), ("a.ppm", b"P6 # hi\n1 1\n255\n" + bytes(3))],
)
def test_a_picture_with_comments_is_opened(name: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    assert open_picture(tmp_path / name, tmp_path).header.stored == displayed_size(tmp_path / name, tmp_path)


def bitmap(side: int, runs: bytes) -> bytes:
    """A BMP of compressed runs."""
    start = 54 + 1024
    head = struct.pack("<IHHI", start + len(runs), 0, 0, start)
    return (
        b"BM"
        + head
        + struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, len(runs), 0, 0, 256, 0)
        + bytes(1024)
        + runs
    )


@pytest.mark.tor("TOR-004")
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.pgm", b"P5 4000 4000 100\n" + bytes(16_000_000)),
        ("a.bmp", bitmap(4000, b"\0\0" * 4000)),
        ("b.bmp", bitmap(400, b"\0\2\0\0" * 4_000_000)),
    ],
)
def test_what_pillow_decodes_in_python_has_a_bound(name: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    start = time.process_time()
    with pytest.raises(Rejected, match=rf"{name}: [\d,]+ values in [\d,]+ bytes .*; need at most 6,000,000") as caught:
        open_picture(tmp_path / name, tmp_path)
    assert caught.value.reason == "oversized picture"
    assert time.process_time() - start < 1


def test_small_pictures_of_that_kind_are_opened(tmp_path: Path) -> None:
    (tmp_path / "a.pgm").write_bytes(b"P5 4 2 100\n" + bytes(8))
    (tmp_path / "a.bmp").write_bytes(bitmap(4, b"\4\1\0\0" * 4))
    assert open_picture(tmp_path / "a.pgm", tmp_path).header.stored == (4, 2)
    assert open_picture(tmp_path / "a.bmp", tmp_path).header.stored == (4, 4)


def tiff(broken: int, compression: str = "raw") -> bytes:
    """A TIFF with so many tags that nobody knows, and whose values lie outside the file."""
    file = BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "TIFF", compression=compression)
    data = file.getvalue()
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    more = b"".join(struct.pack("<HHII", 20_000 + number, 3, 1000, 8) for number in range(broken))
    entries = data[start + 2 : start + 2 + 12 * count]
    directory = struct.pack("<H", count + broken) + entries + more + bytes(4)
    return data[:4] + struct.pack("<I", len(data)) + data[8:] + directory


@pytest.mark.tor("TOR-004")
@pytest.mark.parametrize("tag", [273, 324])
def test_a_tiff_of_very_many_strips_excludes_itself_before_they_are_read(tag: int, tmp_path: Path) -> None:
    strips = 2_000_000
    sizes = [(256, 4, 1, 1), (257, 4, 1, strips), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (278, 4, 1, 1)]
    tags = [*sizes, (tag, 4, strips, 200), (tag + (6 if tag == 273 else 1), 4, strips, 200)]
    directory = b"".join(struct.pack("<HHII", *one) for one in tags)
    head = b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + directory + bytes(4)
    (tmp_path / "a.tif").write_bytes(head.ljust(200, b"\0") + bytes(4 * strips))
    start = time.process_time()
    for look_at in (open_picture, displayed_size):
        with pytest.raises(Rejected, match=r"a\.tif: .*a TIFF of more than 100,000 parts"):
            look_at(tmp_path / "a.tif", tmp_path)
    assert time.process_time() - start < 1


@pytest.mark.tor("TOR-004")
@pytest.mark.parametrize("compression", ["raw", "tiff_deflate"])
def test_a_tiff_of_broken_tags_is_opened_without_a_word(
    compression: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.tif").write_bytes(tiff(20_000, compression))
    opened = open_picture(tmp_path / "a.tif", tmp_path)
    assert displayed_size(tmp_path / "a.tif", tmp_path) == opened.header.stored == (8, 8)
    assert opened.picture.getpixel((4, 4)) == (255, 0, 0)
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
@pytest.mark.tor("TOR-003")
def test_no_folder_is_listed_and_no_annotation_is_read_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(60):
        (tmp_path / "d" / f"class{number}").mkdir(parents=True)
        (tmp_path / "d" / f"class{number}" / "boxes.csv").write_text("image,label,x0,y0,x1,y1\nb.png,cat,0,0,2,2\n")
        (tmp_path / "d" / f"class{number}" / "a.png").touch()
    listed, read, iterdir = list[Path](), list[Path](), Path.iterdir

    def listing(folder: Path) -> Iterator[Path]:
        listed.append(folder)
        return iterdir(folder)

    def reading(path: Path, most: int) -> bytes:
        read.append(path)
        return read_regular(path, most)

    monkeypatch.setattr(Path, "iterdir", listing)
    monkeypatch.setattr(annotation_files, "read_regular", reading)
    with pytest.raises(AuditError, match=r"csv: boxes\.csv: 1 sample, but no picture 'b\.png' in any folder nearby"):
        look(tmp_path / "d")
    places = 2 * 60 + 1  # files, folders, and the folder around them
    assert len(listed) < 10 * 60 and len(read) <= len(FORMATS) * places


def test_a_folder_that_changes_while_it_is_walked_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("gone", "here"):
        (tmp_path / name).mkdir()
    scandir = os.scandir

    def listed(folder: object) -> object:
        if Path(str(folder)).name == "gone":
            raise FileNotFoundError(2, "No such file or directory", str(folder))
        return scandir(folder)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "scandir", listed)
    monkeypatch.setattr(os, "listdir", lambda folder: [entry.name for entry in listed(folder)])  # type: ignore[attr-defined]
    with pytest.raises(AuditError, match="no format reads a dataset here"):
        look(tmp_path)


def test_a_folder_that_may_not_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(folder: Path) -> Iterator[Path]:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(Path, "iterdir", refused)
    with pytest.raises(AuditError, match=r"cannot be read \(Permission denied\); need a folder that you may read"):
        look(tmp_path)
