"""What CVAT, Label Studio, LabelMe and FiftyOne export: the boxes around shapes; bad ones exclude themselves."""

import json
from base64 import b64encode
from io import BytesIO
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from audit.datasets.formats.cvat import cvat
from audit.datasets.formats.fiftyone import fiftyone
from audit.datasets.formats.label_studio import label_studio
from audit.datasets.formats.labelme import labelme
from audit.datasets.sample import Box, Dataset
from audit.errors import AuditError

HALF = 10 / sqrt(2)
"""Half of the box around a square with sides of 10 that is turned by 45 degrees."""


def picture(path: Path, size: tuple[int, int] = (200, 100)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size).save(path)


def written(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def near(*box: float) -> Any:
    return pytest.approx(box)


def boxes(dataset: Dataset) -> dict[str, tuple[Box, ...]]:
    return {sample.label: sample.boxes for sample in dataset.samples}


def gone(dataset: Dataset) -> dict[str, tuple[str, str]]:
    return {f"{e.image} {e.label}": (e.reason, e.detail) for e in dataset.exclusions}


IMAGE = '<image id="0" name="sub/a.jpg" width="200" height="100">{}</image>'


def cvat_file(folder: Path, *shapes: str) -> Path:
    return written(folder / "annotations.xml", f"<annotations>{IMAGE.format(''.join(shapes))}</annotations>")


@pytest.mark.tor("TOR-093")
def test_cvat_shapes_have_the_box_around_them(tmp_path: Path) -> None:
    dataset = cvat(
        cvat_file(
            tmp_path,
            '<box label="box" xtl="1.5" ytl="2.00" xbr="30.25" ybr="40"/>',
            '<box label="turned" xtl="50" ytl="40" xbr="60" ybr="50" rotation="45.00"/>',
            '<box label="upright" xtl="50" ytl="40" xbr="70" ybr="50" rotation="90"/>',
            '<polygon label="polygon" points="5.00,7.00;9.00,3.00;6.00,20.00"/>',
            '<ellipse label="ellipse" cx="50" cy="40" rx="10" ry="5"/>',
            '<mask label="mask" left="3" top="4" width="10" height="20" rle="0, 200"/>',
        ),
        tmp_path,
    )
    assert not dataset.exclusions
    assert boxes(dataset) == {
        "box": ((1.5, 2, 30.25, 40),),
        "turned": (near(55 - HALF, 45 - HALF, 55 + HALF, 45 + HALF),),
        "upright": (near(55, 35, 65, 55),),
        "polygon": ((5, 3, 9, 20),),
        "ellipse": ((40, 35, 60, 45),),
        "mask": ((3, 4, 13, 24),),
    }
    assert {(sample.image, sample.size) for sample in dataset.samples} == {("sub/a.jpg", (200, 100))}


def test_cvat_attributes_become_metadata_and_tags_do_not(tmp_path: Path) -> None:
    attributes = '<attribute name="view">front</attribute><attribute name="model"></attribute>'
    box = f'<box label="car" occluded="1" xtl="1" ytl="2" xbr="3" ybr="4">{attributes}</box>'
    (sample,) = cvat(cvat_file(tmp_path, box, '<tag label="night"/>'), tmp_path).samples
    assert sample.metadata == {"view": "front", "occluded": "1"}


@pytest.mark.tor("TOR-002")
def test_cvat_shapes_that_exclude_their_sample(tmp_path: Path) -> None:
    whole = '<box label="whole" xtl="1" ytl="2" xbr="3" ybr="4"/>'
    shapes = (
        '<box label="left" xtl="left" ytl="2" xbr="3" ybr="4"/>',
        '<box label="nan" xtl="1" ytl="2" xbr="3" ybr="4" rotation="nan"/>',
        '<polygon label="torn" points="1,2;3"/>',
        '<points label="point" points="1,2"/>',
        '<box label="flat" xtl="1" ytl="2" xbr="1" ybr="4"/>',
    )
    path = cvat_file(tmp_path, whole, *shapes)
    second = '<image id="1" name="b.jpg"><box label="x" xtl="1" ytl="2" xbr="3" ybr="4"/></image></annotations>'
    path.write_text(path.read_text().replace("</annotations>", second))
    dataset = cvat(path, tmp_path)
    assert list(boxes(dataset)) == ["whole"]
    where = "annotations.xml image 1 shape"
    number = "need its place and size as numbers."
    assert gone(dataset) == {
        "sub/a.jpg left": ("broken box", f'{where} 2: <box xtl="left" ytl="2" xbr="3" ybr="4">; {number}'),
        "sub/a.jpg nan": ("broken box", f'{where} 3: <box xtl="1" ytl="2" xbr="3" ybr="4" rotation="nan">; {number}'),
        "sub/a.jpg torn": ("broken box", f"{where} 4: points are '1,2;3'; need pairs as 1.5,2;3,4."),
        "sub/a.jpg point": ("broken box", f"{where} 5: a <points>; need a box, a polygon, a mask or an ellipse."),
        "sub/a.jpg flat": ("broken box", f"{where} 6: box (1, 2, 1, 4) is empty; need x0 < x1."),
        "b.jpg x": (
            "broken annotation",
            "annotations.xml image 2 shape 1: its <image> states no width and height; need both in pixels.",
        ),
    }


@pytest.mark.tor("TOR-003")
def test_cvat_files_that_cannot_be_used(tmp_path: Path) -> None:
    for text, seen in {
        "<annotations><track/></annotations>": r"without <image>; .* This is a video's export: export it again as",
        "<annotation><filename>a.jpg</filename></annotation>": r"<annotation> without <image>; need CVAT's",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><annotations/>": r"declares XML entities, a means of attack; need plain CVAT",
        "<annotations>": r"a\.xml line 1: not XML \(",
    }.items():
        with pytest.raises(AuditError, match=seen):
            cvat(written(tmp_path / "a.xml", text), tmp_path)


def result(kind: str = "rectanglelabels", label: str = "cat", **value: Any) -> dict[str, Any]:
    sides = {"original_width": 200, "original_height": 100, "image_rotation": 0}
    return {"type": kind, "from_name": "label", "value": {kind: [label], **value}, **sides}


def task(*results: object, image: str = "/data/upload/1/a.jpg", **annotation: object) -> dict[str, Any]:
    return {"id": 1, "data": {"image": image}, "annotations": [{"result": list(results), **annotation}]}


@pytest.mark.tor("TOR-093")
def test_label_studio_percent_become_pixels(tmp_path: Path) -> None:
    tasks = [
        task(
            result(label="box", x=10, y=20, width=50, height=5),
            result(label="turned", x=25, y=40, width=5, height=10, rotation=45),
            result(label="upright", x=25, y=40, width=5, height=20, rotation=90),
            result("polygonlabels", "polygon", points=[[1, 2], [50, 60], [2, 70]]),
            result("labels", "plain", x=10, y=20, width=50, height=5),
        )
    ]
    dataset = label_studio(written(tmp_path / "a.json", tasks), tmp_path)
    assert not dataset.exclusions
    assert boxes(dataset) == {
        "box": (near(20, 20, 120, 25),),
        # turned clockwise about its top left corner (50, 40)
        "turned": (near(50 - HALF, 40, 50 + HALF, 40 + 2 * HALF),),
        "upright": (near(30, 40, 50, 50),),
        "polygon": (near(2, 2, 100, 70),),
        "plain": (near(20, 20, 120, 25),),
    }
    assert {sample.size for sample in dataset.samples} == {(200, 100)}


@pytest.mark.tor("TOR-093")
def test_a_turned_rectangle_that_leaves_the_picture_is_cut_at_its_edge(tmp_path: Path) -> None:
    tasks = [task(result(x=0, y=0, width=5, height=10, rotation=45))]
    (sample,) = label_studio(written(tmp_path / "a.json", tasks), tmp_path).samples
    assert sample.boxes == (near(0, 0, HALF, 2 * HALF),)


@pytest.mark.parametrize(
    ("address", "image"),
    [
        ("/data/upload/7/a.jpg", "a.jpg"),
        ("/data/upload/7/1a2b3c4d-a.jpg", "a.jpg"),
        ("/data/local-files/?d=set/sub/a%20b.jpg", "sub/a b.jpg"),
        ("https://host/set/sub/a%20b.jpg?token=x", "sub/a b.jpg"),
        ("s3://bucket/sub/a b.jpg", "sub/a b.jpg"),
        ("/data/upload/7/other.jpg", "data/upload/7/other.jpg"),
        ("/data/local-files/?d=../../../etc/a.jpg", "a.jpg"),
        ("/set/a", "a.jpg"),
        ("/set/other", "set/other"),
    ],
)
def test_label_studio_pictures_by_the_end_of_their_path(address: str, image: str, tmp_path: Path) -> None:
    for name in ("a.jpg", "sub/a b.jpg"):
        picture(tmp_path / "images" / name)
    entry = task(result(x=1, y=1, width=5, height=5), image=address)
    (sample,) = label_studio(written(tmp_path / "a.json", [entry]), tmp_path / "images").samples
    assert sample.image == image


def test_label_studio_picture_by_the_name_of_its_upload(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "1a2b3c4d-a.jpg")
    uploaded = {**task(result(x=1, y=1, width=5, height=5), image="7"), "file_upload": "1a2b3c4d-a.jpg"}
    (sample,) = label_studio(written(tmp_path / "a.json", [uploaded]), tmp_path / "images").samples
    assert sample.image == "1a2b3c4d-a.jpg"


def test_label_studio_takes_the_ground_truth_or_the_latest_annotation(tmp_path: Path) -> None:
    def annotation(label: str, created: str, **more: object) -> dict[str, Any]:
        return {"result": [result(label=label, x=1, y=1, width=5, height=5)], "created_at": created, **more}

    first, second = annotation("first", "2026-01-01"), annotation("second", "2026-01-02")
    last = annotation("last", "2026-01-03", was_cancelled=True)
    for given, counts in (([second, first, last], "second"), ([{**first, "ground_truth": True}, second], "first")):
        document = [{"data": {"image": "a.jpg"}, "annotations": given}]
        assert list(boxes(label_studio(written(tmp_path / "a.json", document), tmp_path))) == [counts]


@pytest.mark.tor("TOR-002")
def test_label_studio_results_that_exclude_their_sample(tmp_path: Path) -> None:
    place: dict[str, Any] = {"x": 1, "y": 1, "width": 5, "height": 5}
    choice = {"type": "choices", "from_name": "light", "value": {"choices": ["day", "rain"]}}
    results = (
        choice,
        result(label="whole", **place),
        result(label="text", **{**place, "x": "left"}),
        result("ellipselabels", "round", x=1, y=1, radiusX=1, radiusY=2),
        {**result(label="turned", **place), "image_rotation": 90},
        {**result(label="sizeless", **place), "original_width": None},
        result("polygonlabels", "torn", points=[[1, 2], [3]]),
        {"type": "rectanglelabels", "value": {}},
    )
    dataset = label_studio(written(tmp_path / "a.json", [task(*results, image="b.jpg"), 5]), tmp_path)
    assert list(boxes(dataset)) == ["whole"]
    assert dataset.samples[0].metadata == {"light": "day|rain"}
    assert gone(dataset) == {
        "b.jpg text": (
            "broken box",
            "a.json [0] shape 2: x 'left', y 1, width 5, height 5, rotation None; "
            "need numbers in percent, and degrees.",
        ),
        "b.jpg round": (
            "broken box",
            "a.json [0] shape 3: ellipselabels mark no box; need rectanglelabels or polygonlabels.",
        ),
        "b.jpg turned": (
            "broken box",
            "a.json [0] shape 4: image_rotation is 90; need boxes on the picture as stored.",
        ),
        "b.jpg sizeless": (
            "broken annotation",
            "a.json [0] shape 5: size None x 100; need original_width and original_height in pixels.",
        ),
        "b.jpg torn": (
            "broken box",
            "a.json [0] shape 6: points are [[1, 2], [3]]; need a list of [x, y] in percent.",
        ),
        "b.jpg ?": ("broken annotation", "a.json [0] shape 7: {}; need a value with its rectanglelabels."),
        "a.json [1] ?": ("broken annotation", "a.json [1]: 5; need a task with data and annotations."),
    }


@pytest.mark.tor("TOR-003")
def test_label_studio_files_that_cannot_be_used(tmp_path: Path) -> None:
    for content, seen in {
        '{"annotations": []}': r"starts with '\{'; need a Label Studio file, which starts with '\['",
        '["annotations"]': "holds no task with annotations; need Label Studio's list of tasks. Export it as JSON.",
        "{": "nowhere says 'annotations'; need a Label Studio file",
        '["annotations", ': r"line 1: not JSON \(",
    }.items():
        with pytest.raises(AuditError, match=seen):
            label_studio(written(tmp_path / "a.json", content), tmp_path)


def shape(kind: str, label: str, *points: tuple[float, float], **more: object) -> dict[str, Any]:
    return {"label": label, "points": [list(point) for point in points], "shape_type": kind, **more}


def in_base64(inside: NDArray[np.bool_]) -> str:
    """As LabelMe writes a mask: a PNG."""
    buffer = BytesIO()
    Image.fromarray(inside).save(buffer, "PNG")
    return b64encode(buffer.getvalue()).decode()


def labelme_file(path: Path, *shapes: object, image: str = "a.jpg", **more: object) -> Path:
    sides = {"imageWidth": 200, "imageHeight": 100, "imageData": "QUJD"}
    return written(path, {"version": "5.5.0", "shapes": list(shapes), "imagePath": image, **sides, **more})


@pytest.mark.tor("TOR-093")
def test_labelme_shapes_have_the_box_around_them(tmp_path: Path) -> None:
    path = labelme_file(
        tmp_path / "a.json",
        shape("rectangle", "box", (30.5, 40), (1.5, 2), flags={"night": True}),
        shape("polygon", "polygon", (5, 7), (9, 3), (6, 20)),
        shape("oriented_rectangle", "turned", (20, 10), (30, 20), (20, 30), (10, 20)),
        shape("circle", "circle", (50, 40), (53, 44)),
        shape("mask", "mask", (3, 4), (12, 23), mask=in_base64(np.ones((20, 10), bool))),
    )
    dataset = labelme(path, tmp_path)
    assert not dataset.exclusions
    assert boxes(dataset) == {
        "box": ((1.5, 2, 30.5, 40),),
        "polygon": ((5, 3, 9, 20),),
        "turned": ((10, 10, 30, 30),),
        "circle": ((45, 35, 55, 45),),
        "mask": ((3, 4, 13, 24),),
    }
    by_label = {sample.label: sample for sample in dataset.samples}
    assert (by_label["box"].image, by_label["box"].size) == ("a.jpg", (200, 100))
    assert by_label["box"].metadata == {"night": "True"}


@pytest.mark.parametrize(
    ("path", "image"),
    [("a.jpg", "a.jpg"), ("..\\images\\sub\\a.jpg", "sub/a.jpg"), ("../images/a.jpg", "a.jpg")],
)
def test_labelme_paths_start_at_the_file_or_at_the_picture_folder(path: str, image: str, tmp_path: Path) -> None:
    file = labelme_file(tmp_path / "labels" / "a.json", shape("rectangle", "cat", (1, 2), (3, 4)), image=path)
    assert [sample.image for sample in labelme(file, tmp_path / "images").samples] == [image]
    beside = labelme_file(tmp_path / "images" / "sub" / "b.json", shape("rectangle", "cat", (1, 2), (3, 4)))
    assert [sample.image for sample in labelme(beside, tmp_path / "images").samples] == ["sub/a.jpg"]


@pytest.mark.tor("TOR-002")
@pytest.mark.tor("TOR-006")
def test_labelme_shapes_and_files_that_exclude_themselves(tmp_path: Path) -> None:
    corners = (1, 2), (3, 4)
    labelme_file(
        tmp_path / "a.json",
        shape("rectangle", "whole", *corners),
        shape("linestrip", "line", *corners),
        shape("rectangle", "short", (1, 2)),
        shape("polygon", "nan", (1, 2), (float("nan"), 3)),
        {"label": 5},
    )
    labelme_file(tmp_path / "b.json", shape("rectangle", "again", *corners))
    labelme_file(tmp_path / "c.json", shape("rectangle", "secret", *corners), image="../../secret.jpg")
    written(tmp_path / "coco.json", {"images": []})
    written(tmp_path / "d.json", {"shapes": [], "imagePath": 5})
    dataset = labelme(tmp_path, tmp_path)
    assert list(boxes(dataset)) == ["whole"]
    assert gone(dataset) == {
        "a.jpg line": (
            "broken box",
            "a.json shapes[1]: a 'linestrip'; need a rectangle, a polygon, a circle or a mask.",
        ),
        "a.jpg short": ("broken box", "a.json shapes[2]: points are [[1, 2]]; need two points [x, y]."),
        "a.jpg nan": ("broken box", "a.json shapes[3]: points are [[1, 2], [nan, 3]]; need a list of points [x, y]."),
        "a.jpg ?": ("broken annotation", "a.json shapes[4]: {'label': 5}; need an object with label and points."),
        "a.jpg again": (
            "duplicated picture",
            "b.json: a.jpg is annotated by a.json too; need one file for each picture.",
        ),
        "../../secret.jpg secret": (
            "path outside the dataset",
            "c.json shapes[0]: '../../secret.jpg' leads outside the picture folder; "
            "need a path below the picture folder.",
        ),
        "coco.json ?": ("unreadable annotation", "coco.json: nowhere says 'shapes'; need a LabelMe file."),
        "d.json ?": ("unreadable annotation", "d.json: imagePath is 5; need the picture's path."),
    }


def test_a_folder_without_labelme_files_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "d" / "coco.json", {"images": []})
    with pytest.raises(AuditError, match=r"d: no LabelMe file with a shape in this folder; need one for each picture"):
        labelme(tmp_path / "d", tmp_path)
    with pytest.raises(AuditError, match=r"none: no such file or folder; need LabelMe's JSON files"):
        labelme(tmp_path / "none", tmp_path)


def fo_sample(*detections: object, path: str = "data/a.jpg", field: str = "ground_truth", **more: object) -> object:
    return {"filepath": path, "_media_type": "image", field: {"_cls": "Detections", "detections": detections}, **more}


def detection(label: str, *shares: float, **more: object) -> dict[str, object]:
    return {"_id": {"$oid": "1"}, "_cls": "Detection", "label": label, "bounding_box": shares, **more}


@pytest.mark.tor("TOR-093")
@pytest.mark.parametrize("images", [".", "data"])
def test_fiftyone_shares_become_pixels_of_the_picture_s_own_size(images: str, tmp_path: Path) -> None:
    picture(tmp_path / "data" / "a.jpg")
    weather = {"_cls": "Classification", "label": "rain"}
    sample = fo_sample(detection("cat", 0.1, 0.2, 0.5, 0.25), tags=["val", "x"], weather=weather, speed=3.5, none=None)
    (read,) = fiftyone(written(tmp_path / "samples.json", {"samples": [sample]}), tmp_path / images).samples
    assert read.image == ("data/a.jpg" if images == "." else "a.jpg")
    assert read.boxes == (near(20, 20, 120, 45),)
    assert (read.size, read.metadata) == ((200, 100), {"tags": "val|x", "weather": "rain", "speed": "3.5"})


def test_fiftyone_field_by_name(tmp_path: Path) -> None:
    picture(tmp_path / "data" / "a.jpg")
    document = {"samples": [fo_sample(detection("cat", 0, 0, 1, 1), field="boxes"), {"filepath": "b.jpg"}]}
    path = written(tmp_path / "samples.json", document)
    assert list(boxes(fiftyone(path, tmp_path, field="boxes"))) == ["cat"]
    with pytest.raises(AuditError, match=r"no sample has detections in the field 'boxs'; did you mean 'boxes'\?"):
        fiftyone(path, tmp_path, field="boxs")
    with pytest.raises(AuditError, match=r"no list 'samples'; need the samples\.json of a FiftyOneDataset export"):
        fiftyone(written(tmp_path / "a.json", {"samples": 3}), tmp_path)
    with pytest.raises(AuditError, match=r"in the field 'ground_truth'; need a field of detections"):
        fiftyone(written(tmp_path / "a.json", {"samples": [3]}), tmp_path)


@pytest.mark.tor("TOR-002")
def test_fiftyone_detections_that_exclude_their_sample(tmp_path: Path) -> None:
    picture(tmp_path / "data" / "a.jpg")
    inner = (
        detection("whole", 0, 0, 0.5, 0.5),
        detection("three", 0, 0, 0.5),
        detection("many", 0, 0, 1, 1, iscrowd=1),
        {"bounding_box": [0, 0, 1, 1]},
    )
    nowhere = fo_sample(detection("cat", 0, 0, 1, 1), path="data/b.jpg")
    outside = fo_sample(detection("cat", 0, 0, 1, 1), path="/etc/c.jpg")
    nameless = {**fo_sample(detection("cat", 0, 0, 1, 1)), "filepath": 7}  # type: ignore[dict-item]
    document = {"samples": [fo_sample(*inner), nowhere, outside, nameless]}
    dataset = fiftyone(written(tmp_path / "samples.json", document), tmp_path)
    assert list(boxes(dataset)) == ["whole"]
    place = "samples.json samples[0] ground_truth"
    crowd = f"{place}[2]: iscrowd, one box around many objects; need boxes of single objects."
    shares = f"{place}[1]: bounding_box is [0, 0, 0.5]; need x, y, width, height as shares."
    found = gone(dataset)
    assert found["data/a.jpg three"] == ("broken box", shares)
    assert found["data/a.jpg many"] == ("crowd region", crowd)
    assert found["data/a.jpg ?"][1].endswith("need an object with label and bounding_box or points.")
    assert found["data/b.jpg cat"][0] == "missing picture"
    assert found["/etc/c.jpg cat"][0] == "path outside the dataset"
    assert found["samples.json samples[3] ?"][1] == "samples.json samples[3]: filepath is 7; need the picture's path."
    assert len(found) == 6
