"""Every parser of foreign input, asked about damaged files within a bound of memory: it answers, or raises AuditError.

    python -m tests.audit.fuzz.parsers NAME CASES

Alone and with many cases this is the long mode; `test_fuzz.py` runs a thousand of each.
"""

import resource
import struct
import sys
import warnings
import zipfile
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import save

from audit.datasets.displayed_boxes import displayed_boxes, displayed_masks
from audit.datasets.exclusions import Rejected
from audit.datasets.formats.coco import coco
from audit.datasets.formats.csv import csv
from audit.datasets.formats.cvat import cvat
from audit.datasets.formats.dota import dota
from audit.datasets.formats.fiftyone import fiftyone
from audit.datasets.formats.gtsrb import gtsrb
from audit.datasets.formats.hugging_face import hugging_face
from audit.datasets.formats.imagenet import imagenet
from audit.datasets.formats.label_studio import label_studio
from audit.datasets.formats.labelme import labelme
from audit.datasets.formats.lard import lard
from audit.datasets.formats.open_images import open_images
from audit.datasets.formats.oxford_pet import oxford_pet
from audit.datasets.formats.voc import voc
from audit.datasets.formats.yolo import yolo
from audit.datasets.labels import read_classes
from audit.datasets.picture_files import open_picture
from audit.datasets.picture_header import Header
from audit.datasets.preprocessing import Preprocessing
from audit.datasets.sample import Dataset
from audit.errors import AuditError
from audit.models.kinds.exported import exported
from audit.models.kinds.torchscript import torchscript
from audit.models.weights import load_weights, read_state
from audit.settings import load_settings
from fixtures.broken.models import make
from tests.audit.fuzz.annotations import (
    COCO,
    CSV,
    CVAT,
    DOTA,
    FIFTYONE,
    GTSRB,
    HUGGING_FACE,
    IMAGENET,
    LABEL_STUDIO,
    LABELME,
    LARD,
    OPEN_IMAGES,
    PETS,
    VOC,
    YAML,
)

GIB = 2**30
ROOM = 4 * GIB
"""Of address space, beyond what the libraries take."""

TOKENS = (
    *(b"nan", b"inf", b"-1", b"1e999", b"9" * 5000, b"0x" + b"f" * 9000, b"true", b"null", b"{}", b"[]", b"''"),
    *(b"\0", b"\xff\xfe", b"\xc2\x80", b"\x1b[2J", b"\n", b";", b"..", b"../", b"&a", b"*a", b"!!set", b"!!timestamp"),
    *(b"[" * 3000, b"{" * 300, b'{"a":' * 2000, b"a." * 3000, b"<a>" * 3000, b"<!DOCTYPE a [<!ENTITY b 'c'>]>&b;"),
    *(b"__import__('os')", b"\xe2\x80\xae", b"\xed\xa0\x80", b"\\ud800", b"%s", b"\r", b"\t", b'"""', b"2020-99-99"),
)


class Edit(NamedTuple):
    kind: str
    place: float
    length: int
    token: bytes


EDITS = st.lists(
    st.builds(
        Edit,
        st.sampled_from(("cut", "insert", "flip", "double", "replace", "end")),
        st.floats(0, 1),
        st.integers(1, 40),
        st.one_of(st.sampled_from(TOKENS), st.binary(min_size=1, max_size=8)),
    ),
    max_size=5,
)


def damaged(data: bytes, edits: list[Edit]) -> bytes:
    for kind, place, length, token in edits:
        at = int(place * len(data))
        match kind:
            case "cut":
                data = data[:at] + data[at + length :]
            case "insert":
                data = data[:at] + token + data[at:]
            case "replace":
                data = data[:at] + token + data[at + length :]
            case "flip":
                data = data[:at] + bytes(byte ^ (1 << length % 8) for byte in data[at : at + 1]) + data[at + 1 :]
            case "double":
                data = data[:at] + data[at : at + length] * 50 + data[at:]
            case "end":
                data = data[:at]
    return data


TOML = b"""title = "A"
[model]
kind = "factory"
function = "nets:small"
classes = ["a", "b"]
[data]
format = "csv"
annotations = "boxes.csv"
images = "images"
labels = { dog = "a", cat = 1 }
[preprocessing]
resize = [24, 24]
mean = [0.5, 0.5, 0.5]
[saliency]
methods = ["gradient", { name = "smoothgrad", samples = 2 }]
[run]
seed = 3
"""
CLASSES = b'[{"index": 0, "name": "dog", "synonyms": ["hound"]}, {"index": 1, "name": "cat", "words": "kitty, puss"}]'


def picture(kind: str, **options: object) -> bytes:
    file = BytesIO()
    Image.radial_gradient("L").resize((40, 30)).convert("RGB").save(file, kind, **options)
    return file.getvalue()


def trimap(mode: str) -> bytes:
    file = BytesIO()
    Image.radial_gradient("L").resize((40, 30)).point(lambda value: 1 + value % 3).convert(mode).save(file, "PNG")
    return file.getvalue()


def saved(kind: str) -> bytes:
    file = BytesIO()
    state = make.sound().state_dict()
    if kind == "safetensors":
        return save(dict(state))
    torch.save(state, file, _use_new_zipfile_serialization=kind == "zip")
    return file.getvalue()


def program() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.pt2"
        make.program(path, make.sound(), torch.rand(2, 3, 16, 16))
        return path.read_bytes()


def script() -> bytes:
    with TemporaryDirectory() as folder:
        make.script(Path(folder) / "a.pt", make.sound())
        return (Path(folder) / "a.pt").read_bytes()


def inside_archive(data: bytes, edits: list[Edit]) -> bytes:
    """The first edit alone falls on the archive; the others on the content of one member, whose sums are right."""
    if not edits:
        return data
    file = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
        names = old.namelist()
        chosen = names[min(int(edits[0].place * len(names)), len(names) - 1)]
        if any(name.endswith(".json") for name in names) and edits[0].length > 10:
            chosen = next(name for name in names if name.endswith(".json"))
        for name in names:
            content = old.read(name)
            new.writestr(name, damaged(content, edits[1:] or edits) if name == chosen else content)
    return file.getvalue() if edits[0].length % 3 else damaged(file.getvalue(), edits[:1])


def in_folder(read: Callable[[Path, Path], Dataset], suffix: str) -> Callable[[Path], None]:
    def parse(file: Path) -> None:
        _framed(read(file, file.parent))

    parse.__name__ = suffix
    return parse


def _framed(dataset: Dataset) -> None:
    """The objects in the frame of a network's input."""
    for sample in dataset.samples:
        header = Header(sample.size if sample.size and prod(sample.size) < 10**8 else (8, 8), 6)
        with suppress(Rejected):
            boxes, masks = displayed_boxes(sample, header), displayed_masks(sample, header)
            for objects, shapes in zip(boxes, masks, strict=True):
                Preprocessing(resize=16, crop=(12, 12)).frame_boxes(header.shown, objects, shapes=shapes)


def _with_picture(read: Callable[[Path, Path], Dataset]) -> Callable[[Path, Path], Dataset]:
    """For a format whose boxes take a picture's size."""

    def parse(file: Path, folder: Path) -> Dataset:
        if not (folder / "a.png").exists():
            (folder / "a.png").write_bytes(picture("PNG"))
        return read(file, folder)

    return parse


def _trimaps(file: Path) -> None:
    folder = file.parent / "trimaps"
    folder.mkdir(exist_ok=True)
    Image.new("L", (40, 30), 1).save(folder / "a_1.png")
    _framed(oxford_pet(file, file.parent))


def _trimap(file: Path) -> None:
    folder = file.parent / "trimaps"
    folder.mkdir(exist_ok=True)
    (folder / "a_1.png").write_bytes(file.read_bytes())
    (file.parent / "list.txt").write_bytes(PETS)
    _framed(oxford_pet(file.parent / "list.txt", file.parent))


def _labels(file: Path) -> None:
    folder = file.parent
    (folder / "data.yaml").write_bytes(YAML)
    (folder / "images").mkdir(exist_ok=True)
    (folder / "labels").mkdir(exist_ok=True)
    (folder / "images" / "a.png").write_bytes(picture("PNG"))
    (folder / "labels" / "a.txt").write_bytes(file.read_bytes())
    _framed(yolo(folder / "data.yaml", folder / "images"))


def _picture(file: Path) -> None:
    with suppress(Rejected):
        Preprocessing(resize=64, crop=(32, 32)).frame(open_picture(file, file.parent).picture, ((1, 1, 9, 9),))


def _weights(file: Path) -> None:
    load_weights(make.sound(), read_state(file), file.name)


class Parser(NamedTuple):
    suffix: str
    seeds: Callable[[], list[bytes]]
    parse: Callable[[Path], object]
    damage: Callable[[bytes, list[Edit]], bytes] = damaged


PARSERS: dict[str, Parser] = {
    "csv": Parser(".csv", lambda: [CSV], in_folder(csv, ".csv")),
    "lard": Parser(".csv", lambda: [LARD], in_folder(lard, ".csv")),
    "open_images": Parser(".csv", lambda: [OPEN_IMAGES], in_folder(_with_picture(open_images), ".csv")),
    "imagenet": Parser(".csv", lambda: [IMAGENET], in_folder(imagenet, ".csv")),
    "imagenet_xml": Parser(".xml", lambda: [VOC.replace(b"a.png", b"a")], in_folder(imagenet, ".xml")),
    "gtsrb": Parser(".csv", lambda: [GTSRB], in_folder(gtsrb, ".csv")),
    "cvat": Parser(".xml", lambda: [CVAT], in_folder(cvat, ".xml")),
    "label_studio": Parser(".json", lambda: [LABEL_STUDIO], in_folder(label_studio, ".json")),
    "hugging_face": Parser(".jsonl", lambda: [HUGGING_FACE], in_folder(hugging_face, ".jsonl")),
    "labelme": Parser(".json", lambda: [LABELME], in_folder(labelme, ".json")),
    "fiftyone": Parser(".json", lambda: [FIFTYONE], in_folder(_with_picture(fiftyone), ".json")),
    "coco": Parser(".json", lambda: [COCO], in_folder(coco, ".json")),
    "dota": Parser(".txt", lambda: [DOTA], in_folder(dota, ".txt")),
    "oxford_pet": Parser(".txt", lambda: [PETS], _trimaps),
    "trimap": Parser(".png", lambda: [picture("PNG"), trimap("L"), trimap("P"), trimap("1")], _trimap),
    "voc": Parser(".xml", lambda: [VOC], in_folder(voc, ".xml")),
    "yolo": Parser(".yaml", lambda: [YAML], in_folder(yolo, ".yaml")),
    "yolo_labels": Parser(".txt", lambda: [b"0 .5 .5 .2 .2\n1 .1 .1 .1 .1\n0 .1 .1 .5 .1 .5 .4\n"], _labels),
    "settings": Parser(".toml", lambda: [TOML], load_settings),
    "classes": Parser(".json", lambda: [CLASSES, b'["dog", "cat"]', b'{"0": ["n1", "dog"]}'], read_classes),
    "classes_text": Parser(".txt", lambda: [b"dog\ncat\n"], read_classes),
    "picture": Parser(
        ".png",
        lambda: [
            picture("PNG"),
            picture("JPEG"),
            picture("JPEG", progressive=True),
            *(picture(kind) for kind in ("GIF", "BMP", "WEBP", "TIFF", "PPM")),
            struct.pack(">8s", b"\x89PNG\r\n\x1a\n"),
        ],
        _picture,
    ),
    "weights": Parser(".pth", lambda: [saved("zip"), saved("pickle")], _weights),
    "weights_in_zip": Parser(".pth", lambda: [saved("zip")], _weights, inside_archive),
    "safetensors": Parser(".safetensors", lambda: [saved("safetensors")], _weights),
    "exported": Parser(".pt2", lambda: [program()], lambda file: exported(path=file), inside_archive),
    "torchscript": Parser(".pt", lambda: [script()], lambda file: torchscript(path=file), inside_archive),
}


def fuzz(name: str, cases: int) -> None:
    """Raises what the parser raised, with the smallest file that makes it, where that is no AuditError."""
    parser = PARSERS[name]
    seeds = parser.seeds()
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"case{parser.suffix}"

        @settings(
            max_examples=cases,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(st.sampled_from(range(len(seeds))), EDITS)
        def one(seed: int, edits: list[Edit]) -> None:
            file.write_bytes(parser.damage(seeds[seed], edits))
            try:
                parser.parse(file)
            except AuditError as error:
                str(error).encode("utf-8", "replace")

        one()


def main(name: str, cases: int) -> None:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + ROOM, taken + ROOM))
    fuzz(name, cases)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
