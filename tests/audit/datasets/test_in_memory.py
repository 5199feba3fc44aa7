"""Pictures, labels and boxes in memory become a data set on the disk."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from audit.datasets.formats.coco import coco
from audit.datasets.in_memory import write_dataset
from audit.datasets.masks import Raster
from audit.errors import AuditError

PIXELS = np.random.default_rng(0).integers(0, 255, (5, 7, 3), dtype=np.uint8)


def test_arrays_pictures_and_files_keep_every_pixel(tmp_path: Path) -> None:
    file = tmp_path / "mine.bmp"
    Image.fromarray(PIXELS).save(file)
    samples: list[Any] = [
        (PIXELS, "a", [(0, 0, 2, 3)]),
        (Image.fromarray(PIXELS), "b", [(1, 1, 2, 2)]),
        (file, "a", [(0, 0, 1, 1)]),
    ]
    data = write_dataset(samples, tmp_path / "data")
    written = sorted(Path(data["images"]).iterdir())
    assert [picture.name for picture in written] == ["00000.png", "00001.png", "00002.bmp"]
    for picture in written:
        assert (np.asarray(Image.open(picture)) == PIXELS).all()


def test_each_box_is_one_line(tmp_path: Path) -> None:
    data = write_dataset([(PIXELS, "a", [(0, 0, 2, 3), (1, 1.5, 2, 2)])], tmp_path)
    with Path(data["annotations"]).open(newline="") as file:
        first, second = csv.DictReader(file)
    assert first == {"image": "00000.png", "label": "a", "x0": "0.0", "y0": "0.0", "x1": "2.0", "y1": "3.0"}
    assert second["y0"] == "1.5"


@pytest.mark.tor("TOR-094")
def test_a_mask_is_written_and_read_as_the_same_pixels(tmp_path: Path) -> None:
    mask = np.random.default_rng(1).random((5, 7)) < 0.5
    mask[0, 0] = True
    data = write_dataset([(PIXELS, "a", mask), (PIXELS, "b", [(1, 1.5, 2, 2)])], tmp_path)
    assert data["format"] == "coco"
    one, other = coco(Path(data["annotations"]), Path(data["images"])).samples
    assert one.masks == (Raster.of(mask),)
    assert (one.label, one.boxes, one.size) == ("a", (Raster.of(mask).box,), (7, 5))
    assert (other.label, other.boxes, other.masks, other.size) == ("b", ((1, 1.5, 2, 2),), (), None)


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        ((PIXELS, "a", np.zeros((5, 7), bool)), "sample 0: has a mask without a pixel; need the pixels of its label"),
        ((PIXELS, "a", []), "sample 0: has no box; need the boxes of its label"),
        ((PIXELS, "a", [(0, 0, 1)]), "sample 0: a box of 3 numbers; need x0, y0, x1, y1"),
        ((PIXELS / 255, "a", [(0, 0, 1, 1)]), r"sample 0: an array \(5, 7, 3\) of float64; need bytes"),
        ((PIXELS[..., :2], "a", [(0, 0, 1, 1)]), r"sample 0: an array \(5, 7, 2\) of uint8; need bytes"),
        ((PIXELS[0, :, 0], "a", [(0, 0, 1, 1)]), r"sample 0: an array \(7,\) of uint8; need bytes"),
        ((PIXELS[None], "a", [(0, 0, 1, 1)]), r"sample 0: an array \(1, 5, 7, 3\) of uint8; need bytes"),
        (("no-such.png", "a", [(0, 0, 1, 1)]), r"cannot be written \(No such file or directory\)"),
    ],
)
def test_what_cannot_be_a_sample_is_said(tmp_path: Path, sample: Any, message: str) -> None:
    with pytest.raises(AuditError, match=message):
        write_dataset([sample], tmp_path)


def test_no_sample_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="samples: is empty"):
        write_dataset([], tmp_path)


@pytest.mark.parametrize("grey", [PIXELS[..., 0], PIXELS[..., :1]], ids=["(H, W)", "(H, W, 1)"])
def test_a_grey_array_is_a_picture(grey: Any, tmp_path: Path) -> None:
    data = write_dataset([(grey, "a", [(0, 0, 2, 3)])], tmp_path)
    with Image.open(Path(data["images"]) / "00000.png") as written:
        assert np.array_equal(np.asarray(written), np.repeat(PIXELS[..., :1], 3, axis=2))
