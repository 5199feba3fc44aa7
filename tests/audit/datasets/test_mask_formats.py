"""Each format's way to give a mask: the same disc from all of them, and what is no mask excludes its sample."""

import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from io import BytesIO
from math import cos, pi, sin
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from audit.datasets.discover import look
from audit.datasets.displayed_boxes import displayed_boxes, displayed_masks
from audit.datasets.exclusions import Reason, Rejected
from audit.datasets.formats.coco import coco
from audit.datasets.formats.cvat import cvat
from audit.datasets.formats.dota import dota
from audit.datasets.formats.fiftyone import fiftyone
from audit.datasets.formats.label_studio import label_studio
from audit.datasets.formats.labelme import labelme
from audit.datasets.formats.lard import lard
from audit.datasets.formats.oxford_pet import oxford_pet
from audit.datasets.formats.voc import voc
from audit.datasets.formats.yolo import yolo
from audit.datasets.masks import Polygons, Raster, mask_sha256
from audit.datasets.picture_header import Header
from audit.datasets.preprocessing import Preprocessing
from audit.datasets.run_lengths import by_columns, by_rows, counts_of
from audit.datasets.sample import Dataset, Sample
from audit.errors import AuditError
from audit.saliency.localisation import region
from fixtures.lard import corners_of, write_rows

SIZE = WIDTH, HEIGHT = 96, 64
CENTRE, RADIUS = (40.0, 30.0), 20.0
RING = [(CENTRE[0] + RADIUS * cos(2 * pi * i / 90), CENTRE[1] + RADIUS * sin(2 * pi * i / 90)) for i in range(90)]
DOWN, ACROSS = np.mgrid[:HEIGHT, :WIDTH] + 0.5
DISC = (ACROSS - CENTRE[0]) ** 2 + (DOWN - CENTRE[1]) ** 2 <= RADIUS**2
"""(H, W): the pixels whose centre lies in it."""
SHOWN = Preprocessing(resize=(HEIGHT, WIDTH))


def runs(inside: NDArray[np.bool_]) -> list[int]:
    """The oracle: one pixel after the other, by columns, outside first."""
    counts, current = [0], False
    for column in range(inside.shape[1]):
        for row in range(inside.shape[0]):
            if bool(inside[row, column]) != current:
                counts.append(0)
                current = not current
            counts[-1] += 1
    return counts


def as_text(counts: Sequence[int]) -> str:
    """The oracle: as rleToString of pycocotools' maskApi.c."""
    text = ""
    for i, count in enumerate(counts):
        rest, more = count - (counts[i - 2] if i > 2 else 0), True
        while more:
            code, rest = rest & 0x1F, rest >> 5
            more = rest != (-1 if code & 0x10 else 0)
            text += chr(48 + (code | 0x20 if more else code))
    return text


@given(st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=1, max_size=9))
@pytest.mark.tor("TOR-094")
def test_runs_are_read_as_they_were_written(rows: list[list[bool]]) -> None:
    inside = np.array(rows)
    for counts in (counts_of(runs(inside)), counts_of(as_text(runs(inside)))):
        assert counts is not None
        read = by_columns(counts, (inside.shape[1], inside.shape[0]))
        assert read is not None
        assert read.tolist() == inside.tolist()


@given(st.lists(st.integers(0, 10**8), min_size=1, max_size=20))
def test_compressed_runs_of_any_length(counts: list[int]) -> None:
    read = counts_of(as_text(counts))
    assert read is not None
    assert read.tolist() == counts


@pytest.mark.parametrize("text", ["", "o", "é", " ", "~~", "oooooooo1", [1, -1], [1.5], [True], 7, None])
@pytest.mark.tor("TOR-095")
def test_what_is_no_runs(text: object) -> None:
    assert counts_of(text) is None


def test_runs_of_another_size() -> None:
    counts = counts_of([3, 4])
    assert counts is not None
    assert by_rows(counts, (7, 1)) is not None
    assert by_rows(counts, (2, 3)) is None
    assert by_rows(counts, (-7, -1)) is None
    assert by_rows(np.array([10**18]), (10**9, 10**9)) is None


def png(values: NDArray[Any], path: Path | None = None) -> bytes:
    buffer = BytesIO()
    Image.fromarray(values).save(path or buffer, "PNG")
    return buffer.getvalue()


def picture(folder: Path, name: str = "a.png") -> Path:
    images = folder / "images"
    images.mkdir(exist_ok=True)
    Image.new("RGB", SIZE).save(images / name)
    return images


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def in_coco(folder: Path, segmentation: Any, **more: Any) -> Dataset:
    document = {
        "images": [{"id": 1, "file_name": "a.png", "width": WIDTH, "height": HEIGHT}],
        "categories": [{"id": 1, "name": "disc"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "segmentation": segmentation, **more}],
    }
    return coco(written(folder / "coco.json", json.dumps(document)), picture(folder))


def coco_polygon(folder: Path) -> Dataset:
    return in_coco(folder, [[value for point in RING for value in point]])


def coco_runs(folder: Path) -> Dataset:
    return in_coco(folder, {"size": [HEIGHT, WIDTH], "counts": runs(DISC)})


def coco_text(folder: Path) -> Dataset:
    return in_coco(folder, {"size": [HEIGHT, WIDTH], "counts": as_text(runs(DISC))}, bbox=[20, 10, 40, 40])


def in_yolo(folder: Path, line: str, more: str = "") -> Dataset:
    data = written(folder / "data.yaml", f"names: [disc]\n{more}")
    written(folder / "labels" / "a.txt", line)
    return yolo(data, picture(folder))


def yolo_polygon(folder: Path) -> Dataset:
    return in_yolo(folder, "0 " + " ".join(f"{x / WIDTH} {y / HEIGHT}" for x, y in RING))


def voc_annotation(folder: Path) -> Path:
    corners = "<bndbox><xmin>21</xmin><ymin>11</ymin><xmax>60</xmax><ymax>50</ymax></bndbox>"
    objects = f"<object><name>cat</name>{corners}</object>"
    other = objects.replace("cat", "dog").replace("21", "1").replace("60", "10")
    text = f"<annotation><filename>a.png</filename>{other}{objects}</annotation>"
    written(folder / "Annotations" / "none.xml", text.replace("a.png", "none.png"))
    return written(folder / "Annotations" / "a.xml", text).parent


def voc_map(folder: Path, name: str, cat: int, dog: int) -> Dataset:
    values = np.where(DISC, cat, 0).astype(np.uint8)
    values[20:40, 2:8] = dog
    values[0] = 255
    (folder / name).mkdir()
    image = Image.fromarray(values).convert("P")
    image.putpalette([0, 0, 0] * 256)
    image.save(folder / name / "a.png")
    option: dict[str, Any] = {"object_masks" if name == "SegmentationObject" else "class_masks": name}
    dataset = voc(voc_annotation(folder), picture(folder), **option)
    assert len(dataset.files) == 2
    return dataset


def voc_objects(folder: Path) -> Dataset:
    return voc_map(folder, "SegmentationObject", 2, 1)


def voc_classes(folder: Path) -> Dataset:
    return voc_map(folder, "SegmentationClass", 8, 12)


def pets(folder: Path, values: NDArray[np.uint8], line: str = "a_1 1 1 1", **options: Any) -> Dataset:
    (folder / "trimaps").mkdir()
    png(values, folder / "trimaps" / "a_1.png")
    return oxford_pet(written(folder / "list.txt", f"#Image CLASS\n{line}\n"), picture(folder, "a_1.jpg"), **options)


def pet(folder: Path) -> Dataset:
    values = np.where(DISC, 3, 2).astype(np.uint8)
    values[20:40, 30:50] = 1
    return pets(folder, values)


def in_labelme(folder: Path, **shape: Any) -> Dataset:
    picture(folder)
    document = {"imagePath": "images/a.png", "imageWidth": WIDTH, "imageHeight": HEIGHT}
    shapes = [{"label": "disc", **shape}]
    return labelme(written(folder / "a.json", json.dumps({**document, "shapes": shapes})), folder)


def labelme_polygon(folder: Path) -> Dataset:
    return in_labelme(folder, points=RING, shape_type="polygon")


def labelme_circle(folder: Path) -> Dataset:
    return in_labelme(folder, points=[CENTRE, (CENTRE[0], CENTRE[1] + RADIUS)], shape_type="circle")


def labelme_mask(folder: Path) -> Dataset:
    mask = b64encode(png(DISC[10:50, 20:60])).decode()
    return in_labelme(folder, points=[[20, 10], [59, 49]], shape_type="mask", mask=mask)


def in_cvat(folder: Path, shape: str) -> Dataset:
    image = f'<image id="0" name="a.png" width="{WIDTH}" height="{HEIGHT}">{shape}</image>'
    return cvat(written(folder / "cvat.xml", f"<annotations>{image}</annotations>"), picture(folder))


def cvat_polygon(folder: Path) -> Dataset:
    return in_cvat(folder, f'<polygon label="disc" points="{";".join(f"{x},{y}" for x, y in RING)}"/>')


def cvat_ellipse(folder: Path) -> Dataset:
    return in_cvat(folder, '<ellipse label="disc" cx="40" cy="30" rx="20" ry="20" rotation="33"/>')


def cvat_mask(folder: Path) -> Dataset:
    rle = ",".join(map(str, runs(DISC[10:50, 20:60].T)))
    return in_cvat(folder, f'<mask label="disc" left="20" top="10" width="40" height="40" rle="{rle}"/>')


def in_label_studio(folder: Path, kind: str, **value: Any) -> Dataset:
    sides = {"original_width": WIDTH, "original_height": HEIGHT}
    shape = {"type": kind, "value": {kind: ["disc"], **value}, **sides}
    tasks = [{"data": {"image": "a.png"}, "annotations": [{"result": [shape]}]}]
    return label_studio(written(folder / "tasks.json", json.dumps(tasks)), picture(folder))


def label_studio_polygon(folder: Path) -> Dataset:
    return in_label_studio(folder, "polygonlabels", points=[[100 * x / WIDTH, 100 * y / HEIGHT] for x, y in RING])


def in_fiftyone(folder: Path, **polyline: Any) -> Dataset:
    polylines = {"_cls": "Polylines", "polylines": [{"_cls": "Polyline", "label": "disc", **polyline}]}
    document = {"samples": [{"filepath": "images/a.png", "truth": polylines}]}
    return fiftyone(written(folder / "samples.json", json.dumps(document)), picture(folder), field="truth")


def fiftyone_polyline(folder: Path) -> Dataset:
    return in_fiftyone(folder, points=[[[x / WIDTH, y / HEIGHT] for x, y in RING]], closed=True, filled=True)


DISCS: tuple[Callable[[Path], Dataset], ...] = (
    *(coco_polygon, coco_runs, coco_text, yolo_polygon, voc_objects, voc_classes, pet),
    *(labelme_polygon, labelme_circle, labelme_mask, cvat_polygon, cvat_ellipse, cvat_mask, label_studio_polygon),
    fiftyone_polyline,
)
OF_PIXELS = {coco_runs, coco_text, voc_objects, voc_classes, pet, labelme_mask, cvat_mask}


def pixels(sample: Sample, preprocessing: Preprocessing = SHOWN) -> NDArray[np.bool_]:
    header = Header(SIZE, 1)
    boxes, shapes = displayed_boxes(sample, header)[0], displayed_masks(sample, header)[0]
    framed = preprocessing.frame_boxes(SIZE, boxes, shapes=shapes)
    return region([framed.objects], framed.size, 0, "cpu").inside[0].numpy()


@pytest.mark.tor("TOR-094")
@pytest.mark.parametrize("write", DISCS, ids=lambda write: write.__name__)
def test_a_disc_is_the_same_pixels_in_every_format(write: Callable[[Path], Dataset], tmp_path: Path) -> None:
    dataset = write(tmp_path)
    assert not dataset.exclusions
    sample = dataset.samples[0]
    assert sample.label in {"disc", "cat", "a"}
    assert sample.boxes[0] == pytest.approx((20, 10, 60, 50), abs=0.05)
    drawn = pixels(sample)
    assert drawn.any()
    if write in OF_PIXELS:
        assert (drawn == DISC).all()
    away = np.abs(np.hypot(ACROSS - CENTRE[0], DOWN - CENTRE[1]) - RADIUS)
    assert (drawn == DISC)[away > 0.05].all()  # a chord of the polygon leaves the circle by 0.012 pixels
    assert {mask_sha256(mask) for mask in sample.masks} != {None}


@pytest.mark.tor("TOR-094")
def test_turned_rectangles_are_their_four_corners(tmp_path: Path) -> None:
    corners = [(30.0, 10.0), (50.0, 20.0), (40.0, 40.0), (20.0, 30.0)]
    words = " ".join(f"{x:g} {y:g}" for x, y in corners)
    (tmp_path / "dota").mkdir()
    of_dota = dota(written(tmp_path / "dota" / "a.txt", f"imagesource:x\n{words} ship 1\n"), picture(tmp_path))
    side = 500**0.5
    percent = {"x": 3000 / WIDTH, "y": 1000 / HEIGHT, "width": 100 * side / WIDTH, "height": 100 * side / HEIGHT}
    (tmp_path / "studio").mkdir()
    degrees = np.degrees(np.arctan2(10, 20))
    of_studio = in_label_studio(tmp_path / "studio", "rectanglelabels", **percent, rotation=degrees)
    place = {"xtl": 35 - side / 2, "ytl": 25 - side / 2, "xbr": 35 + side / 2, "ybr": 25 + side / 2}
    shape = " ".join(f'{key}="{value}"' for key, value in place.items())
    (tmp_path / "cvat").mkdir()
    of_cvat = in_cvat(tmp_path / "cvat", f'<box label="x" {shape} rotation="{degrees}"/>')
    (tmp_path / "yolo").mkdir()
    of_yolo = in_yolo(tmp_path / "yolo", "0 " + " ".join(f"{x / WIDTH} {y / HEIGHT}" for x, y in corners))
    row = {
        "image": "a.png",
        "height": str(HEIGHT),
        "width": str(WIDTH),
        **corners_of([(int(x), int(y)) for x, y in corners]),
    }
    of_lard = lard(write_rows(tmp_path / "lard.csv", [row]), tmp_path)
    assert of_dota.samples[0].metadata == {"difficult": "1"}
    slanted = Sample("a.png", "x", ((20, 10, 50, 40),), masks=(Polygons.of([corners]),))
    for dataset in (of_dota, of_studio, of_cvat, of_yolo, of_lard):
        assert dataset.samples[0].boxes[0] == pytest.approx((20, 10, 50, 40))
        assert (pixels(dataset.samples[0]) == pixels(slanted)).mean() > 0.995
    assert 490 < pixels(slanted).sum() < 510


@pytest.mark.tor("TOR-094")
def test_a_mask_of_several_polygons_is_their_union(tmp_path: Path) -> None:
    squares = [[10, 10, 20, 10, 20, 20, 10, 20], [15, 15, 30, 15, 30, 30, 15, 30]]
    sample = in_coco(tmp_path, squares).samples[0]
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[10:20, 10:20] = expected[15:30, 15:30] = True
    assert (pixels(sample) == expected).all()
    assert sample.boxes == ((10, 10, 30, 30),)


@pytest.mark.parametrize("none", [None, []])
def test_an_empty_segmentation_is_a_box(tmp_path: Path, none: Any) -> None:
    (sample,) = in_coco(tmp_path, none, bbox=[1, 2, 3, 4]).samples
    assert sample.boxes == ((1, 2, 4, 6),)
    assert sample.masks == ()


BROKEN_COCO: dict[str, tuple[Any, str]] = {
    "two points": ([[1, 2, 30, 40]], r"segmentation is \[\[1, 2, 30, 40\]\]; need lists x, y, x, y, … of three points"),
    "no numbers": ([["a"] * 6], "need lists x, y"),
    "odd": ([[1, 2, 3, 4, 5, 6, 7]], "need lists x, y"),
    "empty ring": ([[]], "need lists x, y"),
    "one line": ([[1, 2, 11, 12, 21, 22]], "a polygon whose points lie on one line; need an outline or pixels"),
    "same points": ([[1, 2, 1, 2, 9, 9]], "a polygon of 3 points, fewer than 3 of them different"),
    "no pixel": ({"size": [HEIGHT, WIDTH], "counts": [WIDTH * HEIGHT]}, "mask marks no pixel"),
    "too few": ({"size": [HEIGHT, WIDTH], "counts": [5, 5]}, "need runs of just height x width pixels"),
    "no size": ({"size": HEIGHT, "counts": [5, 5]}, "need runs of just height x width pixels"),
    "elsewhere": ([[1, 1, 9, 1, 9, 9, 1, 9]], r"box and mask \(20, 20, 40, 40\) and \(1, 1, 9, 9\) lie apart"),
    "a word": ("mask", "segmentation is 'mask'; need lists"),
}


@pytest.mark.tor("TOR-095")
@pytest.mark.parametrize("case", BROKEN_COCO)
def test_a_broken_mask_excludes_its_sample(case: str, tmp_path: Path) -> None:
    segmentation, detail = BROKEN_COCO[case]
    dataset = in_coco(tmp_path, segmentation, bbox=[20, 20, 20, 20])
    assert not dataset.samples
    (exclusion,) = dataset.exclusions
    assert exclusion.reason == Reason.BROKEN_MASK
    with pytest.raises(AssertionError, match=detail):
        raise AssertionError(exclusion.detail)


@pytest.mark.tor("TOR-095")
def test_a_raster_of_another_size_than_the_picture_is_rejected() -> None:
    sample = Sample("a.png", "x", ((1, 1, 3, 3),), masks=(Raster.of(np.ones((4, 4), bool)),))
    with pytest.raises(Rejected, match=r"a\.png: a mask is 4x4, the file is 5x4; need masks that were drawn"):
        displayed_masks(sample, Header((5, 4), 1))
    assert displayed_masks(sample, Header((4, 4), 1))[0][0] is not None


@pytest.mark.tor("TOR-095")
def test_an_outline_outside_the_picture_is_rejected_as_a_box_is(tmp_path: Path) -> None:
    (sample,) = in_coco(tmp_path, [[90, 10, 110, 10, 110, 30]]).samples
    with pytest.raises(Rejected, match=r"box \(90, 10, 110, 30\) leaves the 96x64 picture"):
        displayed_boxes(sample, Header(SIZE, 1))


@pytest.mark.tor("TOR-095")
def test_shapes_whose_mask_cannot_be_read_exclude_their_sample(tmp_path: Path) -> None:
    place = {"points": [[20, 10], [59, 49]], "shape_type": "mask"}
    small = b64encode(png(DISC[:5, :5])).decode()
    cases = {
        "a.json shapes[0]: its mask is no base64": in_labelme(tmp_path, **place, mask="?"),
        "a.json shapes[0]: its mask cannot be decoded": in_labelme(tmp_path, **place, mask="QUJD"),
        "a.json shapes[0]: a mask of 5x5 pixels at (20, 10, 60, 50); need": in_labelme(tmp_path, **place, mask=small),
        "cvat.xml image 1 shape 1: rle '7' in 4 x 4 pixels; need runs": in_cvat(
            tmp_path, '<mask label="x" left="0" top="0" width="4" height="4" rle="7"/>'
        ),
        "samples.json samples[0] truth[0]: points are [[[0.1, 0.1], [0.2, 0.1], [0.2, 0.3]]]; need closed": in_fiftyone(
            tmp_path, points=[[[0.1, 0.1], [0.2, 0.1], [0.2, 0.3]]]
        ),
        "samples.json samples[0] truth[0]: points are []; need closed": in_fiftyone(tmp_path, points=[], closed=True),
        "a.txt line 1: mask has a polygon whose points": in_yolo(tmp_path, "0 .1 .1 .2 .2 .3 .3"),
    }
    for start, dataset in cases.items():
        (exclusion,) = dataset.exclusions
        assert exclusion.detail.startswith(start)
        assert exclusion.reason == Reason.BROKEN_MASK


def test_key_points_are_no_polygon(tmp_path: Path) -> None:
    dataset = in_yolo(tmp_path, "0 .5 .5 .2 .2 .4 .4 .6 .6", "kpt_shape: [2, 2]\n")
    (exclusion,) = dataset.exclusions
    assert exclusion.detail == "a.txt line 1: 9 values; need class, x, y, width, height, or class and points."


@pytest.mark.tor("TOR-095")
def test_pets(tmp_path: Path) -> None:
    values = np.full((HEIGHT, WIDTH), 2, np.uint8)
    values[10:20, 10:30] = 3
    values[12:18, 12:28] = 1
    for border, box in ((True, (10, 10, 30, 20)), (False, (12, 12, 28, 18))):
        folder = tmp_path / str(border)
        folder.mkdir()
        (sample,) = pets(folder, values, border=border).samples
        assert (sample.boxes, sample.label, sample.metadata) == ((box,), "a", {"species": "cat"})
    (tmp_path / "dog").mkdir()
    (sample,) = pets(tmp_path / "dog", values, "a_1 1 2 1", label="species").samples
    assert (sample.label, sample.metadata) == ("dog", {"breed": "a"})
    (tmp_path / "none").mkdir()
    dataset = pets(tmp_path / "none", np.full((HEIGHT, WIDTH), 2, np.uint8), "a_1 1 2 1\nb_1 1 2 1\nc_1 1")
    details = {(exclusion.image, exclusion.reason): exclusion.detail for exclusion in dataset.exclusions}
    assert details == {
        ("a_1.jpg", "broken mask"): "list.txt line 2: trimap marks no pixel; need the pixels of a pet.",
        (
            "b_1.jpg",
            "broken mask",
        ): "list.txt line 3: b_1.png: No such file or directory; need a PNG of one number a pixel.",
        ("c_1.jpg", "broken annotation"): "list.txt line 4: c_1 1; need a name, class, species and breed.",
    }
    with pytest.raises(AuditError, match=r"other\.txt: no folder 'trimaps' beside it; need the trimaps"):
        oxford_pet(written(tmp_path / "other" / "other.txt", "a_1 1 1 1"), tmp_path)
    with pytest.raises(AuditError, match="starts with 'a b'; need lines of a name, class, species and breed"):
        oxford_pet(written(tmp_path / "other" / "other.txt", "a b"), tmp_path)


def test_pets_are_found(tmp_path: Path) -> None:
    (tmp_path / "annotations" / "trimaps").mkdir(parents=True)
    png(np.where(DISC, 1, 2).astype(np.uint8), tmp_path / "annotations" / "trimaps" / "a_1.png")
    file = written(tmp_path / "annotations" / "list.txt", "#Image CLASS-ID SPECIES BREED-ID\na_1 1 1 1\n")
    images = picture(tmp_path, "a_1.jpg")
    found = look(file.parent)
    assert (found.format, found.annotations, found.images, found.present) == ("oxford_pet", file, images, 1)
    assert [path.name for path in found.dataset.files] == ["list.txt", "a_1.png"]


@pytest.mark.tor("TOR-095")
def test_voc_s_label_maps(tmp_path: Path) -> None:
    annotations = voc_annotation(tmp_path)
    with pytest.raises(AuditError, match="Maps: is no folder; need the label maps' folder"):
        voc(annotations, tmp_path, object_masks="Maps")
    (tmp_path / "Maps").mkdir()
    with pytest.raises(AuditError, match="Maps: no label map of any XML file; need one of the same name, as PNG"):
        voc(annotations, tmp_path, object_masks="Maps")
    with pytest.raises(AuditError, match="both given; need one of them"):
        voc(annotations, tmp_path, object_masks="Maps", class_masks="Maps")
    png(np.zeros((HEIGHT, WIDTH, 3), np.uint8), tmp_path / "Maps" / "a.png")
    dataset = voc(annotations, tmp_path, object_masks="Maps")
    assert {exclusion.detail for exclusion in dataset.exclusions} == {
        "a.png: is a picture of kind RGB; need a PNG of one number a pixel."
    }
    png(np.full((HEIGHT, WIDTH), 1, np.uint8), tmp_path / "Maps" / "a.png")
    dataset = voc(annotations, tmp_path, object_masks="Maps")
    assert [sample.label for sample in dataset.samples] == ["dog"]
    assert [e.detail for e in dataset.exclusions] == ["a.xml object 2: mask marks no pixel; need an outline or pixels."]


@pytest.mark.tor("TOR-002")
def test_dota_lines_that_cannot_be_used(tmp_path: Path) -> None:
    whole = "1 1 9 1 9 9 1 9 ship 0"
    written(tmp_path / "labels" / "a.txt", f"{whole}\n1 1 9 1 9 9 1 plane 0\n1 1 9 1 9 9 1 x plane\n")
    (tmp_path / "labels" / "b.txt").write_bytes(b"\xff")
    dataset = dota(tmp_path / "labels", picture(tmp_path))
    assert [(s.image, s.label, s.boxes) for s in dataset.samples] == [("a.png", "ship", ((1, 1, 9, 9),))]
    assert [e.detail.partition(";")[0] for e in dataset.exclusions] == [
        "a.txt line 2: 1 1 9 1 9 9 1 plane 0",
        "a.txt line 3: 1 1 9 1 9 9 1 x plane",
        "b.txt line 1: byte 0xff is not UTF-8",
    ]
    with pytest.raises(AuditError, match="no line of four corners and a category; need DOTA's text files"):
        dota(written(tmp_path / "c.txt", "1 2 3"), tmp_path)
    with pytest.raises(AuditError, match="no line of four corners and a category"):
        dota(written(tmp_path / "long" / "a.txt", "1 2 3\n" * 600 + f"{whole}\n").parent, tmp_path)
    with pytest.raises(AuditError, match=r"no \.txt file in this folder"):
        dota(tmp_path / "images", tmp_path)
    with pytest.raises(AuditError, match="no such file or folder"):
        dota(tmp_path / "nothing", tmp_path)
