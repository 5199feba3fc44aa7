"""Open Images, ImageNet and GTSRB: boxes as each data set counts them, and lines that exclude themselves."""

from pathlib import Path

import pytest
from PIL import Image

from audit.datasets.formats.gtsrb import gtsrb
from audit.datasets.formats.imagenet import imagenet
from audit.datasets.formats.open_images import open_images
from audit.datasets.formats.voc import voc
from audit.datasets.sample import Dataset
from audit.errors import AuditError

OPEN_IMAGES = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction\n"


def picture(path: Path, size: tuple[int, int] = (200, 100)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size).save(path)


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def gone(dataset: Dataset) -> dict[str, tuple[str, str]]:
    return {f"{e.image} {e.label}": (e.reason, e.detail) for e in dataset.exclusions}


@pytest.mark.tor("TOR-093")
def test_open_images_shares_become_pixels_of_the_picture_s_own_size(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "0001.jpg")
    text = f"{OPEN_IMAGES}0001,xclick,/m/0cmf2,1,0.25,0.5,0.1,0.9,-1,1,0,0\n"
    (sample,) = open_images(written(tmp_path / "boxes.csv", text), tmp_path / "images").samples
    assert (sample.image, sample.label, sample.size) == ("0001.jpg", "/m/0cmf2", (200, 100))
    assert list(sample.boxes[0]) == pytest.approx([50, 10, 100, 90])
    assert sample.metadata == {"Source": "xclick", "IsOccluded": "-1", "IsTruncated": "1", "IsDepiction": "0"}


@pytest.mark.tor("TOR-002")
def test_open_images_lines_that_exclude_themselves(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "a.jpg")
    lines = (
        "a,x,/m/1,1,0,0.5,0,0.5,0,0,0,0",
        "a,x,/m/2,1,0,1,0,1,0,0,1,0",
        "a,x,/m/3,1,left,1,0,1,0,0,0,0",
        "a,x,/m/4,1,0.5,0.25,0,1,0,0,0,0",
        "b,x,/m/5,1,0,1,0,1,0,0,0,0",
        "../a,x,/m/6,1,0,1,0,1,0,0,0,0",
        ",x,/m/7,1,0,1,0,1,0,0,0,0",
    )
    dataset = open_images(written(tmp_path / "o.csv", OPEN_IMAGES + "\n".join(lines)), tmp_path / "images")
    assert [sample.label for sample in dataset.samples] == ["/m/1"]
    many = "o.csv line 3: IsGroupOf, one box around many objects; need boxes of single objects."
    outside = "../a.jpg: leads outside the picture folder; need a file that lies below it."
    swapped = "o.csv line 5: box (100, 0, 50, 100) is swapped; need x0 < x1 and y0 < y1."
    assert gone(dataset) == {
        "a.jpg /m/2": ("crowd region", many),
        "a.jpg /m/3": ("broken box", "o.csv line 4: box (left, 0, 1, 1); need four numbers XMin, YMin, XMax, YMax."),
        "a.jpg /m/4": ("broken box", swapped),
        "b.jpg /m/5": ("missing picture", "b.jpg: no such file; need the picture that the annotation names."),
        "../a.jpg /m/6": ("path outside the dataset", outside),
        "o.csv line 8 /m/7": ("broken annotation", "o.csv line 8: names no picture; need a picture and a label."),
    }


@pytest.mark.parametrize("header", ["", "LabelName,DisplayName\n"])
def test_open_images_labels_by_name(header: str, tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    text = f"{OPEN_IMAGES}a,x,/m/1,1,0,1,0,1,0,0,0,0\na,x,/m/2,1,0,1,0,1,0,0,0,0\n"
    described = written(tmp_path / "names.csv", f'{header}/m/1,"Cat, tame"\n')
    dataset = open_images(written(tmp_path / "o.csv", text), tmp_path, classes="names.csv")
    assert [sample.label for sample in dataset.samples] == ["Cat, tame"]
    unknown = "o.csv line 3: no class is described as '/m/2'; need one of the file of classes."
    assert gone(dataset) == {"a.jpg /m/2": ("unknown label", unknown)}
    assert dataset.files == (tmp_path / "o.csv", described)
    needed = "need lines of a label and its name, each label once"
    for broken, seen in (("/m/1,a,b\n", "3 cells"), ("/m/1,a\n/m/1,b\n", "'/m/1' is given twice")):
        described.write_text(broken)
        with pytest.raises(AuditError, match=rf"names\.csv line [12]: {seen}; {needed}"):
            open_images(tmp_path / "o.csv", tmp_path, classes="names.csv")


def test_open_images_of_the_wrong_columns(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=r"a\.csv line 1: no column 'ImageID' \(there is image, label\); need ImageID"):
        open_images(written(tmp_path / "a.csv", "image,label\n"), tmp_path)


@pytest.mark.tor("TOR-093")
def test_imagenet_counts_from_0_with_both_ends_inside(tmp_path: Path) -> None:
    picture(tmp_path / "ILSVRC2012_val_1.JPEG")
    text = "ImageId,PredictionString\nILSVRC2012_val_1,n01 0 0 199 99 n01 5 6 7 8 n02 1 2 3 4 \n"
    dataset = imagenet(written(tmp_path / "LOC_val_solution.csv", text), tmp_path)
    assert [(s.image, s.label, s.boxes) for s in dataset.samples] == [
        ("ILSVRC2012_val_1.JPEG", "n01", ((0, 0, 200, 100), (5, 6, 8, 9))),
        ("ILSVRC2012_val_1.JPEG", "n02", ((1, 2, 4, 5),)),
    ]


XML = "<annotation><filename>{}</filename><size><width>200</width><height>100</height></size>{}</annotation>"
OBJECT = "<object><name>n01</name><bndbox><xmin>0</xmin><ymin>6</ymin><xmax>199</xmax><ymax>8</ymax></bndbox></object>"


@pytest.mark.tor("TOR-093")
def test_imagenet_s_xml_states_the_same_boxes_as_its_csv(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "n01_7.JPEG")
    written(tmp_path / "xml" / "n01_7.xml", XML.format("n01_7", OBJECT))
    written(tmp_path / "xml" / "n01_8.xml", XML.format("%s", ""))
    text = "ImageId,PredictionString\nn01_7,n01 0 6 199 8\n"
    of_csv = imagenet(written(tmp_path / "a.csv", text), tmp_path / "images")
    of_xml = imagenet(tmp_path / "xml", tmp_path / "images")
    assert of_csv.samples == of_xml.samples == imagenet(tmp_path / "xml" / "n01_7.xml", tmp_path / "images").samples
    assert of_xml.samples[0].boxes == ((0, 6, 200, 9),)
    assert of_xml.samples[0].size == (200, 100)
    written(tmp_path / "xml" / "n01_7.xml", XML.format("%s", OBJECT))
    assert imagenet(tmp_path / "xml", tmp_path / "images").samples == of_csv.samples


@pytest.mark.parametrize("place", ["n01_7.JPEG", "n01/n01_7.JPEG", "n01/n01_7.png"])
def test_imagenet_s_pictures_lie_flat_or_by_label(place: str, tmp_path: Path) -> None:
    picture(tmp_path / place)
    text = "ImageId,PredictionString\nn01_7,n01 0 6 199 8\n"
    assert imagenet(written(tmp_path / "a.csv", text), tmp_path).samples[0].image == place


@pytest.mark.tor("TOR-002")
def test_imagenet_lines_that_exclude_themselves(tmp_path: Path) -> None:
    lines = ("a,n01 1 2 3 4", "b,n01 1 2 3", "c,", "d,n01 1 2 three 4 n02 1 2 3 4", ",n01 1 2 3 4", "e,n01 9 2 3 4")
    dataset = imagenet(written(tmp_path / "a.csv", "\n".join(["ImageId,PredictionString", *lines])), tmp_path)
    assert [(sample.image, sample.label) for sample in dataset.samples] == [("a.JPEG", "n01"), ("d.JPEG", "n02")]
    values = "need label, x0, y0, x1, y1, once for each box."
    assert gone(dataset) == {
        "b.JPEG n01": ("broken annotation", f"a.csv line 3: 4 values; {values}"),
        "c.JPEG ?": ("broken annotation", f"a.csv line 4: 0 values; {values}"),
        "d.JPEG n01": ("broken box", "a.csv line 5: box (1, 2, three, 4); need four numbers x0, y0, x1, y1."),
        "a.csv line 6 n01": ("broken annotation", "a.csv line 6: names no picture; need a picture and a label."),
        "e.JPEG n01": ("broken box", "a.csv line 7: box (9, 2, 4, 5) is swapped; need x0 < x1 and y0 < y1."),
    }


def test_imagenet_and_voc_do_not_take_each_other_s_xml(tmp_path: Path) -> None:
    written(tmp_path / "voc" / "a.xml", XML.format("a.jpg", OBJECT))
    with pytest.raises(AuditError, match=r"a\.jpg: is named with its ending; need ImageNet's XML. Read it as the form"):
        imagenet(tmp_path / "voc", tmp_path)
    picture(tmp_path / "a.jpg")
    written(tmp_path / "imagenet" / "a.xml", XML.format("a", OBJECT))
    assert not (tmp_path / voc(tmp_path / "imagenet", tmp_path).samples[0].image).exists()


GTSRB = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId\n"


@pytest.mark.tor("TOR-093")
def test_gtsrb_ends_lie_outside(tmp_path: Path) -> None:
    path = written(tmp_path / "GT-final_test.csv", f"{GTSRB}00000.ppm;53;54;6;5;48;49;16\n")
    (sample,) = gtsrb(path, tmp_path).samples
    assert (sample.image, sample.label, sample.boxes) == ("00000.ppm", "16", ((6, 5, 48, 49),))
    assert sample.size == (53, 54)


def test_gtsrb_s_training_set_lies_in_class_folders(tmp_path: Path) -> None:
    for label in ("00000", "00014"):
        line = f"00000_00000.ppm;29;30;5;6;24;25;{int(label)}\n"
        written(tmp_path / label / f"GT-{label}.csv", GTSRB + line)
    written(tmp_path / "notes.csv", "nothing,of,this\n")
    dataset = gtsrb(tmp_path, tmp_path)
    assert [(s.image, s.label) for s in dataset.samples] == [
        ("00000/00000_00000.ppm", "0"),
        ("00014/00000_00000.ppm", "14"),
    ]
    assert [file.name for file in dataset.files] == ["GT-00000.csv", "GT-00014.csv"]
    with pytest.raises(AuditError, match=r"empty: no GT-\*\.csv in this folder; need those of the class folders"):
        (tmp_path / "empty").mkdir()
        gtsrb(tmp_path / "empty", tmp_path)


def test_gtsrb_as_kaggle_holds_it(tmp_path: Path) -> None:
    text = "Width,Height,Roi.X1,Roi.Y1,Roi.X2,Roi.Y2,ClassId,Path\n27,26,5,5,22,20,20,Train/20/00020_00000_00000.png\n"
    (sample,) = gtsrb(written(tmp_path / "Train.csv", text), tmp_path).samples
    assert (sample.image, sample.label, sample.boxes) == ("Train/20/00020_00000_00000.png", "20", ((5, 5, 22, 20),))
    assert sample.metadata == {}


@pytest.mark.tor("TOR-002")
def test_gtsrb_lines_that_exclude_themselves(tmp_path: Path) -> None:
    lines = ("a.ppm;9;9;1;1;5;5;1", "b.ppm;9.5;9;1;1;5;5;2", "c.ppm;9;9;1;;5;5;3", "d.ppm;9;9", "e.ppm;9;9;5;1;5;5;4")
    dataset = gtsrb(written(tmp_path / "GT-a.csv", GTSRB + "\n".join(lines)), tmp_path)
    assert [sample.image for sample in dataset.samples] == ["a.ppm"]
    corners = "need four numbers Roi.X1, Roi.Y1, Roi.X2, Roi.Y2."
    size = "GT-a.csv line 3: size 9.5 x 9; need the picture's width and height in pixels."
    assert gone(dataset) == {
        "b.ppm 2": ("broken annotation", size),
        "c.ppm 3": ("broken box", f"GT-a.csv line 4: box (1, nothing, 5, 5); {corners}"),
        "GT-a.csv line 5 ?": ("broken annotation", "GT-a.csv line 5: 3 cells; need 8, one for each column."),
        "e.ppm 4": ("broken box", "GT-a.csv line 6: box (5, 1, 5, 5) is empty; need x0 < x1."),
    }
